import type { Kysely } from 'kysely';
import type { Identity } from '../ground/addresses.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Policy, Role } from '../policy.ts';
import type { Database } from '../store/schema.ts';
import { personByAddress } from './find.ts';
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

/** "Otto or Ada": who could do what the reader may not. */
export function oneOf(people: readonly { displayName: string }[]): string {
  const names = people.map((person) => person.displayName);
  if (names.length <= 1) return names[0] ?? 'nobody yet (see policy.yaml)';
  return `${names.slice(0, -1).join(', ')} or ${String(names.at(-1))}`;
}

/**
 * Which of a person's chat accounts is written to: the one he spoke from last, else the first that policy lists.
 * undefined when nothing is known of him in chat.
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
  return policy.people.find((listed) => isMailboxOf(listed.mailbox, person))?.identities[0];
}

/** Whether policy's `mailbox` names this person: any address of his, or his UPN, in any case. */
export function isMailboxOf(mailbox: string, person: Person): boolean {
  const wanted = mailbox.toLowerCase();
  return person.upn.toLowerCase() === wanted || person.addresses.some((address) => address.toLowerCase() === wanted);
}
