/**
 * How likely and how soon a device hears of a wipe, and why: an estimate from what Exchange last saw, said as an estimate.
 * A phone in a hanging Ping notices when that Ping ends, at most its heartbeat later (Exchange facts 5.3); what keeps a
 * phone from ever hearing stands in 5.4.
 */
import { day, hour, minute, second } from '../../ground/durations.ts';
import { type DeviceFacts, isOutlookApp, versionText } from './device.ts';

export type Likelihood = 'likely' | 'perhaps' | 'unlikely' | 'no' | 'not-known';

export type Reachability = {
  likelihood: Likelihood;
  /** Seconds until it has probably asked Exchange again; absent when nothing can be said. */
  withinSeconds?: number;
  /** Pieces that follow a colon, most important first. */
  because: readonly string[];
  /** One sentence of all of it. */
  summary: string;
};

export type ReachabilityInput = {
  device: DeviceFacts;
  /** When the facts were read: age since then proves nothing about the phone. */
  readAt: Date;
  /** When the account's password was last set; null or absent: not known. */
  passwordChangedAt?: Date | null;
  /** false: the account is disabled. */
  accountEnabled?: boolean | undefined;
  /** Whether it is a mailbox of Exchange Online; undefined: not known. */
  online?: boolean | undefined;
};

/** Between the end of a Ping and the next request, phones and servers take a little while (seconds). */
const slack = 30;

/** From then on Exchange Online refuses ActiveSync below 16.1 (Exchange facts 1.1, MC1197103). */
const onlineNeedsFrom = new Date('2026-03-01T00:00:00Z');
const onlineNeeds = 161;

export function reachability(input: ReachabilityInput): Reachability {
  const { device, readAt, passwordChangedAt = null, accountEnabled } = input;
  if (device.wipeSupported === false) {
    const because = 'it does not support being wiped, so Exchange would only block it';
    return { likelihood: 'no', because: [because], summary: `No wipe works on it: ${because}.` };
  }
  const contact = lastContact(device);
  if (accountEnabled === false) return answer('no', ['the account is disabled, so the phone cannot log in']);
  const refused = refusedOnline(input);
  if (refused !== undefined && (contact === undefined || contact < onlineNeedsFrom)) return answer('no', [refused]);
  if (contact === undefined) {
    return contactKnown(input)
      ? answer('unlikely', ['it has never synced'])
      : answer('not-known', ['Exchange does not say when it last connected']);
  }
  const silentFor = Math.max(0, readAt.getTime() - contact.getTime());
  const against: string[] = [];
  const state = device.accessState.toLowerCase();
  if (refused !== undefined) against.push(`${refused}, and yet this one has connected since: both cannot be right`);
  if (state === 'blocked') against.push('Exchange blocks it, and a blocked phone may not be told');
  if (state === 'quarantined') against.push('it is quarantined');
  if (passwordChangedAt !== null && passwordChangedAt.getTime() > contact.getTime()) {
    against.push('the password was changed since it last connected, so it is probably turned away');
  }
  if (rejectedSinceSync(device)) against.push('its last attempts did not end in a sync');
  if (silentFor > 14 * day) return answer('unlikely', [`it has not connected for ${spell(silentFor)}`, ...against]);
  if (against.length > 0) return answer('unlikely', against);
  return byHabit(device, silentFor);
}

function byHabit(device: DeviceFacts, silentFor: number): Reachability {
  const heartbeat = device.lastHeartbeatSeconds ?? 0;
  const held = heartbeat * second;
  if (isOutlookApp(device)) {
    if (silentFor <= day)
      return answer('likely', [`the app connected ${spell(silentFor)} ago`], (15 * minute) / second);
    return answer('perhaps', [`the app last connected ${spell(silentFor)} ago and hears when it is next opened`]);
  }
  if (heartbeat > 0 && silentFor <= held + 5 * minute) {
    return answer('likely', [`it holds a connection to the server (heartbeat ${heartbeat} s)`], heartbeat + slack);
  }
  if (heartbeat > 0 && silentFor <= 2 * hour) {
    return answer('perhaps', [
      `its connection (heartbeat ${heartbeat} s) should have been renewed by now; it last connected ${spell(silentFor)} ago`,
    ]);
  }
  if (silentFor <= 2 * hour) {
    return answer('likely', [`it polls the server and last connected ${spell(silentFor)} ago`], (2 * hour) / second);
  }
  if (silentFor <= 2 * day) return answer('perhaps', [`it last connected ${spell(silentFor)} ago`]);
  return answer('unlikely', [`it has not connected for ${spell(silentFor)}`]);
}

function answer(likelihood: Likelihood, because: readonly string[], withinSeconds?: number): Reachability {
  const reason = because.join('; ');
  return {
    likelihood,
    ...(withinSeconds === undefined ? {} : { withinSeconds }),
    because,
    summary: `${opening(likelihood, withinSeconds)}: ${reason}.`,
  };
}

function opening(likelihood: Likelihood, withinSeconds: number | undefined): string {
  if (likelihood === 'no') return 'Cannot hear of a wipe now';
  if (likelihood === 'not-known') return 'Whether it hears of a wipe is not known';
  if (likelihood === 'unlikely') return 'Unlikely to hear of a wipe';
  if (likelihood === 'perhaps') return 'May hear of a wipe, when is not known';
  if (withinSeconds === undefined) return 'Likely to hear of a wipe soon';
  return `Likely to hear of a wipe within about ${spell(withinSeconds * second)}`;
}

/** The later of the last sync and the last attempt: any request can carry the news. */
function lastContact(device: DeviceFacts): Date | undefined {
  const times = [device.lastSync, device.lastAttempt].filter((time) => time !== null).map((time) => Date.parse(time));
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}

/** It tries and does not get through: attempts go on for over a day after the last sync that worked. */
function rejectedSinceSync(device: DeviceFacts): boolean {
  if (device.lastAttempt === null) return false;
  if (device.lastSync === null) return true;
  return Date.parse(device.lastAttempt) - Date.parse(device.lastSync) > day;
}

/** `12 minutes`, rounded; whole words because it stands inside a sentence. */
function spell(duration: number): string {
  if (duration < 90 * second) return 'a minute';
  if (duration < 90 * minute) return `${Math.round(duration / minute)} minutes`;
  if (duration < 36 * hour) return `${Math.round(duration / hour)} hours`;
  return `${Math.round(duration / day)} days`;
}

/** Exchange Online leaves Outlook's sync times empty (Exchange facts 1.1): an empty one means "never" only where this is known to be no Online. */
export function mayGoUnreported({ device, online }: Pick<ReachabilityInput, 'device' | 'online'>): boolean {
  return online !== false && isOutlookApp(device) && device.lastSync === null;
}

const contactProperties: readonly string[] = ['LastSuccessSync', 'LastSyncAttemptTime'];

/** Whether an empty time of contact means that there was none. */
export function contactKnown(input: Pick<ReachabilityInput, 'device' | 'online'>): boolean {
  const { device } = input;
  return (
    device.knownTo !== 'directory' &&
    !device.contradicted &&
    !device.unreadable.some((property) => contactProperties.includes(property)) &&
    !mayGoUnreported(input)
  );
}

function refusedOnline({ device, online }: ReachabilityInput): string | undefined {
  const version = device.clientVersion;
  if (online !== true || device.client !== 'eas' || isOutlookApp(device)) return undefined;
  if (version === null || version >= onlineNeeds) return undefined;
  return `Exchange Online has refused ActiveSync below 16.1 since 1 March 2026, and this phone speaks ${versionText(version)}`;
}
