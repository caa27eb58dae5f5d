/** Times as people read them: relative and exact together, in the reader's own zone. */

import { day, hour, minute } from '../ground/durations.ts';

export type TimeOptions = {
  now: Date;
  /** IANA name. */
  timeZone: string;
};

/**
 * What was: `12 minutes ago, 09:12` · `3 days ago, Fri 17:40` · `212 days ago, 12 Apr 17:40`. What will be, so that it can
 * stand behind "until": `09:55, in 30 minutes`. Sentences put neither "at" nor "in" before a time.
 */
export function relativeAndExact(instant: Date | string, options: TimeOptions): string {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return 'at a time not known';
  const isAhead = at.getTime() > options.now.getTime();
  return isAhead
    ? `${exact(at, options)}, ${relative(at, options)}`
    : `${relative(at, options)}, ${exact(at, options)}`;
}

/** The exact half alone, for rows where many times stand under each other: `09:12`, `Fri 17:40`, `12 Apr 17:40`, `12 Apr 2024 17:40`. */
export function exact(instant: Date | string, options: TimeOptions): string {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return 'at a time not known';
  const then = parts(at, options.timeZone);
  const today = parts(options.now, options.timeZone);
  const days = Math.abs(today.dayNumber - then.dayNumber);
  if (days === 0) return then.clock;
  if (days < 7) return `${then.weekday} ${then.clock}`;
  if (then.year === today.year) return `${then.day} ${then.month} ${then.clock}`;
  return `${then.day} ${then.month} ${then.year} ${then.clock}`;
}

function relative(at: Date, { now, timeZone }: TimeOptions): string {
  const difference = at.getTime() - now.getTime();
  const size = Math.abs(difference);
  if (size < minute) return difference <= 0 ? 'just now' : 'in less than a minute';
  const words = new Intl.RelativeTimeFormat('en', { numeric: 'always' });
  if (size < hour) return words.format(toward(difference, minute), 'minute');
  if (size < day) return words.format(toward(difference, hour), 'hour');
  return words.format(parts(at, timeZone).dayNumber - parts(now, timeZone).dayNumber, 'day');
}

/** Whole units that have surely gone by, or surely remain: a deadline is never shown later than it is. */
function toward(difference: number, unit: number): number {
  return Math.trunc(difference / unit);
}

type Parts = { clock: string; weekday: string; day: string; month: string; year: string; dayNumber: number };

function parts(at: Date, timeZone: string): Parts {
  const found = new Map(
    formatter(timeZone)
      .formatToParts(at)
      .map((part) => [part.type, part.value]),
  );
  const get = (type: Intl.DateTimeFormatPartTypes) => found.get(type) ?? '';
  const numeric = Number(get('day'));
  return {
    clock: `${get('hour')}:${get('minute')}`,
    weekday: get('weekday'),
    day: String(numeric),
    month: get('month'),
    year: get('year'),
    dayNumber: Date.UTC(Number(get('year')), months.indexOf(get('month')), numeric) / day,
  };
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const formatters = new Map<string, Intl.DateTimeFormat>();

/** Building a formatter is slow (some 50 µs) and cards show dozens of times: one is kept for each zone. */
function formatter(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    day: '2-digit',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  formatters.set(timeZone, made);
  return made;
}
