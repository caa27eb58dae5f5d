/** The lab's log files: nothing is stored, each is written from its contacts as it is asked for, and only ever grows at its end. */
import { type Kysely, sql } from 'kysely';
import { day, hour } from '../../ground/durations.ts';
import type { LogKind } from '../../ground/identifiers.ts';
import type { Database } from '../../store/schema.ts';
import { type LogFile, ServerUnreadable } from '../port.ts';
import {
  backEndLine,
  type Contact,
  edgeLine,
  frontEndLine,
  httpProxyHeader,
  httpProxyLine,
  type LogServer,
  w3cHeader,
} from './lines.ts';

/** One file covers a day (UTC), the HttpProxy log an hour. */
const spans: Record<LogKind, number> = { frontEnd: day, backEnd: day, httpProxy: hour, edge: day };

export type LabFiles = {
  list(server: string, kind: LogKind, since?: Date): Promise<LogFile[]>;
  /** The file as it is now, from this byte on, written out as it is read. */
  read(file: Pick<LogFile, 'server' | 'kind' | 'path'>, from: number): AsyncIterable<Buffer>;
};

/** How long a file was when this was its last contact. */
type Mark = { lastId: number; size: number };

/** Readers come back to where a file ended lately. */
const marksKept = 8;
/** Contacts written out at a time: most readers want the head or the end of a file, and in between the process does what else waits. */
const pageSize = 200;

export function labFiles(db: Kysely<Database>): LabFiles {
  /** The newest marks of each file, the newest last, so that only what came since is written out again. */
  const marks = new Map<string, readonly Mark[]>();

  async function placeOf(server: string): Promise<LogServer> {
    const row = await db.selectFrom('labServer').select('ip').where('name', '=', server).executeTakeFirst();
    if (row === undefined) throw new ServerUnreadable(server, 'The lab has no server of this name.');
    return { server, ip: row.ip };
  }

  async function contactsOf(server: string, from: Date, to: Date, after: number): Promise<Contact[]> {
    return db
      .selectFrom('labContact')
      .selectAll()
      .where('server', '=', server)
      .where('at', '>=', from)
      .where('at', '<', to)
      .where('id', '>', after)
      .orderBy('id')
      .limit(pageSize)
      .execute();
  }

  async function list(server: string, kind: LogKind, since?: Date): Promise<LogFile[]> {
    const place = await placeOf(server);
    const span = spans[kind];
    const begin = sql<number>`floor(extract(epoch from at) * 1000 / ${sql.lit(span)})::float8`;
    let spansSeen = db
      .selectFrom('labContact')
      .select([begin.as('index'), sql<Date>`max(at)`.as('last'), sql<number>`max(id)`.as('lastId')])
      .where('server', '=', server)
      .groupBy(begin)
      .orderBy(begin);
    if (kind === 'edge') spansSeen = spansSeen.where('edge', 'is not', null);
    if (since !== undefined) spansSeen = spansSeen.having(sql<Date>`max(at)`, '>=', since);
    const files: LogFile[] = [];
    for (const { index, last, lastId } of await spansSeen.execute()) {
      const path = pathOf(server, kind, new Date(index * span));
      const known = marks.get(path)?.at(-1);
      let size = known?.size ?? 0;
      // Contacts that leave no line here may have come after the last that does.
      if (known === undefined || known.lastId < lastId) {
        for await (const bytes of written(place, kind, path, new Date(index * span), known)) size += bytes.length;
      }
      files.push({ server, kind, path, identity: path, size, modifiedAt: last, compressed: false });
    }
    return files;
  }

  /** What follows the mark, or the whole file, piece by piece; remembers where it ends, once all of it was read. */
  async function* written(
    place: LogServer,
    kind: LogKind,
    path: string,
    from: Date,
    after?: Mark,
  ): AsyncGenerator<Buffer, void> {
    const until = new Date(from.getTime() + spans[kind]);
    let { lastId, size } = after ?? { lastId: 0, size: 0 };
    let head = after === undefined ? headerOf(kind, from) : [];
    let contacts: Contact[];
    do {
      contacts = await contactsOf(place.server, from, until, lastId);
      const lines = contacts.map((contact) => lineOf(kind, contact, place)).filter((line) => line !== undefined);
      const bytes = Buffer.from([...head, ...lines, ''].join('\r\n'), 'utf8');
      head = [];
      lastId = contacts.at(-1)?.id ?? lastId;
      size += bytes.length;
      yield bytes;
    } while (contacts.length === pageSize);
    const others = (marks.get(path) ?? []).filter((mark) => mark.lastId < lastId);
    marks.set(path, [...others, { lastId, size }].slice(-marksKept));
  }

  async function* read(
    { server, kind, path }: Pick<LogFile, 'server' | 'kind' | 'path'>,
    from: number,
  ): AsyncGenerator<Buffer, void> {
    const begin = beginOf(path);
    if (begin === undefined) throw new ServerUnreadable(server, `There is no log ${path}.`);
    const mark = marks.get(path)?.findLast(({ size }) => size <= from);
    let left = from - (mark?.size ?? 0);
    for await (const bytes of written(await placeOf(server), kind, path, begin, mark)) {
      if (left < bytes.length) yield bytes.subarray(left);
      left = Math.max(0, left - bytes.length);
    }
  }

  return { list, read };
}

function lineOf(kind: LogKind, contact: Contact, place: LogServer): string | undefined {
  return { frontEnd: frontEndLine, backEnd: backEndLine, httpProxy: httpProxyLine, edge: edgeLine }[kind](
    contact,
    place,
  );
}

function headerOf(kind: LogKind, from: Date): string[] {
  if (kind === 'edge') return [];
  const iso = from.toISOString();
  return kind === 'httpProxy' ? httpProxyHeader(iso.slice(0, 13)) : w3cHeader(iso.slice(0, 10));
}

/** Named as IIS and Exchange name theirs. */
function pathOf(server: string, kind: LogKind, from: Date): string {
  const [year, month, day, hours] = from.toISOString().split(/[-T:]/);
  const names: Record<LogKind, string> = {
    frontEnd: `W3SVC1/u_ex${year?.slice(2)}${month}${day}.log`,
    backEnd: `W3SVC2/u_ex${year?.slice(2)}${month}${day}.log`,
    httpProxy: `HttpProxy/Eas/HttpProxy_${year}${month}${day}${hours}-1.LOG`,
    edge: `edge/access-${year}${month}${day}.log`,
  };
  return `lab/${server}/${names[kind]}`;
}

function beginOf(path: string): Date | undefined {
  const digits = /(?:u_ex|HttpProxy_|access-)(\d+)/.exec(path)?.[1] ?? '';
  const whole = digits.length === 6 ? `20${digits}00` : digits.padEnd(10, '0');
  const iso = `${whole.slice(0, 4)}-${whole.slice(4, 6)}-${whole.slice(6, 8)}T${whole.slice(8, 10)}:00:00Z`;
  const from = new Date(iso);
  return Number.isNaN(from.getTime()) ? undefined : from;
}
