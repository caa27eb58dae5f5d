/** Blocking, unblocking and removing one device: what the bot does itself, and refuses while it would stop a wipe. */

import type { Kysely } from 'kysely';
import { getCasMailbox } from '../../exchange/cmdlets/get-cas-mailbox.ts';
import { getMailbox } from '../../exchange/cmdlets/get-mailbox.ts';
import { removeMobileDevice } from '../../exchange/cmdlets/remove-mobile-device.ts';
import { setCasMailbox } from '../../exchange/cmdlets/set-cas-mailbox.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import { notifySecurity } from '../../notices/security.ts';
import type { Database } from '../../store/schema.ts';
import { markExecuted } from '../approvals/approvals.ts';
import { replyOnIncident } from '../incident/reply.ts';
import { record } from '../incident/timeline.ts';
import { loadIncident } from '../incident/view.ts';
import type { JobContext } from '../job.ts';
import { blocksDeviceChanges, outcomeWord } from '../wipe/machine.ts';
import { timesFor } from '../wipe/request-proof.ts';
import { lockWipe, moveWipe, openWipeOf } from '../wipe/wipes.ts';
import { wipeTimesKnown } from './device.ts';
import { readDevice } from './read-facts.ts';

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
  if (blocked) await refuseWhileWiping(store.db, device.guid, 'block');
  const exchange = context.exchange(view.incident.organisation);
  const [mailbox] = await exchange.run(getMailbox, { Identity: view.owner.guid });
  if (mailbox?.guid !== view.owner.guid) return;
  const id = device.facts.deviceId;
  await exchange.run(setCasMailbox, {
    Identity: mailbox.objectGuid,
    ActiveSyncBlockedDeviceIDs: blocked ? { Add: [id] } : { Remove: [id] },
  });
  const [after] = await exchange.run(getCasMailbox, { Identity: mailbox.objectGuid });
  const isBlocked = after?.blockedDeviceIds.some((listed) => listed.toLowerCase() === id.toLowerCase()) ?? false;
  await store.change(async (tx) => {
    const done = isBlocked === blocked;
    const word = blocked ? 'blocked' : 'unblocked';
    if (change.approval !== null) await markExecuted(tx, change.approval);
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
        ? `Phone ${change.device} is ${word} in Exchange.`
        : `Exchange does not show phone ${change.device} as ${word}.`,
      done && blocked
        ? ' It gets no mail, and it can no longer hear of a wipe.'
        : done
          ? ' It may sync again.'
          : ' Try again, or look with Get-CASMailbox.',
    );
    await tx.enqueue('read-devices', { incident: change.incident }, { key: String(change.incident) });
    await notifySecurity(tx, policy, {
      incident: change.incident,
      line: [`phone ${change.device} ${done ? word : `could not be ${word}`}`],
    });
  });
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
  const before = await readDevice(exchange, view.owner.guid, device.guid);
  const facts = before.kind === 'found' ? before.facts : undefined;
  const wipe = view.wipes.filter((candidate) => candidate.deviceNumber === change.device).at(-1);
  if (facts !== undefined && change.approval === null) {
    const acknowledged =
      wipe?.state === 'acknowledged' && wipeTimesKnown(facts) && timesFor(wipe.scope, facts.wipe).acknowledged !== null;
    if (!acknowledged) {
      await say(
        `I did not remove phone ${change.device}: a fresh read shows no acknowledgement.`,
        'Removing the partnership now would end the wipe; that needs a second person.',
      );
      return;
    }
  }
  if (facts !== undefined) await exchange.run(removeMobileDevice, { Identity: device.guid });
  const after = await readDevice(exchange, view.owner.guid, device.guid);
  // Neither "removed" nor "still shown" is known: the job runs again and reads again.
  if (after.kind === 'not-known') {
    throw new MislaidError({
      code: 'removal-not-read-back',
      message: `Exchange does not show the devices of INC-${change.incident} whole, so it is not known whether phone ${change.device} is removed`,
      userMessage: 'Whether the partnership is removed is not known yet. I am reading it again.',
    });
  }
  await store.change(async (tx) => {
    const gone = after.kind === 'absent';
    if (change.approval !== null) await markExecuted(tx, change.approval);
    await record(tx, {
      incident: change.incident,
      kind: gone ? 'device.removed' : 'device.not-removed',
      by: { guid: change.by },
      data: { device: change.device },
    });
    if (gone) {
      await tx.tx
        .updateTable('incidentDevice')
        .set({ present: false })
        .where('incidentNumber', '=', change.incident)
        .where('number', '=', change.device)
        .execute();
      const open = await openWipeOf(tx.tx, device.guid);
      if (open !== undefined) {
        const row = await lockWipe(tx, open.id);
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
    await notifySecurity(tx, policy, {
      incident: change.incident,
      line: [`partnership of phone ${change.device} ${gone ? 'removed' : 'could not be removed'}`],
    });
  });

  async function say(first: string, rest: string): Promise<void> {
    await store.change((tx) => replyOnIncident(tx, change.incident, 'warning', first, ` ${rest}`));
  }
}
