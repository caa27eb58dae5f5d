/** The hold in the store: "do not reset the password yet". What closes it is the rule in rules.ts. */

import type { Change } from '../../store/port.ts';
import { replyOnIncident } from '../incident/reply.ts';
import { type By, guidOf, record } from '../incident/timeline.ts';
import { holdClosedBy } from './rules.ts';

/** Closes the hold when the incident's wipes say so (every chosen one acknowledged, or a give-up or cancel was read back). */
export async function holdAfterWipes(change: Change, incident: number, by: By): Promise<void> {
  // Not FOR UPDATE: every event of the timeline refers to this row, and two writers would wait for each other.
  const row = await change.tx
    .selectFrom('incident')
    .select('hold')
    .where('number', '=', incident)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
  if (row.hold === 'closed') return;
  const wipes = await change.tx
    .selectFrom('wipe')
    .select(['deviceNumber', 'state'])
    .where('incidentNumber', '=', incident)
    .orderBy('id')
    .execute();
  const why = holdClosedBy(wipes);
  if (why !== undefined) await closeHold(change, incident, by, why);
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
  const closed = await change.tx
    .updateTable('incident')
    .set({ hold: 'closed', holdClosedAt: change.now, holdClosedBy: guidOf(by), holdClosedWhy: why })
    .where('number', '=', incident)
    .where('hold', '=', 'open')
    .executeTakeFirst();
  if (closed.numUpdatedRows === 0n) return false;
  await record(change, { incident, kind: 'hold.closed', by, data: { why } });
  await replyOnIncident(change, incident, 'success', 'The password may be reset now.', ` ${why}`);
  return true;
}
