/**
 * What a wipe proposal rests on. An approval is for exactly these facts: when one changes, the proposal is void.
 * The last sync is shown as it was and voids nothing (a phone that syncs is what we hope for).
 */
import { z } from 'zod';
import type { WipeScope } from '../../store/tables/wipes.ts';
import {
  ClientKind,
  clientKnown,
  type DeviceFacts,
  DeviceWipe,
  isOutlookApp,
  versionText,
  type WipeTimes,
  wipeTimesKnown,
} from '../devices/device.ts';

export const Frozen = z.object({
  mailboxGuid: z.string(),
  deviceGuid: z.string(),
  firstSync: z.string().nullable(),
  scope: z.enum(['full', 'account-only', 'outlook-app']),
  client: ClientKind,
  clientVersion: z.number().nullable(),
  accessState: z.string(),
  wipe: DeviceWipe,
  /** Hash of the policy's roles and approvals (`approvalsHash`). */
  approvalsHash: z.string(),
});
export type Frozen = z.infer<typeof Frozen>;

export type FreezeInput = {
  mailboxGuid: string;
  device: DeviceFacts;
  scope: WipeScope;
  approvalsHash: string;
};

export function freeze({ mailboxGuid, device, scope, approvalsHash }: FreezeInput): Frozen {
  return {
    mailboxGuid,
    deviceGuid: device.guid,
    firstSync: device.firstSync,
    scope,
    client: device.client,
    clientVersion: device.clientVersion,
    accessState: device.accessState,
    wipe: device.wipe,
    approvalsHash,
  };
}

/**
 * Whether a reading tells what a wipe may be issued on: its wipe times, that it is still the partnership of the proposal, and, for
 * anything milder than full, what a wipe does on this client. Other facts that cannot be read keep no phone from its wipe.
 */
export function tellsEnough(frozen: Frozen, device: DeviceFacts): boolean {
  if (!wipeTimesKnown(device) || (frozen.firstSync !== null && device.firstSync === null)) return false;
  if (frozen.scope === 'full') return true;
  if (!clientKnown(device)) return false;
  return frozen.scope === 'account-only'
    ? device.client === 'eas' && device.clientVersion !== null
    : isOutlookApp(device);
}

/**
 * One sentence for each frozen fact that is known to be another one now; empty when the proposal still stands. What this reading does
 * not tell is no other fact than the frozen one.
 */
export function changedSince(frozen: Frozen, input: FreezeInput): string[] {
  const now = freeze(input);
  const changes: string[] = [];
  if (frozen.mailboxGuid !== now.mailboxGuid) changes.push('The device belongs to another mailbox now.');
  if (frozen.deviceGuid !== now.deviceGuid) changes.push('The device is another partnership now.');
  if (now.firstSync !== null && !sameInstant(frozen.firstSync, now.firstSync)) {
    changes.push('The phone synced under a new partnership: its first sync is another one now.');
  }
  if (frozen.scope !== now.scope) changes.push(`The scope would be ${now.scope} now, not ${frozen.scope}.`);
  const sameVersion = now.clientVersion === null || frozen.clientVersion === now.clientVersion;
  const sameClient = now.client === 'other' || frozen.client === now.client;
  if (clientKnown(input.device) && !(sameClient && sameVersion)) {
    changes.push(`The phone connects as ${clientText(now)} now, not as ${clientText(frozen)}.`);
  }
  if (now.accessState !== '' && frozen.accessState.toLowerCase() !== now.accessState.toLowerCase()) {
    changes.push(`Exchange's access state is ${now.accessState} now, not ${frozen.accessState}.`);
  }
  if (wipeTimesKnown(input.device)) {
    changes.push(...wipeChanges('wipe', frozen.wipe.full, now.wipe.full));
    changes.push(...wipeChanges('account-only wipe', frozen.wipe.accountOnly, now.wipe.accountOnly));
  }
  if (frozen.approvalsHash !== now.approvalsHash) {
    changes.push('The policy changed: who holds which role, or what an approval takes.');
  }
  return changes;
}

function wipeChanges(what: string, frozen: WipeTimes, now: WipeTimes): string[] {
  if (!sameInstant(frozen.requested, now.requested)) {
    return [
      now.requested === null
        ? `A ${what} that Exchange held was taken back.`
        : `Somebody asked Exchange for another ${what} of this phone.`,
    ];
  }
  if ((frozen.requestor ?? '').toLowerCase() !== (now.requestor ?? '').toLowerCase()) {
    return [`Exchange names another requestor of the ${what} now.`];
  }
  return [];
}

function clientText(facts: Pick<Frozen, 'client' | 'clientVersion'>): string {
  return facts.clientVersion === null ? facts.client : `${facts.client} ${versionText(facts.clientVersion)}`;
}

function sameInstant(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return one === other;
  return Date.parse(one) === Date.parse(other);
}
