/**
 * What is posted to the security and mail-operations channels: event 1040 came, the average nears its threshold, values changed;
 * and that it is over. Once per cause, server and day. Pure: from two readings and the open alerts to what is to be posted.
 */
import { day, hour } from '../ground/durations.ts';
import type { DraftMessage, Tone } from '../message/model.ts';
import { button, buttons, list, note, paragraph, strong, text, time } from '../message/text.ts';
import { valueChanges } from './changes.ts';
import type { Reading, ServerReading } from './reading.ts';
import { causeSentence } from './reasons.ts';
import { currentAverage, nearThreshold } from './verdict.ts';
import { count, inHours, seconds } from './words.ts';

export const alertCauses = ['event-1040', 'average-near', 'values-changed'] as const;
type AlertCause = (typeof alertCauses)[number];

export type OpenAlert = {
  server: string;
  cause: AlertCause;
  since: Date;
  /** Day on which it was last posted (`2026-03-02`). */
  notifiedOn: string;
  /** values-changed: the values as they were before. */
  before?: Readonly<Record<string, string>> | undefined;
};

type Finding =
  /** New, or still so on another day: to be posted, and to be kept. */
  | {
      kind: 'raise';
      since: Date;
      tone: Tone;
      title: string;
      lines: string[];
      before?: Readonly<Record<string, string>> | undefined;
    }
  | { kind: 'clear'; title: string; lines: string[] }
  /** No longer worth watching, and nothing to say. */
  | { kind: 'forget' };

export type AlertStep = Finding & { server: string; cause: AlertCause; since: Date };

type Input = { previous: Reading | undefined; reading: Reading; open: readonly OpenAlert[]; now: Date; today: string };

/** Exchange logs the event about once an hour while it lasts; so long without one, and well over the threshold, is its end. */
const quiet = 3 * hour;
/** Where no log gives the average, only time counts. */
const quietUnseen = day;
/** Over the threshold by so much the average is no longer near it. */
const wellOver = 1.3;
/** Changed values that nobody takes back are the new values after so long. */
const settled = 7 * day;

export function alertSteps(input: Input): AlertStep[] {
  return input.reading.servers.flatMap((server) =>
    alertCauses.flatMap((cause): AlertStep[] => {
      const alert = openAlert(input, server, cause);
      const finding = findings[cause](input, server, alert);
      if (finding === undefined) return [];
      // Another change of values is news on the same day, too.
      if (finding.kind === 'raise' && cause !== 'values-changed' && alert?.notifiedOn === input.today) return [];
      const since = alert?.since ?? (finding.kind === 'raise' ? finding.since : input.now);
      return [{ ...finding, server: server.server, cause, since }];
    }),
  );
}

function openAlert({ open }: Input, { server }: ServerReading, cause: AlertCause): OpenAlert | undefined {
  return open.find((alert) => alert.server === server && alert.cause === cause);
}

const findings: Readonly<
  Record<AlertCause, (input: Input, server: ServerReading, alert: OpenAlert | undefined) => Finding | undefined>
> = {
  'event-1040': ({ reading, now }, server, alert) => {
    const { events, values, server: name } = server;
    // A server that cannot be read neither alarms nor calms.
    if (events === undefined) return undefined;
    const { last, runningSince } = events;
    const quietFor = last === undefined ? Number.POSITIVE_INFINITY : now.getTime() - Date.parse(last.at);
    const average = currentAverage(server);
    const calm =
      average === undefined ? quietFor >= quietUnseen : quietFor >= quiet && average > values.threshold * nearThreshold;
    if (alert !== undefined && calm && events.atLeast !== true) {
      const asks = average === undefined ? '' : ` Phones ask for ${seconds(average)} on average now.`;
      const hours = count(Math.floor(Math.min(quietFor, 14 * day) / hour), 'hour');
      return { kind: 'clear', title: `Event 1040 on ${name} is over`, lines: [`None for ${hours}.${asks}`] };
    }
    if (calm || last === undefined || runningSince === undefined) return undefined;
    const command = last.command === '' ? '' : ` (${last.command})`;
    return {
      kind: 'raise',
      since: new Date(runningSince),
      tone: 'danger',
      title: `Event 1040 on ${name}${alert === undefined ? '' : ' goes on'}`,
      lines: [
        `Phones ask for ${seconds(last.average)} on average${command}; Exchange warns at ${seconds(last.threshold)} or less.`,
        causeSentence(reading, server),
      ],
    };
  },

  'average-near': (input, server, alert) => {
    const { averages, values, server: name, events } = server;
    const isSoon = ({ firesInHours }: (typeof averages)[number]) => firesInHours !== undefined;
    const near = averages.filter((each) => {
      const low = each.average !== undefined && each.average <= values.threshold * nearThreshold;
      return low && !each.firing && (each.full || isSoon(each));
    });
    const soon = averages.filter(({ firesInHours }) => firesInHours !== undefined && firesInHours <= 24);
    const [first] = [...near, ...soon];
    const firing = averages.some((each) => each.firing);
    // Once the event itself comes, its own alert speaks.
    if (firing) return alert === undefined ? undefined : { kind: 'forget' };
    const average = currentAverage(server);
    if (alert !== undefined && first === undefined && average !== undefined && average > values.threshold * wellOver) {
      return {
        kind: 'clear',
        title: `Heartbeats on ${name} are long enough again`,
        lines: [
          `Phones ask for ${seconds(average)} on average; event 1040 comes at ${seconds(values.threshold)} or less.`,
        ],
      };
    }
    const eventIsOpen = openAlert(input, server, 'event-1040') !== undefined || events?.runningSince !== undefined;
    if (first === undefined || eventIsOpen) return undefined;
    const when =
      first.firesInHours === undefined
        ? ''
        : ` If phones go on as now, the event comes ${inHours(first.firesInHours)}.`;
    return {
      kind: 'raise',
      since: input.now,
      tone: 'warning',
      title: `Heartbeats on ${name} near the threshold of event 1040`,
      lines: [
        `Phones ask for ${seconds(first.average ?? 0)} on average (${first.command}); event 1040 comes at ${seconds(values.threshold)} or less.${when}`,
        causeSentence(input.reading, server),
      ],
    };
  },

  'values-changed': ({ previous, now }, server, alert) => {
    const { written, valueProblems, server: name } = server;
    if (written === undefined) return undefined;
    if (alert?.before !== undefined) {
      if (valueChanges({ ...server, written: alert.before }, server).length === 0)
        return { kind: 'clear', title: `Heartbeat values of ${name} are as they were`, lines: [valuesWords(written)] };
      if (now.getTime() - alert.since.getTime() >= settled) return { kind: 'forget' };
    }
    const before = previous?.servers.find((each) => each.server === name);
    const changes = before === undefined ? [] : valueChanges(before, server);
    if (changes.length === 0) return undefined;
    return {
      kind: 'raise',
      since: now,
      before: alert?.before ?? before?.written,
      tone: valueProblems.length > 0 ? 'danger' : 'warning',
      title: `Heartbeat values of ${name} changed`,
      lines: [
        ...changes,
        ...valueProblems,
        'They take effect when MSExchangeSyncAppPool is recycled. An update of Exchange writes the file anew.',
      ],
    };
  },
};

function valuesWords(written: Readonly<Record<string, string>>): string {
  const parts = Object.entries(written).map(([key, value]) => `${key} ${value}`);
  return parts.length === 0 ? "All four have Exchange's defaults." : `${parts.join(', ')}.`;
}

export function alertMessage(step: Exclude<AlertStep, { kind: 'forget' }>): DraftMessage {
  const { server, since, title, lines } = step;
  const [first = '', ...rest] = lines;
  return {
    title,
    tone: step.kind === 'raise' ? step.tone : 'success',
    blocks: [
      paragraph(strong(first)),
      ...(rest.length === 0 ? [] : [list(...rest.map((line) => text(line)))]),
      note(step.kind === 'raise' ? 'It began ' : 'It had begun ', time(since), '.'),
      buttons(button(`Show ${server}`, 'heartbeat', { server }, { epoch: since.toISOString() })),
    ],
  };
}
