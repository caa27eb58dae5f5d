/** Role grants in the store: since when each one is held, and who accepted it early. The rule is in cooling.ts. */
import type { Kysely } from 'kysely';
import type { Identity } from '../../ground/addresses.ts';
import type { Organisation } from '../../ground/identifiers.ts';
import type { Role } from '../../policy.ts';
import type { Database } from '../../store/schema.ts';
import { coolingRoles, grantKey, type RecordedGrant } from './cooling.ts';

export async function storedGrants(
  db: Kysely<Database>,
  organisation: Organisation,
  identities?: readonly Identity[],
): Promise<RecordedGrant[]> {
  if (identities?.length === 0) return [];
  let query = db.selectFrom('roleGrant').selectAll().where('organisation', '=', organisation);
  if (identities !== undefined) query = query.where('identity', 'in', [...identities]);
  return (await query.orderBy('role').orderBy('identity').execute()).map(
    ({ role, identity, mailbox, grantedAt, acceptedBy }) => ({ role, identity, mailbox, grantedAt, acceptedBy }),
  );
}

/** Makes the stored grants these: known ones stay as they are, those that are no longer granted are deleted. */
export async function replaceGrants(
  tx: Kysely<Database>,
  organisation: Organisation,
  stored: readonly RecordedGrant[],
  grants: readonly RecordedGrant[],
): Promise<void> {
  const wanted = new Set(grants.map(grantKey));
  const known = new Set(stored.map(grantKey));
  for (const grant of stored.filter((each) => !wanted.has(grantKey(each)))) {
    await tx
      .deleteFrom('roleGrant')
      .where('organisation', '=', organisation)
      .where('role', '=', grant.role)
      .where('identity', '=', grant.identity)
      .where('mailbox', '=', grant.mailbox)
      .execute();
  }
  const added = grants.filter((each) => !known.has(grantKey(each)));
  if (added.length === 0) return;
  await tx
    .insertInto('roleGrant')
    .values(added.map((grant) => ({ ...grant, organisation, acceptedBy: JSON.stringify(grant.acceptedBy) })))
    .execute();
}

export async function acceptStoredGrant(
  tx: Kysely<Database>,
  organisation: Organisation,
  grant: RecordedGrant,
  acceptedBy: readonly string[],
): Promise<void> {
  await tx
    .updateTable('roleGrant')
    .set({ acceptedBy: JSON.stringify(acceptedBy) })
    .where('organisation', '=', organisation)
    .where('role', '=', grant.role)
    .where('identity', '=', grant.identity)
    .where('mailbox', '=', grant.mailbox)
    .execute();
}

/** Roles of one chat account that were granted too recently to decide anything. A role without a record is one of them. */
export async function coolingOf(
  db: Kysely<Database>,
  who: { organisation: Organisation; identity: Identity; roles: ReadonlySet<Role> },
  now: Date,
): Promise<ReadonlySet<Role>> {
  const { organisation, identity, roles } = who;
  return coolingRoles({ identity, roles, grants: await storedGrants(db, organisation, [identity]), now });
}
