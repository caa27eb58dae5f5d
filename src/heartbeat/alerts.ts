/**
 * What the security and mail-operations channels are told: event 1040 came, the average nears its threshold, values changed; and
 * that it is over. Once per cause, server and day. Pure: from two looks and the alerts that stand to what is to be said.
 */
import type { Tone } from '../message/model.ts';
import { valueChanges } from './changes.ts';
import type { Look, ServerLook } from './look.ts';
import { likelyCause } from './reasons.ts';
import { currentAverage, nearThreshold } from './verdict.ts';
import { count, seconds } from './words.ts';

export type AlertCause = 'event-1040' | 'average-near' | 'values-changed';

export type StandingAlert = {
  server: string;
  cause: AlertCause;
  since: Date;
  /** Day on which it was last told (`2026-03-02`). */
  toldOn: string;
  /** values-changed: the values as they were before. */
  before?: Readonly<Record<string, string>>;
};

export type AlertStep =
  /** New, or still so on another day: to be told, and to be kept. */
  | { kind: 'raise'; alert: StandingAlert; again: boolean; tone: Tone; title: string; lines: string[] }
  | { kind: 'clear'; server: string; cause: AlertCause; since: Date; title: string; lines: string[] }
  /** No longer worth watching, and nothing to say. */
  | { kind: 'forget'; server: string; cause: AlertCause };

const hour = 3_600_000;
/** Exchange logs the event about once an hour while it lasts; so long without one, and well over the threshold, is its end. */
const quietHours = 3;
/** Where no log tells the average, only time does. */
const quietHoursUnseen = 24;
/** Over the threshold by so much the average is no longer near it. */
const wellOver = 1.3;
/** Changed values that nobody takes back are the new values after so many days. */
const settledDays = 7;

export function alertSteps(input: {
  previous: Look | undefined;
  look: Look;
  standing: readonly StandingAlert[];
  now: Date;
  today: string;
}): AlertStep[] {
  return input.look.servers.flatMap((server) => [
    ...eventSteps(input, server),
    ...averageSteps(input, server),
    ...valueSteps(input, server),
  ]);
}

type Input = Parameters<typeof alertSteps>[0];

function eventSteps({ look, standing, now, today }: Input, server: ServerLook): AlertStep[] {
  const alert = find(standing, server, 'event-1040');
  const { events, values } = server;
  // A server that cannot be read neither alarms nor calms.
  if (events === undefined) return [];
  const last = events.last === undefined ? undefined : new Date(events.last.at);
  const quietFor = last === undefined ? Number.POSITIVE_INFINITY : now.getTime() - last.getTime();
  const average = currentAverage(server);
  const calm =
    average === undefined
      ? quietFor >= quietHoursUnseen * hour
      : quietFor >= quietHours * hour && average > values.threshold * nearThreshold;
  if (alert !== undefined && calm) {
    const now1 = average === undefined ? '' : ` Phones ask for ${seconds(average)} on average now.`;
    return [
      {
        kind: 'clear',
        server: server.server,
        cause: 'event-1040',
        since: alert.since,
        title: `Event 1040 on ${server.server} is over`,
        lines: [`None for ${count(Math.floor(Math.min(quietFor, 14 * 24 * hour) / hour), 'hour')}.${now1}`],
      },
    ];
  }
  const active = events.runningSince !== undefined && !calm;
  if (!active || events.last === undefined || alert?.toldOn === today) return [];
  const since = new Date(alert?.since ?? events.runningSince ?? events.last.at);
  return [
    {
      kind: 'raise',
      alert: { server: server.server, cause: 'event-1040', since, toldOn: today },
      again: alert !== undefined,
      tone: 'danger',
      title: alert === undefined ? `Event 1040 on ${server.server}` : `Event 1040 on ${server.server} goes on`,
      lines: [
        `Phones ask for ${seconds(events.last.average)} on average${events.last.command === '' ? '' : ` (${events.last.command})`}; Exchange warns at ${seconds(events.last.threshold)} or less.`,
        ...causeLines(look, server),
      ],
    },
  ];
}

function averageSteps({ look, standing, today, now }: Input, server: ServerLook): AlertStep[] {
  const alert = find(standing, server, 'average-near');
  const { averages, values } = server;
  const near = averages.filter(
    ({ average, full, firing, firesInHours }) =>
      average !== undefined &&
      (full || firesInHours !== undefined) &&
      !firing &&
      average <= values.threshold * nearThreshold,
  );
  const soon = averages.filter(({ firesInHours }) => firesInHours !== undefined && firesInHours <= 24);
  const telling = [...new Set([...near, ...soon])];
  const firing = averages.some((average) => average.firing);
  if (alert !== undefined) {
    // Once the event itself comes, its own alert speaks.
    if (firing) return [{ kind: 'forget', server: server.server, cause: 'average-near' }];
    const average = currentAverage(server);
    if (telling.length === 0 && average !== undefined && average > values.threshold * wellOver) {
      return [
        {
          kind: 'clear',
          server: server.server,
          cause: 'average-near',
          since: alert.since,
          title: `Heartbeats on ${server.server} are long enough again`,
          lines: [
            `Phones ask for ${seconds(average)} on average; event 1040 comes at ${seconds(values.threshold)} or less.`,
          ],
        },
      ];
    }
  }
  const first = telling[0];
  const eventStands = find(standing, server, 'event-1040') !== undefined || server.events?.runningSince !== undefined;
  if (first === undefined || firing || eventStands || alert?.toldOn === today) return [];
  const when =
    first.firesInHours === undefined
      ? ''
      : ` If phones go on as now, the event comes ${first.firesInHours < 1 ? 'within the hour' : `in about ${count(Math.round(first.firesInHours), 'hour')}`}.`;
  return [
    {
      kind: 'raise',
      alert: { server: server.server, cause: 'average-near', since: alert?.since ?? now, toldOn: today },
      again: alert !== undefined,
      tone: 'warning',
      title: `Heartbeats on ${server.server} near the threshold of event 1040`,
      lines: [
        `Phones ask for ${seconds(first.average ?? 0)} on average (${first.command}); event 1040 comes at ${seconds(values.threshold)} or less.${when}`,
        ...causeLines(look, server),
      ],
    },
  ];
}

function valueSteps({ previous, standing, today, now }: Input, server: ServerLook): AlertStep[] {
  const alert = find(standing, server, 'values-changed');
  const before = previous?.servers.find((each) => each.server === server.server);
  const { written } = server;
  if (written === undefined) return [];
  if (alert?.before !== undefined) {
    if (sameValues(alert.before, written)) {
      return [
        {
          kind: 'clear',
          server: server.server,
          cause: 'values-changed',
          since: alert.since,
          title: `Heartbeat values of ${server.server} are as they were`,
          lines: [valuesWords(written)],
        },
      ];
    }
    const old = now.getTime() - alert.since.getTime() >= settledDays * 24 * hour;
    if (old) return [{ kind: 'forget', server: server.server, cause: 'values-changed' }];
  }
  if (before?.written === undefined) return [];
  const changes = valueChanges(before, server);
  // A second change on the same day waits for nobody: it is another change.
  if (changes.length === 0) return [];
  return [
    {
      kind: 'raise',
      alert: {
        server: server.server,
        cause: 'values-changed',
        since: alert?.since ?? now,
        toldOn: today,
        before: alert?.before ?? before.written,
      },
      again: alert !== undefined,
      tone: server.valueProblems.length > 0 ? 'danger' : 'warning',
      title: `Heartbeat values of ${server.server} changed`,
      lines: [
        ...changes,
        ...server.valueProblems,
        'They take effect when MSExchangeSyncAppPool is recycled. An update of Exchange writes the file anew.',
      ],
    },
  ];
}

function causeLines(look: Look, server: ServerLook): string[] {
  const edge = look.edges.find(({ servers }) => servers.includes(server.server));
  const cause = edge === undefined ? undefined : likelyCause(edge, server.values.max);
  if (cause !== undefined) return [`Likely cause: ${cause}`];
  const { few, without, deviceType } = server.pull;
  if (few.length > 0 && without !== undefined) {
    return [
      `${count(few.length, 'client')}${deviceType === undefined ? '' : ` of type ${deviceType}`} pull the average down; without them it is ${seconds(without)}.`,
    ];
  }
  return ['No cut connection shows why.'];
}

function sameValues(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => a[key] === b[key]);
}

function valuesWords(written: Readonly<Record<string, string>>): string {
  const parts = Object.entries(written).map(([key, value]) => `${key} ${value}`);
  return parts.length === 0 ? "All four have Exchange's defaults." : `${parts.join(', ')}.`;
}

function find(standing: readonly StandingAlert[], server: ServerLook, cause: AlertCause): StandingAlert | undefined {
  return standing.find((alert) => alert.server === server.server && alert.cause === cause);
}
