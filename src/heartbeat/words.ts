/** Numbers as they stand in sentences. */

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const conjunction = new Intl.ListFormat('en-GB', { type: 'conjunction' });

/** `2,710` */
export function figure(value: number): string {
  return grouped.format(value);
}

/** `2,710 s` */
export function seconds(value: number): string {
  return `${figure(value)} s`;
}

export function count(value: number, one: string): string {
  return `${figure(value)} ${one}${value === 1 ? '' : 's'}`;
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
  return Math.abs(minutes - 60) <= 3 ? 'every hour' : `every ${count(minutes, 'minute')}`;
}

/** `13`, `1.4`: connections an hour. */
export function rate(value: number): string {
  return value >= 10 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}

/** `within the hour`, `in about 5 hours`. */
export function inHours(hours: number): string {
  return hours < 1 ? 'within the hour' : `in about ${count(Math.round(hours), 'hour')}`;
}

/** `EX01`, `EX01 and EX02`, `EX01, EX02 and EX03`. */
export function names(list: readonly string[]): string {
  return conjunction.format(list);
}
