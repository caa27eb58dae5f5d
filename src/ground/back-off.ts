/**
 * How long to wait before the next try: `first` after the first failure, doubled with each further one, never more than `most`
 * (milliseconds). `failures` counts from 1.
 */
export function backOff(failures: number, { first, most }: { first: number; most: number }): number {
  return Math.min(most, first * 2 ** Math.min(Math.max(failures, 1) - 1, 30));
}
