/**
 * One contact of one phone: what it asks, what Exchange answers, and when it comes again. Pure: what it is told in, what
 * changes out. Order of Exchange's checks: authentication, ActiveSync enabled, partnership, access, wipe.
 */
import type { Insertable } from 'kysely';
import { assertNever } from '../../ground/errors.ts';
import type { LabContactTable } from '../../store/tables/lab.ts';
import type { LabAccess } from './access.ts';
import type { LabDevice } from './device-row.ts';
import { adapted, type PlannedPing, planPing } from './heartbeat.ts';
import type { LabMailbox } from './mailboxes.ts';

export type LabSurroundings = {
  mailbox: LabMailbox;
  access: LabAccess;
  server: { name: string; minHeartbeat: number; maxHeartbeat: number };
  edge: { name: string; idleSeconds: number } | undefined;
  random: () => number;
  uuid: () => string;
};

export type LabContact = Insertable<LabContactTable>;

/** `afterSeconds` follows the phones' rhythm (LAB_SPEED shortens it); `afterMs` is a machine's answer and does not. */
export type LabOutcome = {
  device: LabDevice;
  contacts: LabContact[];
  next: { afterSeconds: number } | { afterMs: number } | 'never';
};

/** Seconds until a phone that was turned away tries again. */
const retrySeconds = { unauthorised: 600, blocked: 900 } as const;

export function contactOf(device: LabDevice, at: Date, around: LabSurroundings): LabOutcome {
  const seen = { ...device, contacts: device.contacts + 1 };
  if (device.step === 'ping-end') return endPing(seen, at, around);

  const turnedAway = turnAway(seen, at, around);
  if (turnedAway !== undefined) return turnedAway;
  switch (device.step) {
    case 'request':
      return request(seen, at, around);
    case 'provision':
      return handOver(seen, at, around);
    case 'acknowledge':
      return acknowledge(seen, at, around);
    default:
      return assertNever(device.step, 'step of a phone');
  }
}

/** Who is turned away never hears of a wipe. */
function turnAway(device: LabDevice, at: Date, around: LabSurroundings): LabOutcome | undefined {
  const { mailbox, access } = around;
  const tries = (afterSeconds: number, contact: LabContact): LabOutcome => ({
    device: { ...device, step: 'request' },
    contacts: [contact],
    next: { afterSeconds },
  });
  if (device.stalePassword || mailbox.accountDisabled) {
    const refused = { command: 'Sync', httpStatus: 401, easStatus: null, win32Status: 1326, durationMs: 12 };
    return tries(retrySeconds.unauthorised, contact(device, at, around, refused));
  }
  const forbidden = { command: 'Sync', httpStatus: 403, durationMs: 25 };
  if (!mailbox.activeSyncEnabled) {
    const line = contact(device, at, around, { ...forbidden, easStatus: 126, error: 'UserDisabledForSync' });
    return tries(retrySeconds.blocked, line);
  }
  const unableToWipe = device.present && wipeOf(device) !== undefined && !device.wipeSupported;
  if (access.state === 'Blocked' || unableToWipe) {
    const line = contact(device, at, around, { ...forbidden, easStatus: 129, error: 'DeviceIsBlockedForThisUser' });
    return { ...tries(retrySeconds.blocked, line), device: { ...device, step: 'request', lastSyncAttempt: at } };
  }
  return undefined;
}

function request(device: LabDevice, at: Date, around: LabSurroundings): LabOutcome {
  const met = device.present ? device : partnered(device, at, around.uuid());
  if (wipeOf(met) !== undefined) {
    // 14.0 and later are told in the body, older ones by the HTTP status.
    const httpStatus = versionOf(met) < 140 ? 403 : 200;
    const line = contact(met, at, around, {
      command: 'Sync',
      httpStatus,
      easStatus: 140,
      error: 'RemoteWipeRequested',
    });
    const told: LabDevice = { ...met, lastSyncAttempt: at, step: 'provision' };
    return { device: told, contacts: [line], next: { afterMs: 1000 } };
  }
  const command = met.firstSyncTime === null || !device.present ? 'FolderSync' : 'Sync';
  const line = contact(met, at, around, {
    command,
    httpStatus: 200,
    easStatus: 1,
    durationMs: 60 + Math.floor(around.random() * 200),
  });
  const synced: LabDevice = {
    ...met,
    step: 'request',
    firstSyncTime: met.firstSyncTime ?? at,
    lastSyncAttempt: at,
    lastPolicyUpdate: met.lastPolicyUpdate ?? at,
    lastSuccessSync: around.access.state === 'Quarantined' ? met.lastSuccessSync : at,
  };
  if (met.rhythm === 'poll' || around.access.state === 'Quarantined') {
    const afterSeconds = met.pollSeconds * (0.9 + around.random() * 0.2);
    return { device: synced, contacts: [line], next: { afterSeconds } };
  }
  return hang(synced, at, around, [line]);
}

/** Begins to wait for mail. How the Ping will end is drawn now. */
function hang(device: LabDevice, at: Date, around: LabSurroundings, before: LabContact[]): LabOutcome {
  const { minHeartbeat, maxHeartbeat } = around.server;
  const heartbeat = Math.min(Math.max(device.heartbeat, minHeartbeat), maxHeartbeat);
  const contacts =
    heartbeat === device.heartbeat
      ? before
      : // Out of range: the server answers with the bound, and the phone takes it.
        [
          ...before,
          contact(device, at, around, { command: 'Ping', httpStatus: 200, easStatus: 5, heartbeat: device.heartbeat }),
        ];
  const ping: PlannedPing = planPing({
    heartbeat,
    idleSeconds: around.edge?.idleSeconds,
    mailsPerHour: around.mailbox.mailsPerHour,
    random: around.random,
  });
  return {
    device: {
      ...device,
      heartbeat,
      lastPingHeartbeat: heartbeat,
      step: 'ping-end',
      pingMs: ping.milliseconds,
      pingEnd: ping.end,
    },
    contacts,
    next: { afterSeconds: ping.milliseconds / 1000 },
  };
}

function endPing(device: LabDevice, at: Date, around: LabSurroundings): LabOutcome {
  const ends = {
    expired: { easStatus: 1, win32Status: 0 },
    mail: { easStatus: 2, win32Status: 0 },
    cut: { easStatus: null, win32Status: 64 },
    dropped: { easStatus: null, win32Status: 995 },
  } as const;
  const line = contact(device, at, around, {
    command: 'Ping',
    httpStatus: 200,
    heartbeat: device.heartbeat,
    durationMs: device.pingMs,
    ...ends[device.pingEnd],
  });
  return { device: { ...device, ...adapted(device), step: 'request' }, contacts: [line], next: { afterMs: 200 } };
}

/** Exchange hands the directive to the phone: this is Sent. A wipe that was taken back meanwhile is not handed over. */
function handOver(device: LabDevice, at: Date, around: LabSurroundings): LabOutcome {
  const wipe = device.present ? wipeOf(device) : undefined;
  const line = contact(device, at, around, { command: 'Provision', httpStatus: 200, easStatus: 1 });
  if (wipe === undefined) return { device: { ...device, step: 'request' }, contacts: [line], next: { afterMs: 500 } };
  // As in Exchange Online: the phone erases itself, and its status stays pending.
  if (device.silentWipe) {
    return { device: { ...device, step: 'request', erasedAt: at }, contacts: [line], next: 'never' };
  }
  const sent = wipe === 'full' ? { wipeSentTime: at } : { accountWipeSentTime: at };
  const afterMs = 2000 + Math.floor(around.random() * 3000);
  return { device: { ...device, ...sent, step: 'acknowledge' }, contacts: [line], next: { afterMs } };
}

/** The phone acknowledges before it erases. A partnership removed meanwhile keeps no acknowledgement; the phone erases all the same. */
function acknowledge(device: LabDevice, at: Date, around: LabSurroundings): LabOutcome {
  const wipe = device.present ? wipeOf(device) : undefined;
  if (device.refusesWipe) {
    const line = contact(device, at, around, { command: 'Provision', httpStatus: 200, easStatus: 2 });
    return { device: { ...device, step: 'request' }, contacts: [line], next: { afterSeconds: retrySeconds.blocked } };
  }
  const line = contact(device, at, around, { command: 'Provision', httpStatus: 200, easStatus: 1 });
  const acknowledged = wipe === undefined ? {} : wipe === 'full' ? { wipeAckTime: at } : { accountWipeAckTime: at };
  return { device: { ...device, ...acknowledged, step: 'request', erasedAt: at }, contacts: [line], next: 'never' };
}

/** The partnership that a phone creates when Exchange does not know it (any more). */
function partnered(device: LabDevice, at: Date, guid: string): LabDevice {
  return { ...device, present: true, guid, firstSyncTime: at, accessState: 'Allowed', accessReason: 'Global' };
}

/** What Exchange tells this phone to erase; also after an acknowledgement, for as long as the partnership stands. */
function wipeOf(device: LabDevice): 'full' | 'account' | undefined {
  if ((device.wipeRequestTime ?? device.wipeAckTime) !== null) return 'full';
  if ((device.accountWipeRequestTime ?? device.accountWipeAckTime) !== null) return 'account';
  return undefined;
}

function versionOf(device: LabDevice): number {
  return Number(device.clientVersion.replaceAll('.', ''));
}

function contact(
  device: LabDevice,
  at: Date,
  around: LabSurroundings,
  said: Pick<LabContact, 'command' | 'httpStatus'> & Partial<LabContact>,
): LabContact {
  const { mailbox, access } = around;
  return {
    at,
    durationMs: 40,
    server: around.server.name,
    edge: around.edge?.name ?? null,
    mailboxGuid: mailbox.exchangeGuid,
    deviceId: device.deviceId,
    deviceType: device.deviceType,
    deviceOs: device.deviceOs,
    userAgent: device.userAgent,
    version: versionOf(device),
    upn: mailbox.upn,
    smtp: mailbox.primarySmtp,
    ip: device.ip,
    heartbeat: null,
    easStatus: 1,
    win32Status: 0,
    error: null,
    access: `${access.state}${access.reason.slice(0, 1)}`,
    requestId: around.uuid(),
    ...said,
  };
}
