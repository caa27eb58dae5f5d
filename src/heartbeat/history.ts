/** Two weeks of looks: the state of each day, and what changed from one to the next. */
import type { DraftMessage, Text } from '../message/model.ts';
import { list, note, paragraph, strong, text } from '../message/text.ts';
import type { EdgeLook, Look, ServerLook } from './look.ts';
import { verdictNames } from './report.ts';
import { currentAverage } from './verdict.ts';
import { seconds } from './words.ts';

type DayLook = { day: string; look: Look };

/** Looks of different days, oldest first. */
export function historyMessage(looks: readonly DayLook[], days: number): DraftMessage {
  const last = looks.at(-1);
  if (last === undefined) {
    return {
      title: 'Direct Push: history',
      tone: 'neutral',
      blocks: [paragraph('Nothing is stored yet. Say "heartbeat" for a first look.')],
    };
  }
  const servers = last.look.servers.map(({ server }) => server);
  const changes = looks.slice(1).flatMap((later, index) => {
    const earlier = looks[index];
    return earlier === undefined
      ? []
      : changesBetween(earlier.look, later.look).map((change) => text(strong(later.day), ` ${change}`));
  });
  return {
    title: `Direct Push: the last ${days} days`,
    tone: 'neutral',
    blocks: [
      {
        kind: 'table',
        columns: ['Day', 'Verdict', ...servers],
        rows: looks.toReversed().map(({ day, look }) => [
          text(day),
          text(verdictNames[look.verdict]),
          ...servers.map((name) =>
            cell(
              look.servers.find(({ server }) => server === name),
              day,
            ),
          ),
        ]),
      },
      paragraph(strong('What changed')),
      changes.length === 0 ? paragraph('Nothing.') : list(...changes.toReversed()),
      note('Average asked for at the last look of each day; behind it how often event 1040 was logged that day.'),
    ],
  };
}

function cell(server: ServerLook | undefined, day: string): Text {
  if (server === undefined) return text('–');
  const average = currentAverage(server);
  const events = server.events?.days.find((each) => each.day === day)?.count ?? 0;
  const words = average === undefined ? 'not known' : seconds(average);
  return text(events === 0 ? words : `${words} · ${events} × 1040`);
}

/** What is different in the later look, each a sentence. */
export function changesBetween(earlier: Look, later: Look): string[] {
  const servers = later.servers.flatMap((server) => {
    const before = earlier.servers.find((each) => each.server === server.server);
    if (before === undefined) return [`${server.server} was looked at for the first time.`];
    return [...valueChanges(before, server), ...verdictChange(before, server)];
  });
  const gone = earlier.servers
    .filter(({ server }) => !later.servers.some((each) => each.server === server))
    .map(({ server }) => `${server} is no longer listed.`);
  const edges = later.edges.flatMap((edge) => {
    const before = earlier.edges.find((each) => edgeKey(each) === edgeKey(edge));
    const was = before === undefined ? undefined : lengthOf(before);
    const is = lengthOf(edge);
    if (before === undefined || was === is) return [];
    if (was !== undefined && is !== undefined && Math.abs(was - is) <= 0.05 * Math.max(was, is)) return [];
    if (is === undefined)
      return edge.estimate.kind === 'unknown' && edge.estimate.gone === undefined
        ? []
        : [`${edgeKey(edge)} no longer cuts at ${seconds(was ?? 0)}.`];
    return [`${edgeKey(edge)} cuts at about ${seconds(is)}${was === undefined ? '' : ` (before: ${seconds(was)})`}.`];
  });
  return [...servers, ...gone, ...edges];
}

export function valueChanges(before: ServerLook, after: ServerLook): string[] {
  const was = before.written;
  const is = after.written;
  if (was === undefined || is === undefined) return [];
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();
  return keys
    .filter((key) => was[key] !== is[key])
    .map(
      (key) => `${after.server}: ${key} is ${is[key] ?? 'no longer written'} (before: ${was[key] ?? 'not written'}).`,
    );
}

function verdictChange(before: ServerLook, after: ServerLook): string[] {
  if (before.verdict === after.verdict) return [];
  return [`${after.server}: ${verdictNames[after.verdict]} (before: ${verdictNames[before.verdict]}).`];
}

function edgeKey(edge: EdgeLook): string {
  return edge.name ?? `The way to ${edge.servers.join(', ')}`;
}

function lengthOf({ estimate, scope }: EdgeLook): number | undefined {
  if (scope.kind !== 'all') return undefined;
  if (estimate.kind === 'seen') return estimate.seconds;
  return estimate.kind === 'bounded' ? estimate.atMost : undefined;
}
