/** When each of a person's phones was last heard of: Exchange's statistics and the logs side by side. Pure. */
import { latest } from '../ground/instants.ts';
import type { DeviceFacts } from '../incidents/devices/device.ts';
import type { Phone } from './phones.ts';
import type { Moment } from './usage.ts';

export type SeenPhone = {
  facts: DeviceFacts | undefined;
  phone: Phone | undefined;
  name: string;
  lastAttempt: Date | null;
  lastSuccess: Date | null;
  /** Where the newest attempt came from, as far as logs tell. */
  attempt: Moment | null;
  refused: Moment | null;
  /** It may hang in a Ping of so many seconds, and its line is written only when that ends. */
  hangingSeconds: number | null;
};

/** The longest Ping that Exchange allows (MaxHeartbeatInterval), which is how far logs may lag. */
export const longestLagMinutes = 59;

/** Joins by device id; phones that only one side knows stand alone. The newest first. */
export function seenPhones(facts: readonly DeviceFacts[], phones: readonly Phone[], now: Date): SeenPhone[] {
  const left = new Map(phones.map((phone) => [phone.deviceId.toLowerCase(), phone]));
  const seen = facts.map((device) => {
    const phone = left.get(device.deviceId.toLowerCase());
    left.delete(device.deviceId.toLowerCase());
    return seenPhone(device, phone, now);
  });
  const others = [...left.values()]
    .filter(({ clients }) => clients.length > 0)
    .map((phone) => seenPhone(undefined, phone, now));
  return [...seen, ...others].sort((one, other) => time(other.lastAttempt) - time(one.lastAttempt));
}

function seenPhone(facts: DeviceFacts | undefined, phone: Phone | undefined, now: Date): SeenPhone {
  const usage = phone?.usage;
  const success = latest([dateOf(facts?.lastSync), usage?.lastLetIn?.end]);
  const attempt = latest([dateOf(facts?.lastAttempt), usage?.lastAttempt?.end, success]);
  const heartbeat = facts?.lastHeartbeatSeconds ?? 0;
  const quiet = attempt === null ? Number.POSITIVE_INFINITY : (now.getTime() - attempt.getTime()) / 1000;
  // Ended refused, it does not hang; quiet for longer than it asked to wait, it is gone.
  const hangs = heartbeat > 0 && quiet <= heartbeat + 120 && usage?.lastAttempt?.why === 'ok';
  return {
    facts,
    phone,
    name: facts?.name ?? phone?.names.model ?? 'Unnamed device',
    lastAttempt: attempt,
    lastSuccess: success,
    attempt: usage?.lastAttempt ?? null,
    refused: usage?.lastRefused ?? null,
    hangingSeconds: hangs ? heartbeat : null,
  };
}

function dateOf(iso: string | null | undefined): Date | null {
  return iso === null || iso === undefined ? null : new Date(iso);
}

function time(at: Date | null): number {
  return at?.getTime() ?? 0;
}
