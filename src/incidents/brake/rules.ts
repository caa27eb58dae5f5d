import { day, minute } from '../../ground/durations.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import type { Policy } from '../../policy.ts';

/** One thing that the brake counts. It is told from others by its order, never by a time: hosts disagree about that. */
export type Counted = {
  /** Grows with each; from 1. */
  readonly order: number;
  /** In milliseconds; negative where a clock was set back, which counts as young. */
  readonly age: number;
  readonly requester: PersonGuid;
};

export type BrakeVerdict =
  | { kind: 'ok' }
  /** Only this requester is refused, and security is told. */
  | { kind: 'refuse-requester'; count: number; limit: number; userMessage: string }
  /** Everything locks before the next wipe is issued. */
  | {
      kind: 'lock-all';
      window: 'ten-minutes' | 'day';
      count: number;
      limit: number;
      people: number;
      userMessage: string;
    };

export type BrakeInput = {
  /** What was counted in the last 24 hours in this organisation, drills apart. */
  counted: readonly Counted[];
  requester: PersonGuid;
  policy: Policy;
  /**
   * The order of what was counted last before the last unlocking by two admins, 0 without one: the limits for all count from there, or the
   * same wipes would lock again at once. A requester's own limit is not reset by it.
   */
  unlockedAfter?: number;
};

/** Asked before each single wipe is issued; `ok` lets exactly one through. A day is the last 24 hours, whatever the date. */
export function checkBrake({ counted: all, requester, policy, unlockedAfter = 0 }: BrakeInput): BrakeVerdict {
  const { perRequesterAndDay, perTenMinutes, perDay } = policy.brake;
  const today = all.filter(({ age }) => age < day);
  const own = today.filter((each) => each.requester === requester).length;
  if (own >= perRequesterAndDay) {
    return {
      kind: 'refuse-requester',
      count: own,
      limit: perRequesterAndDay,
      userMessage: `${plural(own)} asked by one person were issued in the last 24 hours, and ${perRequesterAndDay} is the limit. Somebody else must ask for the next one.`,
    };
  }
  const counted = today.filter(({ order }) => order > unlockedAfter);
  const recent = counted.filter(({ age }) => age < 10 * minute);
  if (recent.length >= perTenMinutes) return lockAll('ten-minutes', recent, perTenMinutes);
  if (counted.length >= perDay) return lockAll('day', counted, perDay);
  return { kind: 'ok' };
}

function lockAll(window: 'ten-minutes' | 'day', counted: readonly Counted[], limit: number): BrakeVerdict {
  const people = new Set(counted.map((each) => each.requester)).size;
  const span = window === 'day' ? '24 hours' : '10 minutes';
  const who = people === 1 ? 'one person' : `${people} people`;
  return {
    kind: 'lock-all',
    window,
    count: counted.length,
    limit,
    people,
    userMessage: `${plural(counted.length)} in ${span} by ${who}; the next one was not issued, all wipes are locked, two admins must unlock.`,
  };
}

function plural(count: number): string {
  return count === 1 ? '1 wipe' : `${count} wipes`;
}
