/** From "every weekday at 08:00" to a cron line, and from that to the next time. */
import { Cron } from 'croner';
import { internalError, MislaidError } from '../ground/errors.ts';

const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

export type Schedule = { cron: string; words: string };

/** Throws MislaidError `schedule-not-understood`. Times are of the policy's zone. */
export function parseSchedule(text: string): Schedule {
  const wanted = text.trim().toLowerCase().replace(/\s+/g, ' ').replace(/\.$/, '');
  const match = /^(?:every )?(.+?)(?: at (\d{1,2})(?:[:.](\d{2}))? ?(am|pm)?)?$/.exec(wanted);
  const when = match?.[1] ?? '';
  const hour = hourOf(match?.[2] ?? '8', match?.[4]);
  const minute = Number(match?.[3] ?? '0');
  const weekdays = daysOf(when);
  if (weekdays === undefined || hour === undefined || minute > 59) {
    throw new MislaidError({
      code: 'schedule-not-understood',
      message: 'a schedule was not understood',
      userMessage:
        'I did not understand when. Say for example: every weekday at 08:00 · every day at 17:30 · every monday at 9.',
    });
  }
  const clock = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
  return { cron: `${minute} ${hour} * * ${weekdays}`, words: `every ${when} at ${clock}` };
}

function hourOf(text: string, half: string | undefined): number | undefined {
  const hour = Number(text);
  if (half === undefined) return hour <= 23 ? hour : undefined;
  if (hour < 1 || hour > 12) return undefined;
  return (hour % 12) + (half === 'pm' ? 12 : 0);
}

function daysOf(when: string): string | undefined {
  if (when === 'day' || when === 'morning' || when === 'daily') return '*';
  if (when === 'weekday' || when === 'working day' || when === 'workday') return '1-5';
  const named = when
    .split(/,| and /)
    .map((name) => days.findIndex((day) => day === name.trim() || day.slice(0, 3) === name.trim()));
  return named.length === 0 || named.includes(-1) ? undefined : [...new Set(named)].sort().join(',');
}

/** The first time after `now`. */
export function nextTime(cron: string, timeZone: string, now: Date): Date {
  const next = new Cron(cron, { timezone: timeZone, mode: '5-part', paused: true }).nextRun(now);
  if (next !== null) return next;
  throw internalError({
    code: 'schedule-never',
    message: `the schedule ${cron} has no next time`,
  });
}
