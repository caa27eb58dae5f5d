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
 * What was taken once may be taken again, and what a transaction inserted is its own. The audit's chain comes last of all (src/store/store.ts). A test watches the order in
 * every command and job: test/incidents/lock-order.database.test.ts.
 */
import type { Selectable } from 'kysely';
import { MislaidError } from '../ground/errors.ts';
import type { PersonGuid } from '../ground/identifiers.ts';
import type { Change } from '../store/port.ts';
import type { IncidentTable } from '../store/tables/incidents.ts';

/** As above, by the names of the tables. */
export const lockOrder = ['person', 'brake', 'incident', 'approval', 'wipe', 'incident_device'] as const;

/**
 * Nobody suspends these people, or gives them back their roles, before this transaction has ended: whoever reports a phone of theirs waits,
 * or has been waited for. Read their roles after it.
 */
export async function lockPeople(change: Change, guids: readonly PersonGuid[]): Promise<void> {
  for (const guid of [...new Set(guids)].sort()) {
    await change.tx.selectFrom('person').select('guid').where('guid', '=', guid).forKeyShare().execute();
  }
}

/** For who may open an incident of this person, or suspend them: one at a time, and none while somebody rests on their roles. */
export async function lockOwner(change: Change, guid: PersonGuid): Promise<void> {
  await change.tx.selectFrom('person').select('guid').where('guid', '=', guid).forUpdate().execute();
}

/** The incident as it is now and stays until this transaction has ended. Throws MislaidError `no-such-incident`. */
export async function lockIncident(change: Change, number: number): Promise<Selectable<IncidentTable>> {
  // Not FOR UPDATE: every event of the timeline refers to this row, and two writers would wait for each other.
  const incident = await change.tx
    .selectFrom('incident')
    .selectAll()
    .where('number', '=', number)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (incident === undefined) throw noSuchIncident(number);
  return incident;
}

export function noSuchIncident(number: number): MislaidError {
  return new MislaidError({
    code: 'no-such-incident',
    message: `INC-${number} does not exist`,
    userMessage: `There is no INC-${number}. Say "incidents" to see the open ones.`,
  });
}
