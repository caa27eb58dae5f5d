/** The hold in the store: "do not reset the password yet". What closes it is the rule in rules.ts. */

import type { Change } from '../../store/port.ts';
import { DeviceFacts } from '../devices/device.ts';
import { requestorName, unfinishedOfOthers } from '../devices/held-requests.ts';
import { replyOnIncident } from '../incident/reply.ts';
import { type By, guidOf, record } from '../incident/timeline.ts';
import { requestsOf } from '../incident/view.ts';
import { lockIncident, noSuchIncident } from '../lock-order.ts';
import { holdClosedBy } from './rules.ts';

/** Closes the hold when the incident's wipes say so (every chosen one acknowledged, or a give-up or cancel was read back). */
export async function holdAfterWipes(change: Change, incident: number, by: By): Promise<void> {
  await lockIncident(change, incident);
  const { hold, wipes } = await holdAndWipes(change, incident);
  if (hold === 'closed') return;
  const why = holdClosedBy(wipes);
  if (why === undefined) return;
  const others = await requestsOfOthers(change, incident, wipes);
  if (others.length === 0) await closeHold(change, incident, by, why);
  else await sayNotYet(change, incident, `${why} But Exchange still holds ${others.join(', and ')}.`);
}

/**
 * Opens the hold again when another administrator asks Exchange for a wipe of a chosen phone after our wipes had closed it: the
 * phone must be able to log in once more. Not where a person closed it: the password may be another since.
 */
export async function holdForOthers(change: Change, incident: number): Promise<void> {
  await lockIncident(change, incident);
  const { state, hold, holdClosedWhy, wipes } = await holdAndWipes(change, incident);
  if (state === 'closed' || hold === 'open' || holdClosedWhy !== holdClosedBy(wipes)) return;
  const others = await requestsOfOthers(change, incident, wipes);
  if (others.length === 0) return;
  await openHold(change, incident, null);
  await sayNotYet(
    change,
    incident,
    `Exchange holds ${others.join(', and ')}, since. If the password was reset in the meantime, the phone hears of it only once it has the new one.`,
  );
}

async function sayNotYet(change: Change, incident: number, why: string): Promise<void> {
  await replyOnIncident(change, incident, 'warning', 'The password must not be reset yet.', ` ${why}`);
}

/** How the hold stands, and the incident's wipes, oldest first. */
async function holdAndWipes(change: Change, incident: number) {
  const rows = await change.tx
    .selectFrom('incident')
    .leftJoin('wipe', 'wipe.incidentNumber', 'incident.number')
    .select(['incident.state', 'incident.hold', 'incident.holdClosedWhy'])
    .select(({ selectFrom }) => [
      'wipe.deviceNumber',
      'wipe.state as wipeState',
      selectFrom('wipeTransition')
        .select('wipeTransition.actorGuid')
        .whereRef('wipeTransition.wipeId', '=', 'wipe.id')
        .where('wipeTransition.toState', '=', 'partnership-removed')
        .orderBy('wipeTransition.id', 'desc')
        .limit(1)
        .as('removedBy'),
    ])
    .where('incident.number', '=', incident)
    .orderBy('wipe.id')
    .execute();
  const [first] = rows;
  if (first === undefined) throw noSuchIncident(incident);
  const { state, hold, holdClosedWhy } = first;
  // Removed by a person's word: the watch, which may find it gone, is nobody.
  const wipes = rows.flatMap(({ deviceNumber, wipeState, removedBy }) =>
    deviceNumber === null || wipeState === null
      ? []
      : [{ deviceNumber, state: wipeState, removed: removedBy !== null }],
  );
  return { state, hold, holdClosedWhy, wipes };
}

/** What Exchange, as last read, holds for these phones beside our own requests, and no phone has acknowledged: a reset would stop it. */
async function requestsOfOthers(
  change: Change,
  incident: number,
  wipes: readonly { readonly deviceNumber: number }[],
): Promise<string[]> {
  if (wipes.length === 0) return [];
  const rows = await change.tx
    .selectFrom('incidentDevice')
    .select(['number', 'facts'])
    .where('incidentNumber', '=', incident)
    .where('number', 'in', [...new Set(wipes.map(({ deviceNumber }) => deviceNumber))])
    .orderBy('number')
    .execute();
  const devices = rows.map(({ number, facts }) => ({ number, facts: DeviceFacts.parse(facts) }));
  const { own } = await requestsOf(
    change.tx,
    devices.map(({ facts }) => facts.guid),
  );
  return devices.flatMap(({ number, facts }) =>
    unfinishedOfOthers(facts, own.get(facts.guid)).map(
      (request) => `a ${request.scope} wipe of phone ${number}, asked for by ${requestorName(request)}`,
    ),
  );
}

/** Opens again when a new wipe is proposed after the hold had closed: the phone must be able to log in once more. */
export async function openHold(change: Change, incident: number, by: By): Promise<void> {
  const opened = await change.tx
    .updateTable('incident')
    .set({ hold: 'open', holdClosedAt: null, holdClosedBy: null, holdClosedWhy: null })
    .where('number', '=', incident)
    .where('hold', '=', 'closed')
    .executeTakeFirst();
  if (opened.numUpdatedRows > 0n) await record(change, { incident, kind: 'hold.opened', by, data: {} });
}

export async function closeHold(change: Change, incident: number, by: By, why: string): Promise<boolean> {
  const closed = await endHold(change, incident, by, why);
  if (closed) await replyOnIncident(change, incident, 'success', 'The password may be reset now.', ` ${why}`);
  return closed;
}

/** The same without a word in the thread: where nobody waits to hear of the password. */
export async function endHold(change: Change, incident: number, by: By, why: string): Promise<boolean> {
  const closed = await change.tx
    .updateTable('incident')
    .set({ hold: 'closed', holdClosedAt: change.now, holdClosedBy: guidOf(by), holdClosedWhy: why })
    .where('number', '=', incident)
    .where('hold', '=', 'open')
    .executeTakeFirst();
  if (closed.numUpdatedRows === 0n) return false;
  await record(change, { incident, kind: 'hold.closed', by, data: { why } });
  return true;
}
