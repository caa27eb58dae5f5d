/** Who can do now what others depend on: deciding, giving roles back, unlocking. Each is counted apart, for each can run out alone. */
import type { Kysely } from 'kysely';
import { personByAddress } from '../../directory/find.ts';
import { holdersOf, isEntryOf, mailboxesOf } from '../../directory/holders.ts';
import type { Person } from '../../directory/person.ts';
import type { Identity } from '../../ground/addresses.ts';
import type { Organisation, PersonGuid } from '../../ground/identifiers.ts';
import type { Policy, Role } from '../../policy.ts';
import type { Database } from '../../store/schema.ts';
import { currentRoles, suspendingIncidents } from './current-roles.ts';

export const rights = {
  decide: { roles: ['approver'], does: 'approve wipes' },
  restore: { roles: ['security', 'admin'], does: 'give roles back' },
  unlock: { roles: ['admin'], does: 'unlock wipes' },
} as const satisfies Record<string, { roles: readonly Exclude<Role, 'user'>[]; does: string }>;

export type Right = keyof typeof rights;
export const rightNames = ['decide', 'restore', 'unlock'] as const satisfies readonly Right[];

/** The rights that these roles give. */
export function rightsOf(roles: ReadonlySet<Role>): Right[] {
  return rightNames.filter((right) => rights[right].roles.some((role) => roles.has(role)));
}

/** The people who hold a right at this moment: listed, in the directory, not suspended, and not with a role that cools off. */
export async function holdersOfRight(
  db: Kysely<Database>,
  policy: Policy,
  organisation: Organisation,
  right: Right,
  now: Date,
): Promise<Person[]> {
  const found = new Map<PersonGuid, Person>();
  for (const role of rights[right].roles) {
    for (const { person, identities } of await holdersOf(db, policy, organisation, role)) {
      for (const identity of identities) {
        if (found.has(person.guid)) break;
        const held = await currentRoles(db, policy, { guid: person.guid, identity }, now);
        if (held.has(role)) found.set(person.guid, person);
      }
    }
  }
  return [...found.values()];
}

/**
 * Chat accounts to which nothing of this is sent although policy lists them: of people who are suspended, because the lost phone may hold
 * their chats, and of `people`.
 */
export async function accountsNotTold(
  db: Kysely<Database>,
  policy: Policy,
  organisation: Organisation,
  people: readonly PersonGuid[],
): Promise<Identity[]> {
  const accounts: Identity[] = [];
  for (const entry of policy.people) {
    const person = await personByAddress(db, organisation, entry.mailbox);
    if (person === undefined) continue;
    const guids = (await mailboxesOf(db, policy, person)).map(({ guid }) => guid);
    const isSilent =
      guids.some((guid) => people.includes(guid)) || (await suspendingIncidents(db, person.guid)).length > 0;
    if (isSilent) accounts.push(...entry.identities);
  }
  return accounts;
}

/** Everything that policy grants to the human whose mailbox this is, before any suspension; helpdesk by a group as it was last seen. */
export async function heldRoles(db: Kysely<Database>, policy: Policy, person: Person): Promise<ReadonlySet<Role>> {
  const people = await mailboxesOf(db, policy, person);
  const guids = people.map(({ guid }) => guid);
  const listed = policy.people.filter((entry) => people.some((each) => isEntryOf(entry, each)));
  const roles = new Set<Role>(['user', ...listed.flatMap((entry) => entry.roles)]);
  if (!policy.identitiesManaged) return roles;
  const byGroup = await db
    .selectFrom('chatIdentity')
    .select('identity')
    .where('personGuid', 'in', guids)
    .where('helpdeskGroup', '=', true)
    .where('refused', 'is', null)
    .executeTakeFirst();
  if (byGroup !== undefined) roles.add('helpdesk');
  return roles;
}
