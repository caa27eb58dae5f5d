/**
 * How likely and how soon a device hears of a wipe, and why: an estimate from what Exchange last saw, said as an estimate.
 * A phone in a hanging Ping notices when that Ping ends, at most its heartbeat later (Exchange facts 5.3); what keeps a
 * phone from ever hearing stands in 5.4.
 */
import { type DeviceFacts, isOutlookApp } from './device.ts';

export type Likelihood = 'likely' | 'perhaps' | 'unlikely' | 'no';

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
  now: Date;
  /** When the account's password was last set; null or absent: not known. */
  passwordChangedAt?: Date | null;
  /** false: the account is disabled. */
  accountEnabled?: boolean | undefined;
};

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
/** Between the end of a Ping and the next request, phones and servers take a little while. */
const slackSeconds = 30;

export function reachability(input: ReachabilityInput): Reachability {
  const { device, now, passwordChangedAt = null, accountEnabled } = input;
  const contact = lastContact(device);
  if (accountEnabled === false) return answer('no', ['the account is disabled, so the phone cannot log in']);
  if (contact === undefined) return answer('unlikely', ['it has never synced']);
  const silentFor = Math.max(0, (now.getTime() - contact.getTime()) / 1000);
  const against: string[] = [];
  const state = device.accessState.toLowerCase();
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
  if (isOutlookApp(device)) {
    if (silentFor <= day) return answer('likely', [`the app connected ${spell(silentFor)} ago`], 15 * minute);
    return answer('perhaps', [`the app last connected ${spell(silentFor)} ago and hears when it is next opened`]);
  }
  if (heartbeat > 0 && silentFor <= heartbeat + 5 * minute) {
    return answer(
      'likely',
      [`it holds a connection to the server (heartbeat ${heartbeat} s)`],
      heartbeat + slackSeconds,
    );
  }
  if (heartbeat > 0 && silentFor <= 2 * hour) {
    return answer('perhaps', [
      `its connection (heartbeat ${heartbeat} s) should have been renewed by now; it last connected ${spell(silentFor)} ago`,
    ]);
  }
  if (silentFor <= 2 * hour) {
    return answer('likely', [`it polls the server and last connected ${spell(silentFor)} ago`], 2 * hour);
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
  if (likelihood === 'unlikely') return 'Unlikely to hear of a wipe';
  if (likelihood === 'perhaps') return 'May hear of a wipe, when is not known';
  if (withinSeconds === undefined) return 'Likely to hear of a wipe soon';
  return `Likely to hear of a wipe within about ${spell(withinSeconds)}`;
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
  return Date.parse(device.lastAttempt) - Date.parse(device.lastSync) > day * 1000;
}

/** `12 minutes`, rounded; whole words because it stands inside a sentence. */
function spell(seconds: number): string {
  if (seconds < 90) return 'a minute';
  if (seconds < 90 * minute) return `${Math.round(seconds / minute)} minutes`;
  if (seconds < 36 * hour) return `${Math.round(seconds / hour)} hours`;
  return `${Math.round(seconds / day)} days`;
}
