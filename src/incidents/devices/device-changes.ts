/** Blocking, unblocking and removing one device: what the bot does itself, and refuses while it would stop a wipe. */

import type { Kysely } from 'kysely';
import { getCasMailbox } from '../../exchange/cmdlets/get-cas-mailbox.ts';
import { getMailbox } from '../../exchange/cmdlets/get-mailbox.ts';
import { removeMobileDevice } from '../../exchange/cmdlets/remove-mobile-device.ts';
import { setCasMailbox } from '../../exchange/cmdlets/set-cas-mailbox.ts';
import { ExchangeError } from '../../exchange/port.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import { notify } from '../../notices/notify.ts';
import type { Change } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import { decisionsOf, lockApproval, markAsked, markExecuted, markNotAsked } from '../approvals/approvals.ts';
import { holdAfterWipes } from '../hold/hold.ts';
import { replyOnIncident } from '../incident/reply.ts';
import { record } from '../incident/timeline.ts';
import { type IncidentDevice, loadIncident, type Wipe } from '../incident/view.ts';
import type { JobContext } from '../job.ts';
import { lockIncident, lockPeople } from '../lock-order.ts';
import { approvalRefusal } from '../wipe/claim-wipe.ts';
import { blocksDeviceChanges, outcomeWord } from '../wipe/machine.ts';
import { timesFor } from '../wipe/request-proof.ts';
import { lockWipe, moveWipe, openWipeOf } from '../wipe/wipes.ts';
import { type DeviceFacts, wipeTimesKnown } from './device.ts';
import { requestorName, unfinishedRequests } from './held-requests.ts';
import { readDevice } from './read-facts.ts';
import { recordRemoval } from './record-devices.ts';

/** Throws MislaidError `wipe-on-its-way`: from approved to acknowledged the change would stop the wipe. */
export async function refuseWhileWiping(db: Kysely<Database>, deviceGuid: string, what: string): Promise<void> {
  const wipe = await openWipeOf(db, deviceGuid);
  if (wipe === undefined || !blocksDeviceChanges(wipe.state)) return;
  throw new MislaidError({
    code: 'wipe-on-its-way',
    message: `${what} refused: wipe ${wipe.id} is ${wipe.state}`,
    userMessage: `I will not ${what} this phone now: its wipe on INC-${wipe.incidentNumber} is ${outcomeWord(wipe.state)}, and a phone that cannot connect never hears of it. Give the wipe up first ("give up INC-${wipe.incidentNumber}").`,
  });
}

/** Throws MislaidError `wipe-undecided`: the phone's access is part of what its approvers are shown, and another voids the wipe. */
export async function refuseWhileUndecided(db: Kysely<Database>, deviceGuid: string): Promise<void> {
  const why = voidedByUnblocking(await openWipeOf(db, deviceGuid));
  if (why === undefined) return;
  throw new MislaidError({ code: 'wipe-undecided', message: `unblock refused: ${why}`, userMessage: why });
}

function voidedByUnblocking(wipe: Wipe | undefined): string | undefined {
  if (wipe?.state !== 'awaiting-approval' && wipe?.state !== 'approved') return undefined;
  return `${howItStands(wipe)}, and unblocking the phone would make it void. Unblock it once Exchange was asked, or withdraw the wipe first.`;
}

/** "Its wipe on INC-101 waits for approval" */
function howItStands({ incidentNumber, state }: Wipe): string {
  return `Its wipe on INC-${incidentNumber} ${state === 'awaiting-approval' ? '' : 'is '}${outcomeWord(state)}`;
}

export type DeviceChange = {
  incident: number;
  device: number;
  by: PersonGuid;
  /** The approval that is carried out, where one was needed. */
  approval: number | null;
};

/** Blocks or unblocks one device by its id on the mailbox, adding to the list that is there; read back before it is said. */
export async function setDeviceBlocked(context: JobContext, change: DeviceChange, blocked: boolean): Promise<void> {
  const { store, policy } = context;
  const view = await loadIncident(store.db, change.incident);
  const device = view.devices.find((candidate) => candidate.number === change.device);
  if (device === undefined) return;
  if (change.approval === null && (await wasOvertaken(context, change, { device, blocked }))) return;
  const exchange = context.exchange(view.incident.organisation);
  const [mailbox] = await exchange.run(getMailbox, { Identity: view.owner.guid });
  if (mailbox?.guid !== view.owner.guid) throw changeNotKnown(change, blocked);
  if (!(await mayStillChange(context, change, device.guid))) return;
  const id = device.facts.deviceId;
  await asking(context, change.approval, () =>
    exchange.run(setCasMailbox, {
      Identity: mailbox.objectGuid,
      ActiveSyncBlockedDeviceIDs: blocked ? { Add: [id] } : { Remove: [id] },
    }),
  );
  const [after] = await exchange.run(getCasMailbox, { Identity: mailbox.objectGuid });
  // An answer without the mailbox says neither: the job runs again and reads again.
  if (after?.objectGuid !== mailbox.objectGuid || after.unreadable.includes('ActiveSyncBlockedDeviceIDs'))
    throw changeNotKnown(change, blocked);
  const isBlocked = after.blockedDeviceIds.some((listed) => listed.toLowerCase() === id.toLowerCase());
  await store.change(async (tx) => {
    await lockIncident(tx, change.incident);
    const done = isBlocked === blocked;
    const word = blocked ? 'blocked' : 'unblocked';
    const notDone = done ? null : `Exchange does not show phone ${change.device} as ${word}.`;
    if (change.approval !== null) await markExecuted(tx, change.approval, notDone);
    await record(tx, {
      incident: change.incident,
      kind: `device.${done ? word : 'not-changed'}`,
      by: { guid: change.by },
      data: { device: change.device },
    });
    await replyOnIncident(
      tx,
      change.incident,
      done ? 'success' : 'danger',
      done
        ? blocked
          ? `Phone ${change.device} is blocked in Exchange.`
          : `Phone ${change.device} is off the block list of its mailbox.`
        : `Exchange does not show phone ${change.device} as ${word}.`,
      done && blocked
        ? ' It gets no mail, and it can no longer hear of a wipe.'
        : done
          ? ' Whether Exchange lets it in now the card says as soon as it is read.'
          : ' Try again, or look with Get-CASMailbox.',
    );
    await tx.enqueue('read-devices', { incident: change.incident }, { key: String(change.incident) });
    await notify(tx, policy, 'device-changed', {
      incident: change.incident,
      line: [`phone ${change.device} ${done ? word : `could not be ${word}`}`],
    });
  });
}

/** A wipe was asked for since somebody alone said this, and it goes first: said in the thread. */
async function wasOvertaken(
  { store }: JobContext,
  change: DeviceChange,
  { device, blocked }: { device: IncidentDevice; blocked: boolean },
): Promise<boolean> {
  const wipe = await openWipeOf(store.db, device.guid);
  const why = blocked
    ? wipe && `${howItStands(wipe)}, and a blocked phone never hears of it.`
    : voidedByUnblocking(wipe);
  if (why === undefined) return false;
  const headline = `Phone ${change.device} was not ${blocked ? 'blocked' : 'unblocked'}.`;
  await store.change((tx) => replyOnIncident(tx, change.incident, 'warning', headline, ` ${why}`));
  return true;
}

/**
 * Removes a partnership. Without an approval only after a fresh read of the acknowledgement; with one that names that it ends
 * the wipe, also before: the only way to save a phone found too late.
 */
export async function removeDevicePartnership(context: JobContext, change: DeviceChange): Promise<void> {
  const { store, policy } = context;
  const view = await loadIncident(store.db, change.incident);
  const device = view.devices.find((candidate) => candidate.number === change.device);
  if (device === undefined) return;
  const exchange = context.exchange(view.incident.organisation);
  const before = await readDevice({ db: store.db, exchange }, view.owner.guid, device.guid);
  if (before.kind === 'not-known') throw removalNotKnown(change, 'before');
  const facts = before.kind === 'found' ? before.facts : undefined;
  const wipe = view.wipes.filter((candidate) => candidate.deviceNumber === change.device).at(-1);
  if (change.approval === null) {
    const acknowledged =
      facts !== undefined &&
      wipe?.state === 'acknowledged' &&
      wipeTimesKnown(facts) &&
      timesFor(wipe.scope, facts.wipe).acknowledged !== null;
    // Also one that somebody else asked for, or that is on its way on another incident.
    const unfinished = facts === undefined ? [] : unfinishedRequests(facts);
    if (!acknowledged || unfinished.length > 0 || (await openWipeOf(store.db, device.guid)) !== undefined) {
      await say(
        acknowledged
          ? `I did not remove phone ${change.device}: another wipe of it is on its way.`
          : `I did not remove phone ${change.device}: a fresh read shows no acknowledgement.`,
        `Removing the partnership now would end the wipe; that needs a second person: say "remove device INC-${change.incident} ${change.device}" again.`,
      );
      return;
    }
  }
  if (!(await mayStillChange(context, change, device.guid, { facts }))) return;
  // Also where this one answer does not show it: only our own removal, or Exchange's verdict that there is none, proves it.
  try {
    await asking(context, change.approval, () => exchange.run(removeMobileDevice, { Identity: device.guid }));
  } catch (error) {
    if (facts !== undefined || !isNoSuchDevice(error)) throw error;
  }
  const after = await readDevice({ db: store.db, exchange }, view.owner.guid, device.guid);
  // Neither "removed" nor "still shown" is known: the job runs again and reads again.
  if (after.kind === 'not-known') throw removalNotKnown(change, 'after');
  await store.change(async (tx) => {
    // Its wipe may be another incident's.
    const waiting = await openWipeOf(tx.tx, device.guid);
    const incidents = new Set([change.incident, waiting?.incidentNumber ?? change.incident]);
    for (const number of [...incidents].sort((a, b) => a - b)) await lockIncident(tx, number);
    const gone = after.kind === 'absent';
    const notDone = gone ? null : `Exchange still shows phone ${change.device}.`;
    if (change.approval !== null) await markExecuted(tx, change.approval, notDone);
    const open = gone ? await openWipeOf(tx.tx, device.guid) : undefined;
    const row = open === undefined ? undefined : await lockWipe(tx, open.id);
    await record(tx, {
      incident: change.incident,
      kind: gone ? 'device.removed' : 'device.not-removed',
      by: { guid: change.by },
      data: { device: change.device },
    });
    if (gone) {
      for (const number of incidents) await recordRemoval(tx, number, device.guid);
      if (row !== undefined) {
        await moveWipe(
          tx,
          row,
          { kind: 'partnership-removed' },
          {
            by: { guid: change.by },
            why: 'Removed with a second person’s approval.',
            set: { endedAt: tx.now, exchangeHolds: false },
          },
        );
      }
    }
    await replyOnIncident(
      tx,
      change.incident,
      gone ? 'success' : 'danger',
      gone ? `The partnership of phone ${change.device} is removed.` : `Exchange still shows phone ${change.device}.`,
      gone ? ' A phone that connects again starts a new partnership.' : ' Try again.',
    );
    // A request of others that ended with it may have been the last that the password waited for.
    if (gone) for (const number of incidents) await holdAfterWipes(tx, number, { guid: change.by });
    await notify(tx, policy, 'partnership-removed', {
      incident: change.incident,
      line: [`partnership of phone ${change.device} ${gone ? 'removed' : 'could not be removed'}`],
    });
  });

  async function say(first: string, rest: string): Promise<void> {
    await store.change((tx) => replyOnIncident(tx, change.incident, 'warning', first, ` ${rest}`));
  }
}

/**
 * Whether an approved change may still be made: in time, by people who may still ask and decide, and with no wipe of the phone that its
 * approver was not shown. One that may not ends here, which is said. `removal`: the phone as just read, where the partnership would go.
 */
async function mayStillChange(
  context: JobContext,
  { approval: id, by, incident }: DeviceChange,
  deviceGuid: string,
  removal?: { facts: DeviceFacts | undefined },
): Promise<boolean> {
  if (id === null) return true;
  const { store, policy, approvals } = context;
  return store.change(async (change) => {
    const decisions = await decisionsOf(change.tx, id);
    await lockPeople(change, [by, ...decisions.map((made) => made.actorGuid)]);
    await lockIncident(change, incident);
    const approval = await lockApproval(change, id);
    if (approval.state !== 'approved' || approval.approvedAt === null) return false;
    const tooLate = approval.executeBy === null || change.now >= approval.executeBy;
    const why = tooLate
      ? null
      : ((await approvalRefusal(change, context, approval)) ??
        (await wipeNotShown(change, approval.approvedAt, deviceGuid, removal)) ??
        (await approvals.whyFallen(change, policy, approval)));
    if (why === undefined) return true;
    await approvals.end(change, policy, approval, tooLate ? 'lapsed' : 'voided', { by: null, why });
    await change.enqueue('read-devices', { incident }, { key: String(incident) });
    return false;
  });
}

/** Asks Exchange for what was approved: from here on nobody says "not carried out", unless the answer proves it. */
async function asking<T>({ store, clock }: JobContext, approval: number | null, ask: () => Promise<T>): Promise<T> {
  const first = approval !== null && (await markAsked(store.db, approval, clock.now()));
  try {
    return await ask();
  } catch (error) {
    const notReached = error instanceof ExchangeError && error.reached === 'no';
    if (first && notReached) await markNotAsked(store.db, approval);
    throw error;
  }
}

/** A wipe that a block would stop, or that a removal would end although its approver, at `decidedAt`, was not shown it. */
async function wipeNotShown(
  change: Change,
  decidedAt: Date,
  deviceGuid: string,
  removal: { facts: DeviceFacts | undefined } | undefined,
): Promise<string | undefined> {
  const wipe = await openWipeOf(change.tx, deviceGuid);
  if (wipe !== undefined && blocksDeviceChanges(wipe.state)) {
    const approved = await change.tx
      .selectFrom('wipeTransition')
      .select('at')
      .where('wipeId', '=', wipe.id)
      .where('toState', '=', 'approved')
      .executeTakeFirst();
    const wasShown = wipe.requestedAt !== null && approved !== undefined && approved.at <= decidedAt;
    if (removal === undefined || !wasShown)
      return `The wipe of this phone on INC-${wipe.incidentNumber} is ${outcomeWord(wipe.state)}.`;
  }
  const since = (removal?.facts === undefined ? [] : unfinishedRequests(removal.facts)).find(
    ({ requestedAt }) =>
      Date.parse(requestedAt) > decidedAt.getTime() && Date.parse(requestedAt) !== wipe?.requestedAt?.getTime(),
  );
  return since === undefined
    ? undefined
    : `Since it was approved ${requestorName(since)} asked Exchange for a wipe of this phone (${since.scope}).`;
}

function changeNotKnown({ incident, device }: DeviceChange, blocked: boolean): MislaidError {
  const done = blocked ? 'blocked' : 'unblocked';
  return new MislaidError({
    code: 'block-not-read-back',
    message: `Exchange does not show the mailbox of INC-${incident}, so it is not known whether phone ${device} is ${done}`,
    userMessage: `Whether phone ${device} is ${done} is not known yet. I am reading it again.`,
  });
}

/** Exchange's verdicts that it knows no such device (failures.ts). */
function isNoSuchDevice(error: unknown): boolean {
  return (
    error instanceof ExchangeError &&
    error.reached === 'refused' &&
    (error.code === 'exchange-not-found' || error.code === 'exchange-device-not-in-mailbox')
  );
}

function removalNotKnown({ incident, device }: DeviceChange, when: 'before' | 'after'): MislaidError {
  return new MislaidError({
    code: 'removal-not-read-back',
    message: `Exchange does not show the devices of INC-${incident} whole ${when} removing phone ${device}`,
    userMessage: 'Whether the partnership is there, or removed, is not known yet. I am reading it again.',
  });
}
