/**
 * A request, or a partnership with one, that Exchange shows after the wipe was ended as `not-asked` or `partnership-removed`: an
 * answer that lagged so long is no proof. It is taken up as ours, and its incident opens again.
 */
import { z } from 'zod';
import { day } from '../../ground/durations.ts';
import { notify } from '../../notices/notify.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import { type Approvals, openApproval } from '../approvals/approvals.ts';
import { type DeviceFacts, DeviceWipe } from '../devices/device.ts';
import { openHold } from '../hold/hold.ts';
import { replyOnIncident } from '../incident/reply.ts';
import { incidentSubject, record } from '../incident/timeline.ts';
import type { Wipe } from '../incident/view.ts';
import type { JobContext } from '../job.ts';
import { reopenSuspensions } from '../roles/suspension.ts';
import { outcomeWord } from './machine.ts';
import { provesRequest, timesFor } from './request-proof.ts';
import { moveWipe, openWipeOf } from './wipes.ts';

/** So long after its end a wipe is still looked for in Exchange. */
const lookedForFor = day;

export const Before = z.object({ wipe: DeviceWipe, readAt: z.iso.datetime() });

/** Ended by what Exchange did not show, a short time ago. */
export function mayReappear(wipe: Wipe, now: Date): boolean {
  return (
    (wipe.state === 'not-asked' || wipe.state === 'partnership-removed' || wipe.state === 'cancelled') &&
    wipe.before !== null &&
    wipe.endedAt !== null &&
    now.getTime() - wipe.endedAt.getTime() < lookedForFor
  );
}

/** The wipe as it is then, where Exchange shows its request; else undefined. */
export async function takeUp(
  change: Change,
  { policy, approvals }: Pick<JobContext, 'policy' | 'approvals'>,
  wipe: Wipe,
  device: DeviceFacts,
): Promise<Wipe | undefined> {
  const requestedAt = requestShown(wipe, device, policy);
  if (requestedAt === undefined) return undefined;
  if (!(await makeRoom(change, policy, approvals, wipe))) return undefined;
  const reopened = await change.tx
    .updateTable('incident')
    .set({ state: 'open', closedAt: null, closedBy: null, closeReason: null })
    .where('number', '=', wipe.incidentNumber)
    .where('state', '=', 'closed')
    .executeTakeFirst();
  const event = wipe.state === 'partnership-removed' ? 'partnership-returned' : 'request-appeared';
  const moved = await moveWipe(
    change,
    wipe,
    { kind: event },
    {
      by: null,
      why: 'Exchange shows the request now.',
      evidence: { requestedAt: requestedAt.toISOString() },
      set: { requestedAt, endedAt: null, exchangeHolds: true, watchStep: 0 },
    },
  );
  if (moved === undefined) return undefined;
  if (reopened.numUpdatedRows > 0n) {
    await record(change, { incident: wipe.incidentNumber, kind: 'incident.opened-again', by: null, data: {} });
    await reopenSuspensions(change, wipe.incidentNumber);
  }
  // Of a wipe that people took back they wait for nothing.
  if (wipe.state !== 'cancelled') await openHold(change, wipe.incidentNumber, null);
  const said = `Exchange holds the wipe of phone ${wipe.deviceNumber} after all.`;
  const was = `I had called it "${outcomeWord(wipe.state)}", because Exchange did not show it.`;
  await replyOnIncident(
    change,
    wipe.incidentNumber,
    'danger',
    said,
    ` ${was} The phone hears of it (${wipe.scope}) when it connects; I follow it again.`,
  );
  await notify(change, policy, 'wipe-taken-up', {
    incident: wipe.incidentNumber,
    line: [`${said} ${was}`],
    key: `${wipe.id}:${requestedAt.toISOString()}`,
  });
  await change.refresh(incidentSubject(wipe.incidentNumber));
  return moved;
}

function requestShown(wipe: Wipe, device: DeviceFacts, policy: Policy): Date | undefined {
  const { requested, sent, acknowledged } = timesFor(wipe.scope, device.wipe);
  if (wipe.requestedAt !== null) {
    const told = sent ?? acknowledged;
    // Cancelled in the moment it was handed over: the phone was told, and the request's own time is gone.
    if (requested === null && told !== null && Date.parse(told) >= wipe.requestedAt.getTime()) return wipe.requestedAt;
    return requested !== null && Date.parse(requested) === wipe.requestedAt.getTime() ? wipe.requestedAt : undefined;
  }
  const before = Before.parse(wipe.before);
  const proof = provesRequest({
    scope: wipe.scope,
    before: before.wipe,
    now: device.wipe,
    lastReadAt: new Date(before.readAt),
    requestor: policy.exchange.requestor,
  });
  return proof.kind === 'proved' ? proof.requestedAt : undefined;
}

/** One wipe of a device is open at a time: what only waits is void now; what was asked for since stays, and shows what Exchange holds. */
async function makeRoom(change: Change, policy: Policy, approvals: Approvals, wipe: Wipe): Promise<boolean> {
  const other = await openWipeOf(change.tx, wipe.deviceGuid);
  if (other === undefined) return true;
  const approval = await openApproval(change.tx, 'wipe', String(other.id));
  const waits = other.state === 'awaiting-approval' || other.state === 'approved';
  if (!waits || approval === undefined) return false;
  const why = `Exchange shows a request of INC-${wipe.incidentNumber} for this phone, which was made before.`;
  return await approvals.end(change, policy, approval, 'voided', { by: null, why });
}
