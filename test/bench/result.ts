/** One measured thing. `figures` by name with the unit in it (`jobs/s`, `p99 ms`); `pass` says whether it holds its `bar`. */
export type BenchResult = { name: string; figures: Record<string, number>; bar?: string; pass?: boolean };

/** The value below which the share `q` of the sorted or unsorted sample lies; 0 for an empty one. */
export function quantile(sample: readonly number[], q: number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}

export function rounded(value: number): number {
  return value >= 100 ? Math.round(value) : Math.round(value * 100) / 100;
}
