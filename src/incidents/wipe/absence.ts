/**
 * A partnership that a reading does not show. Exchange's answers lag and lists come back empty for seconds, so one such reading
 * proves nothing: that it is gone is known after three good readings of both lists that agree, over five minutes or more.
 */
import { minute } from '../../ground/durations.ts';
import type { Change } from '../../store/port.ts';
import type { Wipe } from '../incident/view.ts';

const neededReads = 3;
const neededSpan = 5 * minute;

/** When to read again while a partnership is absent (milliseconds). */
export const absenceRecheck = 2 * minute;

/** Counts one good reading of both lists that did not show the partnership; answers whether it is known now to be gone. */
export async function countAbsence(change: Change, wipe: Wipe): Promise<boolean> {
  const absentSince = wipe.absentSince ?? change.now;
  const absentReads = wipe.absentReads + 1;
  await change.tx.updateTable('wipe').set({ absentSince, absentReads }).where('id', '=', wipe.id).execute();
  return isGone({ absentSince, absentReads }, change.now);
}

/** Pure: the rule. */
export function isGone({ absentSince, absentReads }: Pick<Wipe, 'absentSince' | 'absentReads'>, now: Date): boolean {
  return absentSince !== null && absentReads >= neededReads && now.getTime() - absentSince.getTime() >= neededSpan;
}

/** The partnership is shown again: what was counted counts no more. */
export async function endAbsence(change: Change, wipe: Wipe): Promise<void> {
  if (wipe.absentSince === null) return;
  await change.tx.updateTable('wipe').set({ absentSince: null, absentReads: 0 }).where('id', '=', wipe.id).execute();
}
