/**
 * Who speaks: from a chat account that the platform vouches for to one person of the directory and the roles they hold now.
 * It fails closed: whoever cannot be told for certain holds nothing.
 */
import type { Kysely } from 'kysely';
import type { Actor } from '../directory/actor.ts';
import { hasAddress, personByAddress, personByGuid } from '../directory/find.ts';
import { isMailboxOf, listedAs } from '../directory/holders.ts';
import type { Person } from '../directory/person.ts';
import { personFromRow } from '../directory/store-people.ts';
import type { Identity } from '../ground/addresses.ts';
import type { Organisation } from '../ground/identifiers.ts';
import { suspendedBy } from '../incidents/roles/current-roles.ts';
import type { Policy, Role } from '../policy.ts';
import type { Database } from '../store/schema.ts';
import {
  bindIdentity,
  type ClaimProblem,
  identityRow,
  inHelpdeskGroup,
  type KnownIdentity,
  type Resolving,
} from './identity.ts';
import type { Sender } from './port.ts';

export type { Resolving } from './identity.ts';

type RefusalCode = 'outsider' | 'bot' | 'no-address' | 'unknown-person' | ClaimProblem;

type ResolvedActor =
  | { readonly kind: 'actor'; readonly actor: Actor }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly userMessage: string };

type Refused = Extract<ResolvedActor, { kind: 'refused' }>;
type Listed = Policy['people'][number];

export async function resolveActor(resolving: Resolving): Promise<ResolvedActor> {
  const { store, policy, organisation, sender } = resolving;
  if (sender.outsider !== undefined) return outsiderRefusals[sender.outsider];

  const listed = listedFor(policy, sender.identity);
  const address = listed?.mailbox ?? sender.email;
  if (address === undefined) return noAddress;
  let known = await lookUp(store.db, organisation, { address, identity: sender.identity });
  if (known === undefined) return await unknownPerson(store.db, organisation, address, listed);
  // One human with several mailboxes is one person, whichever of them an account shows.
  const same = listedAs(policy, known.person);
  if (same !== undefined && !isMailboxOf(same.mailbox, known.person))
    known = (await lookUp(store.db, organisation, { address: same.mailbox, identity: sender.identity })) ?? known;

  const { person, spoken } = known;
  const problem = await bindIdentity(resolving, { person, known: spoken }, listed === undefined ? 'email' : 'policy');
  if (problem !== undefined) {
    return refused(
      problem,
      'This chat account claims to be a person whom I know by another account, so I do nothing for it. Security was told. If it is yours, ask an admin to list it in policy.yaml.',
    );
  }

  const grantedRoles = grantedTo(policy, sender, listed);
  const roles = known.suspendedBy.length === 0 ? grantedRoles : new Set<Role>(['user']);
  return {
    kind: 'actor',
    actor: { person, identity: sender.identity, roles, suspendedBy: known.suspendedBy, grantedRoles },
  };
}

type Known = { person: Person; spoken: KnownIdentity | undefined; suspendedBy: number[] };

/**
 * All that is stored of who speaks, in one question, because every command asks it. undefined when nobody, or more than one
 * person, has the address.
 */
async function lookUp(
  db: Kysely<Database>,
  organisation: Organisation,
  { address, identity }: { address: string; identity: Identity },
): Promise<Known | undefined> {
  const [only, ...others] = await db
    .selectFrom('person')
    .leftJoin('chatIdentity as spoken', (join) => join.on('spoken.identity', '=', identity))
    .selectAll('person')
    .select([
      'spoken.personGuid',
      'spoken.displayName as spokenName',
      'spoken.email',
      'spoken.timeZone',
      'spoken.foundBy',
      'spoken.refused',
      'spoken.address',
      'spoken.lastSeenAt',
      'spoken.helpdeskGroup',
      suspendedBy.as('suspendedBy'),
    ])
    .where('organisation', '=', organisation)
    .where('gone', '=', false)
    .where(hasAddress(address))
    .limit(2)
    .execute();
  if (only === undefined || others.length > 0) return undefined;
  const { suspendedBy: suspending, spokenName, lastSeenAt, helpdeskGroup, ...both } = only;
  const { personGuid, email, timeZone, foundBy, refused, address: spokenAt, ...person } = both;
  const account = { identity, personGuid, email, timeZone, foundBy, refused, address: spokenAt };
  // Without a row of the account every column of it is null, those too that never are.
  const isKnown = spokenName !== null && lastSeenAt !== null && helpdeskGroup !== null;
  return {
    person: personFromRow(person),
    spoken: isKnown ? { ...account, displayName: spokenName, lastSeenAt, helpdeskGroup } : undefined,
    suspendedBy: suspending,
  };
}

/** The directory person behind a chat account that is only pointed at (a message's author), without any right of theirs. */
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

/** Nobody is told that the directory lacks them by a bot that has read none of it, or that found them twice. */
async function unknownPerson(
  db: Kysely<Database>,
  organisation: Organisation,
  address: string,
  listed: Listed | undefined,
): Promise<Refused> {
  const people = db.selectFrom('person').select('guid').where('organisation', '=', organisation);
  const holders = await people.where('gone', '=', false).where(hasAddress(address)).limit(2).execute();
  if (holders.length > 1) return sharedAddress;
  if ((await people.limit(1).executeTakeFirst()) === undefined) return directoryNotRead;
  return listed === undefined ? unknownAddress : unknownMailbox;
}

function grantedTo(policy: Policy, sender: Sender, listed: Listed | undefined): ReadonlySet<Role> {
  const roles = new Set<Role>(['user', ...(listed?.roles ?? [])]);
  if (policy.identitiesManaged && inHelpdeskGroup(policy, sender) === true) roles.add('helpdesk');
  return roles;
}

function listedFor(policy: Policy, identity: Identity): Listed | undefined {
  return policy.people.find((listed) => listed.identities.includes(identity));
}

const stranger = refused(
  'outsider',
  'I do nothing for guests and people of other organisations. If a phone is lost, call the helpdesk.',
);

const outsiderRefusals: Readonly<Record<NonNullable<Sender['outsider']>, Refused>> = {
  bot: refused('bot', 'I do nothing for other bots.'),
  deactivated: refused('outsider', 'This chat account is deactivated, so I do nothing for it.'),
  guest: stranger,
  stranger,
  'other-tenant': stranger,
};

const noAddress = refused(
  'no-address',
  'Your chat account shows me no e-mail address, so I cannot tell who you are. Ask an admin to list this account in policy.yaml.',
);
const unknownAddress = refused(
  'unknown-person',
  "I do not know you: in Exchange's directory, as I last read it, no mailbox has the e-mail address of your chat account. Ask an admin.",
);
const unknownMailbox = refused(
  'unknown-person',
  "policy.yaml lists your account, but in Exchange's directory, as I last read it, no mailbox has the address that stands there. Ask an admin to put it right.",
);
const sharedAddress = refused(
  'unknown-person',
  "More than one mailbox of Exchange's directory has your e-mail address, so I cannot tell which person you are. Ask an admin to give it to one of them alone.",
);
const directoryNotRead = refused(
  'unknown-person',
  "I have not been able to read Exchange's directory yet, so I do not know who you are. I go on trying. If a phone is lost, call the helpdesk; an admin sees in `mislaid doctor` why.",
);

function refused(refusal: RefusalCode, sentence: string): Refused {
  return { kind: 'refused', code: refusal, userMessage: sentence };
}
