import { day, minute } from '../../ground/durations.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import type { Policy } from '../../policy.ts';

export type Issued = { readonly at: Date; readonly requester: PersonGuid };

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
  /** Every wipe of this organisation that was claimed for issuing within the last 24 hours, drills counted apart. */
  issuedAt: readonly Issued[];
  requester: PersonGuid;
  now: Date;
  policy: Policy;
  /**
   * The last unlocking by two admins: the limits for all count from there, or the same wipes would lock again at once.
   * A requester's own limit is not reset by it.
   */
  unlockedAt?: Date | null;
};

/** Asked before each single wipe is issued; `ok` lets exactly one through. A day is the last 24 hours, whatever the date. */
export function checkBrake({ issuedAt, requester, now, policy, unlockedAt = null }: BrakeInput): BrakeVerdict {
  const { perRequesterAndDay, perTenMinutes, perDay } = policy.brake;
  const today = issuedAt.filter((issued) => isWithin(issued, now, day));
  const own = today.filter((issued) => issued.requester === requester).length;
  if (own >= perRequesterAndDay) {
    return {
      kind: 'refuse-requester',
      count: own,
      limit: perRequesterAndDay,
      userMessage: `${plural(own)} asked by one person were issued in the last 24 hours, and ${perRequesterAndDay} is the limit. Somebody else must ask for the next one.`,
    };
  }
  const counted = unlockedAt === null ? today : today.filter((issued) => issued.at.getTime() > unlockedAt.getTime());
  const recent = counted.filter((issued) => isWithin(issued, now, 10 * minute));
  if (recent.length >= perTenMinutes) return lockAll('ten-minutes', recent, perTenMinutes);
  if (counted.length >= perDay) return lockAll('day', counted, perDay);
  return { kind: 'ok' };
}

function lockAll(window: 'ten-minutes' | 'day', counted: readonly Issued[], limit: number): BrakeVerdict {
  const people = new Set(counted.map((issued) => issued.requester)).size;
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

/** A wipe dated after `now` counts as well: a clock that was set back must not open the brake. */
function isWithin(issued: Issued, now: Date, span: number): boolean {
  return now.getTime() - issued.at.getTime() < span;
}

function plural(count: number): string {
  return count === 1 ? '1 wipe' : `${count} wipes`;
}
