/**
 * Whether Exchange was asked for a wipe, from reads alone: the answer of Clear-MobileDevice may be lost, and the cmdlet
 * answers nothing on success. And when to read: after doubt (reconciling), and while following a wipe (watching).
 */
import { after, hour, minute, second } from '../../ground/durations.ts';
import type { WipeScope } from '../../store/tables/wipes.ts';
import { clocksDiffer, type DeviceWipe, type WipeTimes } from '../devices/device.ts';

export type ProofInput = {
  scope: WipeScope;
  /** The wipe times as read just before asking. */
  before: DeviceWipe;
  /** The wipe times as read now. */
  now: DeviceWipe;
  /** When `before` was read. */
  lastReadAt: Date;
  /** policy's `exchange.requestor`; empty where our account has no mailbox, so that Exchange records none. */
  requestor: string;
};

export type Proof =
  | { kind: 'proved'; requestedAt: Date }
  /** This scope's request time is what it was. */
  | { kind: 'not-seen' }
  /**
   * A request is there that cannot be called ours: neither `requested` nor `not asked` may be concluded, a person must look.
   * `not-later` points at a clock that differs between Exchange and us.
   */
  | { kind: 'doubt'; why: 'other-requestor' | 'not-later'; requestedAt: Date; description: string };

/** Proof: this scope's request time differs from the stored one, is later than our last read as far as two clocks tell, and the requestor is ours. */
export function provesRequest(input: ProofInput): Proof {
  let doubt: Proof | undefined;
  for (const [before, now] of timesOfScope(input)) {
    if (!moved(before, now)) continue;
    const requestedAt = new Date(now.requested ?? '');
    if (!isOurs(now, input.requestor)) {
      doubt = {
        kind: 'doubt',
        why: 'other-requestor',
        requestedAt,
        description:
          "Exchange shows a wipe request that another account made. If that is the bot's own account, an admin corrects exchange.requestor in policy.yaml; if not, whether ours was taken is known once that request has ended. Until then security or an admin may release the hold.",
      };
      continue;
    }
    if (requestedAt.getTime() <= input.lastReadAt.getTime() - clocksDiffer) {
      doubt ??= {
        kind: 'doubt',
        why: 'not-later',
        requestedAt,
        description:
          "Exchange shows a new request of the bot's account, dated before our last read: its clock and ours differ by more than a minute, as doctor tells. I go on reading.",
      };
      continue;
    }
    return { kind: 'proved', requestedAt };
  }
  return doubt ?? { kind: 'not-seen' };
}

/**
 * Account-only was asked and the full wipe's request time moved: `-Cancel` must follow at once and security is alarmed.
 * Not bound to our clock: a cancel too many costs a new proposal, a factory reset too many costs somebody's photos.
 */
export function wrongScopeMoved(input: ProofInput): boolean {
  if (input.scope !== 'account-only') return false;
  return moved(input.before.full, input.now.full) && isOurs(input.now.full, input.requestor);
}

/** The wipe times that speak for a scope. On an Outlook device either may move: both do the same there. */
export function timesFor(scope: WipeScope, wipe: DeviceWipe): WipeTimes {
  if (scope === 'full') return wipe.full;
  if (scope === 'account-only') return wipe.accountOnly;
  return instantOf(wipe.accountOnly.requested) > instantOf(wipe.full.requested) ? wipe.accountOnly : wipe.full;
}

const reconcileAfter = [0, 30 * second, 2 * minute, 5 * minute, 16 * minute] as const;

/** When a call in doubt is read again, counted from its deadline. An online cmdlet may go on for 15 minutes, hence the last. */
export function reconcileSchedule(callDeadline: Date): Date[] {
  return reconcileAfter.map((wait) => after(callDeadline, wait));
}

/** The instant of reconciling step n (0, 1, …); after the last step every five minutes until a read succeeds. */
export function reconcileAt(callDeadline: Date, step: number): Date {
  const planned = reconcileSchedule(callDeadline)[step];
  if (planned !== undefined) return planned;
  const late = step - reconcileAfter.length + 1;
  return after(callDeadline, (16 + late * 5) * minute);
}

/** So long after its deadline (milliseconds) no call is under way any more, and no answer lags. */
const settledAfter = 16 * minute;

/**
 * Whether a request dated before our last read is ours all the same, once nothing is under way any more: that reading did not show it, it
 * bears the name of our account, and it is none that we made or saw before (`isNew`, by the store). What differs are the clocks.
 */
export function provesDespiteClocks(input: {
  callDeadline: Date;
  readAt: Date;
  proof: Proof;
  requestor: string;
  isNew: boolean;
}): boolean {
  const { callDeadline, readAt, proof, requestor, isNew } = input;
  const notLater = proof.kind === 'doubt' && proof.why === 'not-later';
  return notLater && isNew && requestor.trim() !== '' && readAt >= after(callDeadline, settledAfter);
}

/** Only a read that succeeded, 16 minutes or more after the deadline, and showed no request, proves that Exchange was not asked. */
export function provesNotAsked(input: { callDeadline: Date; readAt: Date; proof: Proof }): boolean {
  return input.proof.kind === 'not-seen' && input.readAt >= after(input.callDeadline, settledAfter);
}

/** [reads of this pace, pace]: close at first (Outlook hears within seconds), then about as often as a phone may connect. */
const watchPaces: readonly (readonly [number, number])[] = [
  [6, 10 * second],
  [8, 30 * second],
  [25, minute],
  [30, 2 * minute],
  [36, 5 * minute],
  [72, 15 * minute],
];

/** Milliseconds until the next read of a wipe that is followed, after `step` reads. It never ends: Exchange keeps a request for ever. */
export function watchSchedule(step: number): number {
  let left = step;
  for (const [reads, pace] of watchPaces) {
    if (left < reads) return pace;
    left -= reads;
  }
  return hour;
}

function timesOfScope(input: ProofInput): readonly (readonly [WipeTimes, WipeTimes])[] {
  const full = [input.before.full, input.now.full] as const;
  const accountOnly = [input.before.accountOnly, input.now.accountOnly] as const;
  if (input.scope === 'full') return [full];
  if (input.scope === 'account-only') return [accountOnly];
  return [full, accountOnly];
}

function moved(before: WipeTimes, now: WipeTimes): boolean {
  return now.requested !== null && instantOf(now.requested) !== instantOf(before.requested);
}

function isOurs(times: WipeTimes, requestor: string): boolean {
  return (times.requestor ?? '').trim().toLowerCase() === requestor.trim().toLowerCase();
}

function instantOf(text: string | null): number {
  return text === null ? Number.NEGATIVE_INFINITY : Date.parse(text);
}
