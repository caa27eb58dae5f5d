/**
 * Who may decide, what is decided on and whether a wipe may still be issued is read under row locks, in the transaction that
 * proposes, decides or issues. Every transaction takes them in this order, so that none waits for another in a circle:
 *
 * person     who speaks, decides or is reported lost: nobody is suspended in between
 * brake      one at a time checks the gate, pulls or lifts the lock (`lockBrake`)
 * incident   by its number; all that waits on it, and all of its wipes, move only under it
 * approval   of an incident only under the incident; of none (an unlocking, an app's block) by itself
 * wipe       only under its incident
 * phones     the incident's devices as they were read
 *
 * What was taken once is held until the transaction ends and is not asked for again, and what a transaction inserted is its own. The audit's chain comes last of all (src/store/store.ts). A test watches the order in
 * every command and job: test/incidents/lock-order.database.test.ts.
 */
import type { Selectable, Transaction } from 'kysely';
import { MislaidError } from '../ground/errors.ts';
import type { PersonGuid } from '../ground/identifiers.ts';
import type { Change, Subject } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import type { IncidentTable } from '../store/tables/incidents.ts';

/** As above, by the names of the tables. */
export const lockOrder = ['person', 'brake', 'incident', 'approval', 'wipe', 'incident_device'] as const;

/** What a transaction holds already, and to which incident (never another) a wipe or an approval belongs. */
type Held = { people: Set<PersonGuid>; incidents: Set<number>; incidentOf: Map<Subject, number | null> };

const heldBy = new WeakMap<Transaction<Database>, Held>();

function heldIn({ tx }: Change): Held {
  const held = heldBy.get(tx) ?? { people: new Set(), incidents: new Set(), incidentOf: new Map() };
  heldBy.set(tx, held);
  return held;
}

/** The incident of a wipe or an approval, asked once in a transaction. undefined: there is no such row, which is asked again. */
export async function incidentOf(
  change: Change,
  subject: Subject,
  ask: () => Promise<{ incidentNumber: number | null } | undefined>,
): Promise<number | null | undefined> {
  const known = heldIn(change).incidentOf;
  const before = known.get(subject);
  if (before !== undefined) return before;
  const found = (await ask())?.incidentNumber;
  if (found !== undefined) known.set(subject, found);
  return found;
}

/**
 * Nobody suspends these people, or gives them back their roles, before this transaction has ended: whoever reports a phone of theirs waits,
 * or has been waited for. Read their roles after it.
 */
export async function lockPeople(change: Change, guids: readonly PersonGuid[]): Promise<void> {
  const { people } = heldIn(change);
  const wanted = [...new Set(guids)].filter((guid) => !people.has(guid)).sort();
  for (const guid of wanted) {
    await change.tx.selectFrom('person').select('guid').where('guid', '=', guid).forKeyShare().execute();
    people.add(guid);
  }
}

/** For who may open an incident of this person, or suspend them: one at a time, and none while somebody rests on their roles. */
export async function lockOwner(change: Change, guid: PersonGuid): Promise<void> {
  await change.tx.selectFrom('person').select('guid').where('guid', '=', guid).forUpdate().execute();
}

/** The incident stays as it is until this transaction has ended. Throws MislaidError `no-such-incident`. */
export async function lockIncident(change: Change, number: number): Promise<void> {
  if (!heldIn(change).incidents.has(number)) await lockedIncident(change, number);
}

/** The same, and the incident as it is now. */
export async function lockedIncident(change: Change, number: number): Promise<Selectable<IncidentTable>> {
  // Not FOR UPDATE: every event of the timeline refers to this row, and two writers would wait for each other.
  const incident = await change.tx
    .selectFrom('incident')
    .selectAll()
    .where('number', '=', number)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (incident === undefined) throw noSuchIncident(number);
  heldIn(change).incidents.add(number);
  return incident;
}

export function noSuchIncident(number: number): MislaidError {
  return new MislaidError({
    code: 'no-such-incident',
    message: `INC-${number} does not exist`,
    userMessage: `There is no INC-${number}. Say "incidents" to see the open ones.`,
  });
}
