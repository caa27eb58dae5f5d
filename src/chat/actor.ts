/**
 * Who speaks: from a chat account that the platform vouches for to one person of the directory and the roles he holds now.
 * It fails closed: whoever cannot be told for certain holds nothing.
 */
import type { Kysely } from 'kysely';
import type { Actor } from '../commands/command.ts';
import { personByAddress, personByGuid } from '../directory/find.ts';
import type { Organisation, Person } from '../directory/person.ts';
import { assertNever } from '../errors.ts';
import { suspendingIncidents } from '../incidents/standing.ts';
import type { Policy, Role } from '../policy.ts';
import type { Database } from '../store/schema.ts';
import { bindIdentity, type ClaimProblem, identityRow, type Resolving } from './identity.ts';
import type { Identity, Sender } from './port.ts';

export type { Resolving } from './identity.ts';

export type RefusalCode = 'outsider' | 'bot' | 'no-address' | 'unknown-person' | ClaimProblem;

export type ResolvedActor =
  | { readonly kind: 'actor'; readonly actor: Actor }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly sentence: string };

type Refused = Extract<ResolvedActor, { kind: 'refused' }>;
type Listed = Policy['people'][number];

export async function resolveActor(resolving: Resolving): Promise<ResolvedActor> {
  const { store, policy, organisation, sender } = resolving;
  if (sender.outsider !== undefined) return outsiderRefusal(sender.outsider);

  const listed = listedFor(policy, sender.identity);
  const person = await personOf(store.db, organisation, sender, listed);
  if ('kind' in person) return person;

  const problem = await bindIdentity(resolving, person, listed === undefined ? 'email' : 'policy');
  if (problem !== undefined) {
    return refused(
      problem,
      'This chat account claims to be a person whom I know by another account, so I do nothing for it. Security was told. If it is yours, ask an admin to list it in policy.yaml.',
    );
  }

  const grantedRoles = grantedTo(policy, sender, listed);
  const suspendedBy = await suspendingIncidents(store.db, organisation, person.guid);
  const roles = suspendedBy.length === 0 ? grantedRoles : new Set<Role>(['user']);
  return { kind: 'actor', actor: { person, identity: sender.identity, roles, suspendedBy, grantedRoles } };
}

/** The directory person behind a chat account that is only pointed at (a message's author), without any right of his. */
export async function personOfIdentity(
  db: Kysely<Database>,
  policy: Policy,
  organisation: Organisation,
  identity: Identity,
): Promise<Person | undefined> {
  const listed = listedFor(policy, identity);
  if (listed !== undefined) return await personByAddress(db, organisation, listed.mailbox);
  const known = await identityRow(db, identity);
  if (known === undefined || known.refused !== null || known.personGuid === null) return undefined;
  const person = await personByGuid(db, known.personGuid);
  return person?.organisation === organisation ? person : undefined;
}

function grantedTo(policy: Policy, sender: Sender, listed: Listed | undefined): ReadonlySet<Role> {
  const roles = new Set<Role>(['user', ...(listed?.roles ?? [])]);
  const inHelpdeskGroup = sender.groups?.some((group) => policy.helpdeskGroups.includes(group)) ?? false;
  if (policy.identitiesManaged && inHelpdeskGroup) roles.add('helpdesk');
  return roles;
}

async function personOf(
  db: Kysely<Database>,
  organisation: Organisation,
  sender: Sender,
  listed: Listed | undefined,
): Promise<Person | Refused> {
  const address = listed?.mailbox ?? sender.email;
  if (address === undefined) {
    return refused(
      'no-address',
      'Your chat account shows me no e-mail address, so I cannot tell who you are. Ask an admin to list this account in policy.yaml.',
    );
  }
  const person = await personByAddress(db, organisation, address);
  if (person !== undefined) return person;
  return refused(
    'unknown-person',
    listed === undefined
      ? "I do not know you: no mailbox of Exchange's directory has the e-mail address of your chat account. Ask an admin."
      : "policy.yaml lists your account, but Exchange's directory has no mailbox of the address that stands there. Ask an admin to mend it.",
  );
}

function listedFor(policy: Policy, identity: Identity): Listed | undefined {
  return policy.people.find((listed) => listed.identities.includes(identity));
}

function outsiderRefusal(outsider: NonNullable<Sender['outsider']>): Refused {
  switch (outsider) {
    case 'bot':
      return refused('bot', 'I do nothing for other bots.');
    case 'deactivated':
      return refused('outsider', 'This chat account is deactivated, so I do nothing for it.');
    case 'guest':
    case 'stranger':
    case 'other-tenant':
      return refused(
        'outsider',
        'I do nothing for guests and people of other organisations. If a phone is lost, call the helpdesk.',
      );
    default:
      return assertNever(outsider, 'outsider');
  }
}

function refused(refusal: RefusalCode, sentence: string): Refused {
  return { kind: 'refused', code: refusal, sentence };
}
