import type { Kysely } from 'kysely';
import type { Identity } from '../ground/addresses.ts';
import type { Organisation, PersonGuid } from '../ground/identifiers.ts';
import type { Policy, PolicyPerson, Role } from '../policy.ts';
import type { Database } from '../store/schema.ts';
import { personByAddress, personByGuid } from './find.ts';
import type { Person } from './person.ts';

export type RoleHolder = { person: Person; identities: readonly Identity[] };

/** The directory people whom policy.yaml grants a role, in its order; a listed mailbox that the directory does not know is left out. */
export async function holdersOf(
  db: Kysely<Database>,
  policy: Policy,
  organisation: Organisation,
  role: Exclude<Role, 'user'>,
): Promise<RoleHolder[]> {
  const holders: RoleHolder[] = [];
  for (const listed of policy.people) {
    if (!listed.roles.includes(role)) continue;
    const person = await personByAddress(db, organisation, listed.mailbox);
    if (person !== undefined) holders.push({ person, identities: listed.identities });
  }
  return holders;
}

/**
 * Which of a person's chat accounts is written to: the one they spoke from last, else the first that policy lists.
 * undefined when nothing is known of them in chat.
 */
export async function identityFor(db: Kysely<Database>, policy: Policy, person: Person): Promise<Identity | undefined> {
  const seen = await db
    .selectFrom('chatIdentity')
    .select('identity')
    .where('personGuid', '=', person.guid)
    .where('refused', 'is', null)
    .orderBy('lastSeenAt', 'desc')
    .executeTakeFirst();
  if (seen !== undefined) return seen.identity;
  return listedAs(policy, person)?.identities[0];
}

/** Policy's entry for the human to whom this mailbox belongs, whichever of theirs it is. */
export function listedAs(policy: Policy, person: Person): PolicyPerson | undefined {
  return policy.people.find((entry) => isEntryOf(entry, person));
}

export function isEntryOf(entry: PolicyPerson, person: Person): boolean {
  return entry.mailboxes.some((mailbox) => isMailboxOf(mailbox, person));
}

/** Every directory person who is the same human by policy's lists of mailboxes; the one who speaks for all first. */
export async function mailboxesOf(db: Kysely<Database>, policy: Policy, person: Person): Promise<Person[]> {
  const listed = listedAs(policy, person);
  if (listed === undefined || listed.mailboxes.length === 1) return [person];
  const found: Person[] = [];
  for (const mailbox of listed.mailboxes) {
    const other = await personByAddress(db, person.organisation, mailbox);
    if (other !== undefined && !found.some(({ guid }) => guid === other.guid)) found.push(other);
  }
  return found.length === 0 ? [person] : found;
}

/** The directory person who speaks for all mailboxes of this one's human; this one itself where policy lists no others. */
export async function humanOf(db: Kysely<Database>, policy: Policy, guid: PersonGuid): Promise<PersonGuid> {
  const person = await personByGuid(db, guid);
  if (person === undefined) return guid;
  const [first] = await mailboxesOf(db, policy, person);
  return first?.guid ?? guid;
}

/** Whether policy's `mailbox` names this person: any address of theirs, or their UPN, in any case. */
export function isMailboxOf(mailbox: string, person: Person): boolean {
  const wanted = mailbox.toLowerCase();
  return person.upn.toLowerCase() === wanted || person.addresses.some((address) => address.toLowerCase() === wanted);
}
