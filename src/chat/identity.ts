/**
 * Which person a chat account is, kept in `chat_identity`. An account that policy.yaml does not list is known by its e-mail
 * address alone, so it may be one person only, and each person may have one such account per platform and tenant.
 */
import { type Kysely, type Selectable, sql } from 'kysely';
import { isEntryOf } from '../directory/holders.ts';
import type { Person } from '../directory/person.ts';
import type { Identity } from '../ground/addresses.ts';
import type { Clock } from '../ground/clock.ts';
import { second } from '../ground/durations.ts';
import type { Organisation } from '../ground/identifiers.ts';
import { code, person as personSpan } from '../message/text.ts';
import { notify } from '../notices/notify.ts';
import type { Policy } from '../policy.ts';
import type { Store } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import type { ChatIdentityTable } from '../store/tables/people.ts';
import type { Sender } from './port.ts';

export type Resolving = {
  store: Store;
  policy: Policy;
  organisation: Organisation;
  sender: Sender;
  /** Opaque address for private messages, as it came with what they said. */
  address?: string | undefined;
  clock: Clock;
};

export type KnownIdentity = Selectable<ChatIdentityTable>;

/** Why an account that policy does not list may not be the person whose e-mail address it shows. */
export type ClaimProblem = 'second-account' | 'another-person-before';

/**
 * Remembers that the account is this person and was seen now; answers why it may not be, and then nothing is granted.
 * `known` is what is stored of the account.
 */
export async function bindIdentity(
  resolving: Resolving,
  { person, known }: { person: Person; known: KnownIdentity | undefined },
  foundBy: 'policy' | 'email',
): Promise<ClaimProblem | undefined> {
  const problem = foundBy === 'policy' ? undefined : await claimProblem(resolving.store.db, resolving, person, known);
  const isBound = known?.personGuid === person.guid && known.foundBy === foundBy && known.refused === null;
  if (problem === undefined && isBound) {
    await touch(resolving, known);
    return undefined;
  }
  const found = problem ?? (await claimIdentity(resolving, person, foundBy));
  if (found !== undefined) await refuseClaim(resolving, person, found);
  return found;
}

/** Why an account that policy does not list may not be this person, although its e-mail address says so. */
async function claimProblem(
  db: Kysely<Database>,
  { policy, organisation, sender }: Resolving,
  person: Person,
  known: KnownIdentity | undefined,
): Promise<ClaimProblem | undefined> {
  if (known !== undefined && known.personGuid !== null && known.personGuid !== person.guid) {
    const before = await db
      .selectFrom('person')
      .select('guid')
      .where('guid', '=', known.personGuid)
      .where('organisation', '=', organisation)
      .where('gone', '=', false)
      .executeTakeFirst();
    if (before !== undefined) return 'another-person-before';
  }
  const tenant = tenantOf(sender.identity);
  const others = policy.people.filter((entry) => isEntryOf(entry, person)).flatMap((entry) => entry.identities);
  if (others.some((identity) => tenantOf(identity) === tenant)) return 'second-account';
  const other = await db
    .selectFrom('chatIdentity')
    .select('identity')
    .where('personGuid', '=', person.guid)
    .where('refused', 'is', null)
    .where('identity', '!=', sender.identity)
    .where(sql<boolean>`starts_with(identity, ${tenant})`)
    .executeTakeFirst();
  return other === undefined ? undefined : 'second-account';
}

/** Binds the account to the person; two accounts that claim one person at the same moment are taken one after the other. */
async function claimIdentity(
  resolving: Resolving,
  person: Person,
  foundBy: 'policy' | 'email',
): Promise<ClaimProblem | undefined> {
  return await resolving.store.change(async ({ tx }) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`claim:${person.guid}`}, 0))`.execute(tx);
    if (foundBy === 'email') {
      const known = await identityRow(tx, resolving.sender.identity);
      const problem = await claimProblem(tx, resolving, person, known);
      if (problem !== undefined) return problem;
    }
    await upsert(tx, resolving, { personGuid: person.guid, foundBy, refused: null });
    return undefined;
  });
}

async function refuseClaim(resolving: Resolving, person: Person, problem: ClaimProblem): Promise<void> {
  const { store, policy, sender } = resolving;
  const known = await identityRow(store.db, sender.identity);
  const isNews = known?.refused !== problem;
  await store.change(async (change) => {
    // The person it was before stays on record: forgetting it would let the next try through.
    await upsert(change.tx, resolving, { personGuid: known?.personGuid ?? null, foundBy: 'email', refused: problem });
    if (!isNews) return;
    change.audit({
      action: 'identity.refused',
      subject: `identity:${sender.identity}`,
      actor: { guid: null, identity: sender.identity },
      data: { code: problem, claimed: person.guid },
    });
    await notify(change, policy, 'account-refused', {
      key: `${sender.identity}:${person.guid}`,
      line: [
        'Chat account ',
        code(sender.identity),
        claimTexts[problem],
        personSpan(person),
        '. It was refused; if it is right, list it in policy.yaml.',
      ],
    });
  });
}

const claimTexts: Readonly<Record<ClaimProblem, string>> = {
  'second-account': ' is a second account of its workspace that claims to be ',
  'another-person-before': ' was another person until now and claims to be ',
};

export async function identityRow(db: Kysely<Database>, identity: Identity): Promise<KnownIdentity | undefined> {
  return await db.selectFrom('chatIdentity').selectAll().where('identity', '=', identity).executeTakeFirst();
}

/** Who says much in a row is not written anew with each word: it only chooses which of their accounts they are written to. */
const seenLatelyMs = 10 * second;

async function touch({ store, policy, sender, address, clock }: Resolving, known: KnownIdentity): Promise<void> {
  const now = clock.now();
  const seen = {
    displayName: sender.displayName,
    email: sender.email ?? null,
    timeZone: sender.timeZone ?? known.timeZone,
    address: address ?? known.address,
    helpdeskGroup: inHelpdeskGroup(policy, sender) ?? known.helpdeskGroup,
  };
  const isKnown = (['displayName', 'email', 'timeZone', 'address', 'helpdeskGroup'] as const).every(
    (key) => seen[key] === known[key],
  );
  if (isKnown && now.getTime() - known.lastSeenAt.getTime() < seenLatelyMs) return;
  await store.db
    .updateTable('chatIdentity')
    .set({ ...seen, lastSeenAt: now })
    .where('identity', '=', sender.identity)
    .execute();
}

async function upsert(
  db: Kysely<Database>,
  { policy, sender, address, clock }: Resolving,
  found: Pick<KnownIdentity, 'personGuid' | 'foundBy' | 'refused'>,
): Promise<void> {
  const row = {
    ...found,
    displayName: sender.displayName,
    email: sender.email ?? null,
    timeZone: sender.timeZone ?? null,
    lastSeenAt: clock.now(),
    helpdeskGroup: inHelpdeskGroup(policy, sender) ?? false,
  };
  await db
    .insertInto('chatIdentity')
    .values({ identity: sender.identity, ...row, address: address ?? null })
    .onConflict((conflict) =>
      conflict.column('identity').doUpdateSet({ ...row, ...(address === undefined ? {} : { address }) }),
    )
    .execute();
}

/** Whether a group of theirs makes them helpdesk, where groups can be trusted; undefined where the platform did not say. */
export function inHelpdeskGroup(policy: Policy, { groups }: Sender): boolean | undefined {
  return groups?.some((group) => policy.helpdeskGroups.includes(group));
}

/** `slack:T1/` of `slack:T1/U2`: accounts of one platform and tenant begin alike; every console name is of one. */
function tenantOf(identity: Identity): string {
  const slash = identity.indexOf('/');
  return slash === -1 ? identity.slice(0, identity.indexOf(':') + 1) : identity.slice(0, slash + 1);
}
