/**
 * Dates as exports write them: in ISO 8601, or in the culture of the machine that wrote them. `05/11/2026` is May in one culture and
 * November in another: then nothing is known unless another date of the same file, or policy.yaml, says which part is the day.
 */

export type DateOrder = 'day-first' | 'month-first';

export type ExportedDate = Date | 'two ways' | undefined;

const time = String.raw`(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:[.,]\d+)?)?(?:\s*([AP])\.?\s?M\.?)?`;
const local = new RegExp(String.raw`^(\d{1,2})([./-])\s?(\d{1,2})\2\s?(\d{4})\.?,?\s+${time}$`, 'i');
const yearFirst = new RegExp(String.raw`^(\d{4})([./-])\s?(\d{1,2})\2\s?(\d{1,2})\.?[T ,]+${time}$`, 'i');
const zoned = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d*(Z|[+-]\d\d:\d\d)$/;
/** In running text, where a date and a time of day stand side by side. */
const inText =
  /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?|\b\d{1,4}([./-])\s?\d{1,2}\1\s?\d{1,4}\.?,?\s+\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:[ \u00a0\u202f]*[AP]\.?[ \u00a0]?M\b\.?)?/gi;

/** Every date with a time of day in a text, as it is written. */
export function datesIn(text: string): { text: string; index: number }[] {
  return [...text.matchAll(inText)].map(({ 0: found, index }) => ({ text: found, index }));
}

/** What the dates of one file say together: a day over 12 tells the order for all; undefined where none does, or where they disagree. */
export function orderIn(dates: readonly string[]): DateOrder | undefined {
  const orders = new Set<DateOrder>();
  for (const date of dates) {
    const [, first, separator, second] = local.exec(plain(date)) ?? [];
    if (separator !== '/' && separator !== '-') continue;
    if (Number(first) > 12) orders.add('day-first');
    if (Number(second) > 12) orders.add('month-first');
  }
  const [order, ...others] = orders;
  return others.length === 0 ? order : undefined;
}

/** One date. `timeZone`: where the machine stands that wrote it, for dates without a zone. undefined: it is no date. */
export function exportedDate(
  text: string,
  { order, timeZone }: { order: DateOrder | undefined; timeZone: string },
): ExportedDate {
  const written = plain(text);
  const iso = zoned.exec(written);
  if (iso !== null) return valid(new Date(`${iso[1]}${iso[2]}`));
  const [, year, , month, day, ...clock] = yearFirst.exec(written) ?? [];
  if (year !== undefined) return at([year, month, day], clock, timeZone);
  const [, first, separator, second, lastYear, ...lastClock] = local.exec(written) ?? [];
  if (first === undefined) return undefined;
  // With points the day stands first in every culture.
  const known = separator === '.' ? 'day-first' : (orderIn([written]) ?? order);
  if (known === undefined && first !== second) return 'two ways';
  const parts = known === 'month-first' ? [lastYear, first, second] : [lastYear, second, first];
  return at(parts, lastClock, timeZone);
}

/** Narrow and hard spaces are spaces, and marks of direction are nothing: .NET writes both. */
function plain(text: string): string {
  return text
    .replaceAll(/[\u200e\u200f]/g, '')
    .replaceAll(/[\u00a0\u202f\s]+/g, ' ')
    .trim();
}

function at(
  date: readonly (string | undefined)[],
  [hourText, minute, second = '0', half]: readonly (string | undefined)[],
  timeZone: string,
): Date | undefined {
  const [year = 0, month = 0, day = 0] = date.map(Number);
  const twelve = Number(hourText) % 12;
  const hour = half === undefined ? Number(hourText) : twelve + (half.toLowerCase() === 'p' ? 12 : 0);
  const utc = Date.UTC(year, month - 1, day, hour, Number(minute), Number(second));
  const isReal = month >= 1 && month <= 12 && new Date(utc).getUTCDate() === day && hour < 24;
  // Twice: the first guess may lie on the other side of a change of the clocks.
  return isReal ? valid(new Date(utc - offset(utc - offset(utc, timeZone), timeZone))) : undefined;
}

/** Milliseconds that the zone is ahead of UTC at this instant. */
function offset(instant: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(instant);
  const part = (wanted: string) => Number(parts.find(({ type }) => type === wanted)?.value);
  const [year, month, day] = [part('year'), part('month'), part('day')];
  return (
    Date.UTC(year, month - 1, day, part('hour'), part('minute'), part('second')) - Math.floor(instant / 1000) * 1000
  );
}

function valid(date: Date): Date | undefined {
  return Number.isNaN(date.getTime()) ? undefined : date;
}
