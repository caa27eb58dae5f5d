/**
 * Server-sent events: each change once, in its order. Its number goes with it, and comes back after a break (`Last-Event-ID`); a page
 * puts a piece in the place of the one with its id, so nothing is lost and nothing doubled.
 */

import type { Request, Response } from 'express';
import { type Column, columnsOf, shows, targetsOf } from './columns.ts';
import { toText } from './html.ts';
import { mostStreams, mostUnsentBytes } from './limits.ts';
import { newsOf, renderEntry, unreadText } from './page.ts';
import type { Room } from './room.ts';
import type { Change } from './send.ts';
import { renderTour } from './tour.ts';

const lookEveryMs = 2_000;
/** Proxies and browsers give up what is silent. */
const looksPerBeat = 8;
const mostPieces = 500;

type Stream = { readonly columns: readonly Column[]; readonly response: Response; lab: string };

export class Streams {
  readonly #room: Room;
  readonly #streams = new Set<Stream>();
  /** The same piece for everybody who looks at it from the same column. */
  readonly #pieces = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #looks = 0;
  #unlisten: (() => void)[] = [];

  constructor(room: Room) {
    this.#room = room;
    this.#unlisten = [
      room.board.listen((change) => {
        for (const stream of this.#streams) this.#feed(stream, change);
      }),
      room.tours.listen(() => {
        for (const stream of this.#streams) this.#tell(stream, 'tour', toText(renderTour(room)));
      }),
    ];
  }

  get size(): number {
    return this.#streams.size;
  }

  open(request: Request, response: Response): void {
    if (this.#streams.size >= mostStreams) {
      response.status(503).type('text').send('Too many windows are open. Close some.');
      return;
    }
    const { board } = this.#room;
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store' });
    const stream: Stream = { columns: columnsOf(request.query.c, this.#room), response, lab: '' };
    const last = request.get('last-event-id') ?? request.query.after;
    const [epoch, seq] =
      typeof last === 'string'
        ? [last.slice(0, last.lastIndexOf('-')), Number(last.slice(last.lastIndexOf('-') + 1))]
        : [];
    const missed = epoch === board.epoch && Number.isSafeInteger(seq) ? board.since(seq ?? 0) : undefined;
    response.write('retry: 1000\n\n');
    // Another start, or away for too long: the page asks for itself anew.
    if (missed === undefined) this.#tell(stream, 'anew', '', `${board.epoch}-${board.seq}`);
    for (const change of newest(missed ?? [])) this.#feed(stream, change);
    this.#streams.add(stream);
    response.on('close', () => {
      this.#streams.delete(stream);
      if (this.#streams.size === 0) this.#rest();
    });
    this.#timer ??= setInterval(() => void this.#look(), lookEveryMs).unref();
    this.#tellLab(stream);
  }

  stop(): void {
    for (const unlisten of this.#unlisten) unlisten();
    this.#rest();
    for (const { response } of this.#streams) response.end();
    this.#streams.clear();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    this.#looks += 1;
    // A store that does not answer is looked at again; the page keeps what it has.
    await this.#room.readPhones().catch(() => undefined);
    for (const stream of this.#streams) {
      if (this.#looks % looksPerBeat === 0) stream.response.write(':\n\n');
      this.#tellLab(stream);
    }
  }

  #tellLab(stream: Stream): void {
    const rows = this.#room.phoneRows().map((row) => toText(row));
    const lab = JSON.stringify({ clock: this.#room.clockText(), phones: rows.join('') });
    if (stream.lab === lab) return;
    stream.lab = lab;
    this.#write(stream, `event: lab\ndata: ${lab}\n\n`);
  }

  #feed(stream: Stream, change: Change): void {
    const { board } = this.#room;
    const entry = board.get(change.id);
    const columns = stream.columns.filter((column) => shows(column, change));
    const pieces = columns.map((column) => ({
      column: column.code,
      id: `${column.code}-${change.id}`,
      html: entry === undefined ? '' : this.#piece(column, change),
      news: entry === undefined ? '' : newsOf(this.#room, entry, column),
    }));
    const isOpen = stream.columns.some((column) => targetsOf(column).includes(change.target));
    if (isOpen) board.markRead(change.target);
    const unread = { target: change.target, text: unreadText(isOpen ? 0 : board.unread(change.target)) };
    this.#tell(stream, 'change', { pieces, unread }, `${board.epoch}-${change.seq}`);
  }

  #piece(column: Column, { id, seq }: Change): string {
    const key = `${seq} ${id} ${column.code}`;
    const known = this.#pieces.get(key);
    if (known !== undefined) return known;
    const entry = this.#room.board.get(id);
    const made = entry === undefined ? '' : toText(renderEntry(this.#room, entry, column));
    if (this.#pieces.size >= mostPieces) this.#pieces.clear();
    this.#pieces.set(key, made);
    return made;
  }

  #tell(stream: Stream, event: string, data: unknown, id?: string): void {
    this.#write(stream, `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  #write({ response }: Stream, text: string): void {
    if (response.writableLength > mostUnsentBytes) response.destroy();
    else response.write(text);
  }
}

/** Of several changes to one entry only the last is worth sending. */
function newest(changes: readonly Change[]): Change[] {
  const last = new Map(changes.map((change) => [change.id, change.seq]));
  return changes.filter(({ id, seq }) => last.get(id) === seq);
}
