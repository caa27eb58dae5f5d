/** The answer to `heartbeat <server>`: everything that is known of one server. */
import type { Block, DraftMessage } from '../message/model.ts';
import { list, note, paragraph, strong, text, time } from '../message/text.ts';
import type { Asked, Look, ServerLook } from './look.ts';
import { type ReportOptions, reportMessage } from './report.ts';
import { count, figure, seconds } from './words.ts';

/** `server` must be one of the look's. Begins with the verdict on it alone. */
export function serverMessage(look: Look, server: string, options: ReportOptions = {}): DraftMessage {
  const one = onlyServer(look, server);
  const [found] = one.servers;
  const message = reportMessage(one, options);
  if (found === undefined) return message;
  return {
    ...message,
    title: `${message.title ?? 'Direct Push'} on ${server}`,
    blocks: [...message.blocks, ...details(found)],
  };
}

/** The look as if there were no other server. */
export function onlyServer(look: Look, server: string): Look {
  const servers = look.servers.filter((each) => each.server === server);
  const wasAbout = look.about.includes(server);
  const { since, ...rest } = look;
  return {
    ...rest,
    servers,
    edges: look.edges.filter((edge) => edge.servers.includes(server)),
    differences: look.differences,
    verdict: servers[0]?.verdict ?? 'too-little-data',
    about: servers.map((each) => each.server),
    ...(since === undefined || !wasAbout ? {} : { since }),
  };
}

function details(server: ServerLook): Block<never>[] {
  const { values, written, events, asked } = server;
  return [
    {
      kind: 'fields',
      fields: [
        { label: 'MinHeartbeatInterval', value: text(valueWords(values.min, written?.MinHeartbeatInterval)) },
        { label: 'MaxHeartbeatInterval', value: text(valueWords(values.max, written?.MaxHeartbeatInterval)) },
        { label: 'HeartbeatSampleSize', value: text(valueWords(values.sampleSize, written?.HeartbeatSampleSize)) },
        {
          label: 'HeartbeatAlertThreshold',
          value: text(valueWords(values.threshold, written?.HeartbeatAlertThreshold)),
        },
      ],
    },
    ...server.averages.map((average) =>
      paragraph(
        `${average.command}: the last ${count(average.samples, 'heartbeat')} average `,
        strong(seconds(average.average ?? 0)),
        average.full
          ? average.firing
            ? '; Exchange logs event 1040 now.'
            : '.'
          : `; Exchange judges from ${values.sampleSize} on.`,
      ),
    ),
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

function askedBlocks(asked: Asked): Block<never>[] {
  const { ended } = asked;
  return [
    paragraph(
      strong('How they ended: '),
      `${count(ended.heartbeat, 'full wait')}, ${count(ended.change, 'time')} new mail, ${figure(ended.cut)} cut, ${figure(ended.dropped)} lost silently, ${figure(ended.overlapped)} with the phone back too early, ${figure(ended.refused)} refused.`,
    ),
    parts('Type', asked.byType),
    ...(asked.byNetwork.length === 0 ? [] : [parts('Network', asked.byNetwork)]),
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
