/**
 * What a person holds now, as it is checked again when something is carried out: policy's grants to the chat account that
 * spoke, none of them while they are suspended, and none that cools off.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Actor } from '../../directory/actor.ts';
import { isEntryOf } from '../../directory/holders.ts';
import { personFromRow } from '../../directory/store-people.ts';
import type { Identity } from '../../ground/addresses.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import { namesInList } from '../../message/words.ts';
import type { Policy, Role } from '../../policy.ts';
import type { Database } from '../../store/schema.ts';
import { coolingOf } from './grants.ts';

/** For a query over `person`: the incidents by which they are suspended, whatever became of those. Drills suspend nobody. */
export const suspendedBy: RawBuilder<number[]> = sql<number[]>`array(
  select distinct suspension.incident_number from suspension
  where suspension.person_guid = person.guid and suspension.state = 'active'
  order by suspension.incident_number)`;

/** What `suspendedBy` says of one person. */
export async function suspendingIncidents(db: Kysely<Database>, guid: PersonGuid): Promise<number[]> {
  const row = await db
    .selectFrom('person')
    .select(suspendedBy.as('suspendedBy'))
    .where('guid', '=', guid)
    .executeTakeFirst();
  return row?.suspendedBy ?? [];
}

/** For whom it concerns: what they lost, why, and how it ends. `numbers`: the incidents that suspend them. */
export function suspendedSentence(numbers: readonly number[]): string {
  const incidents = numbers.map((number) => `INC-${number}`).join(', ');
  return `You are suspended, because a device of your own was reported (${incidents}): you hold only what every user holds, until somebody of security or an admin, other than you and who reported it, restores you. Call them, not by that device.`;
}

/** The roles with which this person, through this chat account, may decide now. Nothing at all for who cannot be told for certain. */
export async function currentRoles(
  db: Kysely<Database>,
  policy: Policy,
  who: { guid: PersonGuid; identity: Identity },
  now: Date,
): Promise<ReadonlySet<Role>> {
  const none: ReadonlySet<Role> = new Set();
  const found = await db
    .selectFrom('person')
    .selectAll('person')
    .select(suspendedBy.as('suspendedBy'))
    .where('guid', '=', who.guid)
    .executeTakeFirst();
  if (found === undefined) return none;
  const { suspendedBy: suspending, ...row } = found;
  const person = personFromRow(row);
  const listed = policy.people.find((entry) => entry.identities.includes(who.identity));
  if (listed === undefined || !isEntryOf(listed, person)) return none;
  if (suspending.length > 0) return new Set(['user']);
  const roles = new Set<Role>(['user', ...listed.roles]);
  const cooling = await coolingOf(db, { organisation: person.organisation, identity: who.identity, roles }, now);
  return new Set([...roles].filter((role) => !cooling.has(role)));
}

/** Throws MislaidError `role-cooling-off` unless one of these roles of the actor is old enough to decide something. */
export async function requireCurrentRole(
  db: Kysely<Database>,
  actor: Actor,
  roles: readonly Role[],
  now: Date,
): Promise<void> {
  const held = new Set(roles.filter((role) => actor.roles.has(role)));
  const organisation = actor.person.organisation;
  const cooling = await coolingOf(db, { organisation, identity: actor.identity, roles: held }, now);
  if ([...held].some((role) => !cooling.has(role))) return;
  const names = [...held].join(' and ');
  throw new MislaidError({
    code: held.size === 0 ? 'role-missing' : 'role-cooling-off',
    message: `${actor.identity}: ${names === '' ? 'no role' : `${names} cools off`}`,
    userMessage:
      held.size === 0
        ? `That is for ${namesInList(
            roles.map((role) => (role === 'admin' || role === 'approver' ? `${role}s` : role)),
            'and',
          )}.`
        : `Your role ${names} is new and decides nothing for 24 hours, unless two admins accept it before ("accept role ${actor.person.displayName}").`,
  });
}
