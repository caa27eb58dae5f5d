/**
 * How many runs a series makes (generated cases, kills, accounts): few in `npm test`, many in `npm run test:full`, and so many where
 * MISLAID_TEST_RUNS says it.
 */
export function runs(usual: number, full: number): number {
  const asked = Number(process.env.MISLAID_TEST_RUNS ?? 0);
  return asked > 0 ? asked : isFull ? full : usual;
}

/** Inside `npm run test:full`. */
export const isFull = process.env.MISLAID_TEST_FULL === '1';

/** Every nth of these cases, and in `npm run test:full` all of them: for tables of one kind whose cases are dear. */
export function sampled<Case>(every: number, cases: readonly Case[]): Case[] {
  return cases.filter((_, index) => isFull || index % every === 0);
}
