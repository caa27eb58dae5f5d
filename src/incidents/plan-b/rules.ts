/**
 * Plan B: the phone has not heard of the wipe although its longest wait is over. Security is notified, with a ladder of next
 * steps, cheapest first, that says which rung ends the chance of a wipe.
 */
import { after, minute, second } from '../../ground/durations.ts';
import type { Policy } from '../../policy.ts';
import type { WipeState } from '../../store/tables/wipes.ts';

export type PlanBInput = {
  state: WipeState;
  /** When Exchange took the request. */
  requestedAt: Date;
  lastHeartbeatSeconds: number | null;
  policy: Policy;
  /** Somebody said `keep waiting` until then. */
  quietUntil?: Date | null;
  /** When Plan B was last raised for this wipe. */
  raisedAt?: Date | null;
};

/** When Plan B is first due: max(30 min, last heartbeat + 10 min) after the request; figures from policy. */
export function planBFirstDueAt({ requestedAt, lastHeartbeatSeconds, policy }: PlanBInput): Date {
  const plain = policy.planB.afterMinutes * minute;
  const heartbeat =
    lastHeartbeatSeconds === null ? 0 : lastHeartbeatSeconds * second + policy.planB.afterHeartbeatMinutes * minute;
  return after(requestedAt, Math.max(plain, heartbeat));
}

/**
 * When Plan B is due next, first or again; undefined when it is not waited for: only a request that was not yet handed to
 * the phone has one. Unanswered it comes again; `keep waiting` keeps it quiet.
 */
export function planBDueAt(input: PlanBInput): Date | undefined {
  if (input.state !== 'requested') return undefined;
  const { policy, quietUntil = null, raisedAt = null } = input;
  const due = raisedAt === null ? planBFirstDueAt(input) : after(raisedAt, policy.planB.againMinutes * minute);
  return quietUntil !== null && quietUntil.getTime() > due.getTime() ? quietUntil : due;
}

export function planBIsDue(input: PlanBInput, now: Date): boolean {
  const due = planBDueAt(input);
  return due !== undefined && now.getTime() >= due.getTime();
}

export type Rung = {
  readonly id: 'wait' | 'give-up' | 'block' | 'sign-out' | 'suspend-sim';
  readonly does: string;
  readonly costs: string;
  /** After it the phone can no longer hear of a wipe. */
  readonly endsWipe: boolean;
  /** The wipe must be given up first (cancelled in Exchange, and read back). */
  readonly afterGivingUp: boolean;
};

/** The ladder, cheapest first. */
export const ladder: readonly Rung[] = [
  {
    id: 'wait',
    does: 'Wait',
    costs: 'the wipe stays open, and work data stays on the phone meanwhile',
    endsWipe: false,
    afterGivingUp: false,
  },
  {
    id: 'give-up',
    does: 'Give up the wipe',
    costs: 'it is cancelled in Exchange first; what is on the phone stays there',
    endsWipe: true,
    afterGivingUp: false,
  },
  {
    id: 'block',
    does: 'Block the phone in Exchange',
    costs: 'it gets no mail, and it can no longer hear of a wipe; what is on it stays there',
    endsWipe: true,
    afterGivingUp: true,
  },
  {
    id: 'sign-out',
    does: 'Revoke sessions and reset the password',
    costs: 'all of the person’s devices must log in again, and the phone can no longer hear of a wipe',
    endsWipe: true,
    afterGivingUp: true,
  },
  {
    id: 'suspend-sim',
    does: 'Ask the carrier to suspend the SIM',
    costs: 'the number is out of use, and without another network the phone can no longer hear of a wipe',
    endsWipe: true,
    afterGivingUp: true,
  },
];

/** The ladder for a phone that was told and does not erase itself: Exchange takes nothing back any more, and waiting seldom changes it. */
export const ladderOfRefusal: readonly Rung[] = [
  {
    id: 'wait',
    does: 'Wait',
    costs:
      'the phone is told again whenever it connects; that it obeys later is unlikely, and work data stays on it meanwhile',
    endsWipe: false,
    afterGivingUp: false,
  },
  {
    id: 'give-up',
    does: 'Give up the wipe',
    costs:
      'Exchange keeps the request, so the phone is still erased should it ever obey; what is on it stays there until then',
    endsWipe: false,
    afterGivingUp: false,
  },
  ...ladder.filter(({ afterGivingUp }) => afterGivingUp),
];
