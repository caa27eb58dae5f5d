/**
 * What a person holds now, as it is looked at again when something is carried out: policy's grants to the chat account that
 * spoke, none of them while an incident on one of his own devices is open, and none that cools off.
 */
import type { Kysely } from 'kysely';
import type { Identity } from '../chat/port.ts';
import type { Actor } from '../commands/command.ts';
import { personByGuid } from '../directory/find.ts';
import { isMailboxOf } from '../directory/holders.ts';
import type { Organisation, PersonGuid } from '../directory/person.ts';
import { MislaidError } from '../errors.ts';
import type { Policy, Role } from '../policy.ts';
import type { Database } from '../store/schema.ts';
import { coolingOf } from './grants.ts';

/** Open incidents on this person's own devices after which nobody has restored his roles. Drills suspend nobody. */
export async function suspendingIncidents(
  db: Kysely<Database>,
  organisation: Organisation,
  guid: PersonGuid,
): Promise<number[]> {
  const rows = await db
    .selectFrom('incident')
    .select('number')
    .where('personGuid', '=', guid)
    .where('organisation', '=', organisation)
    .where('drill', '=', false)
    .where('state', '=', 'open')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('incidentEvent')
            .select('incidentEvent.id')
            .whereRef('incidentEvent.incidentNumber', '=', 'incident.number')
            .where('incidentEvent.kind', '=', 'roles-restored')
            .whereRef('incidentEvent.at', '>=', 'incident.openedAt'),
        ),
      ),
    )
    .orderBy('number')
    .execute();
  return rows.map(({ number }) => number);
}

/** The roles with which this person, through this chat account, may decide now. Nothing at all for who cannot be told for certain. */
export async function standingRoles(
  db: Kysely<Database>,
  policy: Policy,
  who: { guid: PersonGuid; identity: Identity },
  now: Date,
): Promise<ReadonlySet<Role>> {
  const none: ReadonlySet<Role> = new Set();
  const person = await personByGuid(db, who.guid);
  if (person === undefined) return none;
  const listed = policy.people.find((entry) => entry.identities.includes(who.identity));
  if (listed === undefined || !isMailboxOf(listed.mailbox, person)) return none;
  if ((await suspendingIncidents(db, person.organisation, person.guid)).length > 0) return new Set(['user']);
  const roles = new Set<Role>(['user', ...listed.roles]);
  const cooling = await coolingOf(db, { organisation: person.organisation, identity: who.identity, roles }, now);
  return new Set([...roles].filter((role) => !cooling.has(role)));
}

/** Throws MislaidError `role-cooling-off` unless one of these roles of the actor is old enough to decide something. */
export async function requireStanding(
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
        ? `That is for ${roles.join(' or ')}.`
        : `Your role ${names} is new and decides nothing for 24 hours, unless two admins accept it before ("accept role ${actor.person.displayName}").`,
  });
}
