/** Numbers and verdicts as they stand in sentences. */
import type { VerdictKind } from './look.ts';

export const verdictNames: Readonly<Record<VerdictKind, string>> = {
  healthy: 'healthy',
  'edge-too-short': 'edge too short',
  'clients-too-short': 'clients too short',
  'values-wrong': 'values wrong',
  'too-little-data': 'too little data',
};

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `2,710` */
export function figure(value: number): string {
  return grouped.format(value);
}

/** `2,710 s` */
export function seconds(value: number): string {
  return `${grouped.format(value)} s`;
}

export function count(value: number, one: string, many = `${one}s`): string {
  return `${grouped.format(value)} ${value === 1 ? one : many}`;
}

/** `5 minutes`, rounded up: how long something takes at most. */
export function atMost(value: number): string {
  if (value < 90) return count(Math.ceil(value), 'second');
  // An edge of 301 s is one of 5 minutes.
  return count(Math.ceil((value - 15) / 60), 'minute');
}

/** `every 5 minutes`, `every hour`, `every 40 seconds`. */
export function every(value: number): string {
  if (value < 90) return `every ${count(Math.round(value), 'second')}`;
  const minutes = Math.round(value / 60);
  if (minutes >= 57 && minutes <= 63) return 'every hour';
  return `every ${count(minutes, 'minute')}`;
}

/** `13`, `1.4`: connections an hour. */
export function rate(value: number): string {
  return value >= 10 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}

/** `EX01`, `EX01 and EX02`, `EX01, EX02 and EX03`. */
export function names(list: readonly string[]): string {
  if (list.length < 2) return list[0] ?? '';
  return `${list.slice(0, -1).join(', ')} and ${list.at(-1)}`;
}
