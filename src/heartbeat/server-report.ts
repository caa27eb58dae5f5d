/** The answer to `heartbeat <server>`: everything that is known of one server. */
import type { Block, DraftMessage } from '../message/model.ts';
import { list, note, paragraph, strong, text, time } from '../message/text.ts';
import type { Asked, Reading, ServerReading } from './reading.ts';
import { type ReportOptions, reportMessage } from './report.ts';
import { valueKeys, valueNames } from './values.ts';
import { count, figure, seconds } from './words.ts';

/** `name` must be one of the reading's. Begins with the verdict on it alone. */
export function serverMessage(reading: Reading, name: string, options: ReportOptions = {}): DraftMessage {
  const server = reading.servers.find((each) => each.server === name);
  if (server === undefined) return reportMessage(reading, options);
  const message = reportMessage(
    {
      ...reading,
      servers: [server],
      edges: reading.edges.filter((edge) => edge.servers.includes(name)),
      verdict: server.verdict,
      about: [name],
      since: reading.about.includes(name) ? reading.since : undefined,
    },
    options,
  );
  return {
    ...message,
    title: `${message.title ?? 'Direct Push'} on ${name}`,
    blocks: [...message.blocks, ...details(server)],
  };
}

function details({ values, written, events, asked, averages }: ServerReading): Block<never>[] {
  return [
    {
      kind: 'fields',
      fields: valueNames.map((name) => ({
        label: valueKeys[name],
        value: text(valueWords(values[name], written?.[valueKeys[name]])),
      })),
    },
    ...averages.map(({ command, samples, average, full, firing }) => {
      const judged = firing ? '; Exchange logs event 1040 now.' : '.';
      return paragraph(
        `${command}: the last ${count(samples, 'heartbeat')} average `,
        strong(seconds(average ?? 0)),
        full ? judged : `; Exchange judges from ${values.sampleSize} on.`,
      );
    }),
    ...(asked === undefined ? [] : askedBlocks(asked)),
    ...(events === undefined || events.days.length === 0
      ? []
      : [
          paragraph(strong('Event 1040 by day')),
          list(...events.days.slice(-7).map(({ day, count: times }) => text(`${day}: ${times}`))),
        ]),
    ...(events?.last === undefined ? [] : [note('Last event 1040: ', time(events.last.at), '.')]),
  ];
}

function valueWords(value: number, written: string | undefined): string {
  if (written === undefined) return `${value} (Exchange's default)`;
  return written.trim() === String(value) ? String(value) : `${value} (the file says “${written.slice(0, 20)}”)`;
}

function askedBlocks({ ended, byType, byNetwork }: Asked): Block<never>[] {
  return [
    paragraph(
      strong('How they ended: '),
      `${count(ended.heartbeat, 'full wait')}, ${count(ended.change, 'time')} new mail, ${figure(ended.cut)} cut, ${figure(ended.dropped)} lost silently, ${figure(ended.overlapped)} with the phone back too early, ${figure(ended.refused)} refused.`,
    ),
    parts('Type', byType),
    ...(byNetwork.length === 0 ? [] : [parts('Network', byNetwork)]),
  ];
}

function parts(name: string, rows: Asked['byType']): Block<never> {
  return {
    kind: 'table',
    columns: [name, 'Phones', 'Requests', 'Asked for, average'],
    rows: rows.map((row) => [
      text(row.name),
      text(figure(row.clients)),
      text(figure(row.requests)),
      text(seconds(row.average)),
    ]),
  };
}
