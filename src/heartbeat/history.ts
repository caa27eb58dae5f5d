/** Two weeks of readings: the state of each day, and what changed. */
import type { DraftMessage, Text } from '../message/model.ts';
import { list, note, paragraph, strong, text, time } from '../message/text.ts';
import type { ServerReading } from './reading.ts';
import type { ReadingDay } from './readings.ts';
import { currentAverage, verdictNames, worstVerdict } from './verdict.ts';
import { seconds } from './words.ts';

/** Changes beyond these say less than the table. */
const mostChanges = 25;

/** Days oldest first. */
export function historyMessage(days: readonly ReadingDay[], span: number): DraftMessage {
  const last = days.at(-1);
  if (last === undefined) {
    return {
      title: 'Direct Push: history',
      tone: 'neutral',
      blocks: [paragraph('Nothing is stored yet. Say "heartbeat" for a first look.')],
    };
  }
  const servers = last.reading.servers.map(({ server }) => server);
  const changes = days.flatMap(({ changes: found }) => found).toReversed();
  return {
    title: `Direct Push: the last ${span} days`,
    tone: 'neutral',
    blocks: [
      {
        kind: 'table',
        columns: ['Day', 'Worst verdict', ...servers],
        rows: days.toReversed().map(({ day, reading, verdicts }) => [
          text(day),
          text(verdictNames[worstVerdict(verdicts)]),
          ...servers.map((name) =>
            cell(
              reading.servers.find(({ server }) => server === name),
              day,
            ),
          ),
        ]),
      },
      paragraph(strong('What changed')),
      changes.length === 0
        ? paragraph('Nothing.')
        : list(...changes.slice(0, mostChanges).map(({ at, change }) => text(time(at), ` ${change}`))),
      ...(changes.length > mostChanges ? [note(`… and ${changes.length - mostChanges} earlier changes.`)] : []),
      note('Average asked for at the last look of each day; behind it how often event 1040 was logged that day.'),
    ],
  };
}

function cell(server: ServerReading | undefined, day: string): Text {
  if (server === undefined) return text('–');
  const average = currentAverage(server);
  const events = server.events?.days.find((each) => each.day === day)?.count ?? 0;
  const words = average === undefined ? 'not known' : seconds(average);
  return text(events === 0 ? words : `${words} · ${events} × 1040`);
}
