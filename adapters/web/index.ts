/**
 * The lab in a browser: a chat platform beside the console, of the same people and places, so that both see one lab. It opens only
 * where the console may speak as anyone, on loopback, for whoever has the address that is printed.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Standing } from '../../src/chat/history.ts';
import { type ChatAdapter, DeliveryError, type Incoming, type Receipt, type Sender } from '../../src/chat/port.ts';
import type { LabPhone } from '../../src/exchange/lab/operations.ts';
import type { Identity, MessageRef, Place } from '../../src/ground/addresses.ts';
import type { Clock, Ids } from '../../src/ground/clock.ts';
import { hostError } from '../../src/ground/errors.ts';
import { createChatApp, listen } from '../../src/http/server.ts';
import type { Message } from '../../src/message/model.ts';
import { changesSince } from '../console/changes.ts';
import { identityOf, nameOf, senderOf } from '../console/identity.ts';
import { mintRef, readRef } from '../console/refs.ts';
import { addressOf, codeColumn, columnOf, columnsOf, withColumn } from './columns.ts';
import { backOf, Events, type Refused, respond } from './events.ts';
import { Door, type WebPersona } from './identity.ts';
import { mostFormBytes, webLimits } from './limits.ts';
import { renderNotice, renderPage } from './page.ts';
import { createRoom, type Room } from './room.ts';
import { Board, idOf } from './send.ts';
import { Streams } from './stream.ts';
import { Tours } from './tours.ts';

export type WebOptions = {
  clock: Clock;
  ids: Ids;
  timeZone: string;
  personas: readonly WebPersona[];
  /** The console's places that policy names, in its order. */
  places(): readonly Place[];
  /** Of the address; the same after a restart, so that an open page goes on. */
  token: string;
  /** Tried first; 0, or one that is taken: any. */
  port: number;
  images(id: string): Promise<{ readonly png: Buffer } | undefined>;
  phones?(): Promise<readonly LabPhone[]>;
  /** Oldest first. */
  history?(): Promise<readonly Standing[]>;
  /** Told where it stands. */
  onOpen(opened: { address: string; port: number }): void;
};

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export class WebAdapter implements ChatAdapter {
  /** Where people sign in, it would have people and places of its own. */
  readonly name = 'console';
  readonly identityPrefix = 'console';
  readonly limits = webLimits;
  readonly #options: WebOptions;
  readonly #room: Room;
  readonly #streams: Streams;
  readonly #assets = { style: asset('room.css'), script: asset('room.js') };
  #stop: (() => Promise<void>) | undefined;
  #stopped = false;
  #hosts: readonly string[] = [];

  constructor(options: WebOptions) {
    this.#options = options;
    const { ids, clock, timeZone, personas, places, phones } = options;
    this.#room = createRoom({
      board: new Board(ids.token()),
      door: new Door(options.token, () => this.#hosts),
      tours: new Tours(),
      token: () => ids.token(),
      clock,
      timeZone,
      personas,
      places,
      phones,
    });
    this.#streams = new Streams(this.#room);
  }

  async start({ onCommand }: { onCommand: (incoming: Incoming) => Promise<Receipt> }): Promise<void> {
    for (const { target, key, message, under, at } of (await this.#options.history?.()) ?? [])
      this.#put(target, key, message, {
        at,
        ...(under === undefined ? {} : { under: idOf(mintRef(targetOf(target), under)) }),
      });
    await this.#room.readPhones();
    const app = this.#routes(new Events(this.#room, onCommand));
    const server = await listen(app, '127.0.0.1', this.#options.port).catch(() => listen(app, '127.0.0.1', 0));
    this.#stop = () => server.stop();
    this.#hosts = [`127.0.0.1:${server.port}`, `localhost:${server.port}`];
    const address = `http://127.0.0.1:${server.port}${this.#room.door.entrance}`;
    this.#options.onOpen({ address, port: server.port });
  }

  async post(target: Place, message: Message, key: string): Promise<MessageRef> {
    if (!target.startsWith('console:#')) {
      const remedy = 'Name a place of the console, console:#name, in policy.yaml.';
      throw new DeliveryError({ kind: 'dead', remedy }, 'no place of the console');
    }
    return this.#put(target, key, message);
  }

  async find(target: Place | Identity, key: string): Promise<MessageRef | undefined> {
    const ref = mintRef(targetOf(target), key);
    return this.#room.board.get(idOf(ref)) === undefined ? undefined : ref;
  }

  async edit(ref: MessageRef, message: Message): Promise<void> {
    const { target, key } = known(ref);
    this.#put('place' in target ? target.place : target.to, key, message);
  }

  async reply(ref: MessageRef, message: Message, key: string): Promise<MessageRef> {
    const { target } = known(ref);
    return this.#put('place' in target ? target.place : target.to, key, message, { under: idOf(ref) });
  }

  async privately(identity: Identity, message: Message, key: string): Promise<MessageRef> {
    return this.#put(identity, key, message);
  }

  async identify(identity: Identity): Promise<Sender | undefined> {
    const { personas, timeZone } = this.#options;
    const persona = personas.find(({ name }) => identityOf(name) === identity);
    return persona === undefined ? undefined : senderOf(nameOf(identity), personas, timeZone);
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#streams.stop();
    await this.#stop?.();
  }

  #put(target: string, key: string, message: Message, more: { under?: string; at?: Date } = {}): MessageRef {
    if (this.#stopped) throw new DeliveryError({ kind: 'not-sent' }, 'the room is closed');
    const { board, clock, tours } = this.#room;
    const ref = mintRef(targetOf(target), key);
    const id = idOf(ref);
    const before = board.get(id);
    // The same key again is the same message: it is never shown twice.
    if (before?.content.kind === 'message' && changesSince(before.content.message, message) === undefined) return ref;
    const content = { kind: 'message', message, alone: false, edited: before !== undefined } as const;
    board.put({ id, target, ref, under: more.under, at: more.at ?? clock.now(), content });
    if (more.at === undefined) tours.shown(target, message, clock.now());
    return ref;
  }

  #routes(events: Events): Express {
    const app = createChatApp();
    const room = this.#room;
    const { style, script } = this.#assets;
    const links = { style: `/assets/${style.name}`, script: `/assets/${script.name}` };
    const notice = (response: Response, status: number, sentence: string) =>
      response
        .status(status)
        .type('html')
        .send(renderNotice('Mislaid: the lab', sentence, links));

    app.use((request, response, next) => {
      response.set({
        'Content-Security-Policy': policy,
        'X-Content-Type-Options': 'nosniff',
        'X-Frame-Options': 'DENY',
        'Referrer-Policy': 'same-origin',
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Resource-Policy': 'same-origin',
        'Cache-Control': 'no-store',
      });
      if (room.door.isOurHost(request)) next();
      else notice(response, 403, 'This page answers only to the address that was printed at the start.');
    });
    for (const { name, type, text } of [style, script])
      app.get(`/assets/${name}`, (_request, response) => void response.type(type).send(text));
    app.get('/enter/:token', (request, response) => {
      const cookie = room.door.cookieFor(request.params.token);
      if (cookie === undefined) notice(response, 403, outside);
      else response.set('Set-Cookie', cookie).redirect(303, '/');
    });
    app.use((request, response, next) => {
      if (room.door.isInside(request)) next();
      else notice(response, 403, outside);
    });
    app.get(
      '/',
      (request, response) => void response.type('html').send(renderPage(room, columnsOf(request.query.c, room), links)),
    );
    app.get('/stream', (request, response) => this.#streams.open(request, response));
    app.get('/thread', (request, response) => {
      const column = columnOf(request.query.column, room);
      const query = new URLSearchParams(backOf(request).slice(2));
      const columns = columnsOf(query.getAll('c'), room);
      const thread = typeof request.query.message === 'string' ? request.query.message : undefined;
      const wanted = column === undefined ? columns : withColumn(columns, codeColumn(column.who, column.place, thread));
      response.redirect(303, addressOf(wanted));
    });
    app.get('/picture/:id', async (request, response) => {
      const picture = await this.#options.images(request.params.id);
      if (picture === undefined) notice(response, 404, 'This picture is not kept any more.');
      else response.type('png').set('Cache-Control', 'private, max-age=3600').send(picture.png);
    });
    const form = (
      path: string,
      take: (body: Record<string, unknown>) => Refused | undefined | Promise<Refused | undefined>,
    ) =>
      app.post(
        path,
        express.urlencoded({ extended: false, limit: mostFormBytes, parameterLimit: 100 }),
        async (request, response) => {
          const body: Record<string, unknown> = { ...request.body };
          const refused = room.door.isOurForm(request, body.proof) ? await take(body) : foreign;
          respond(request, response, refused, (sentence) => renderNotice('Not done', sentence, links, backOf(request)));
        },
      );
    form('/say', (body) => events.say(body));
    form('/press', (body) => events.press(body));
    form('/submit', (body) => events.submit(body));
    form('/leave', (body) => events.leave(body));
    form('/advance', (body) => events.advance(body));
    form('/tour', (body) => events.tour(body));
    app.use((_request, response) => void notice(response, 404, 'There is no such page.'));
    // Express knows a handler of errors by its four parameters.
    app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
      const status =
        error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : 500;
      const sentence = status === 413 ? tooLong : 'This could not be read, so nothing was done.';
      respond(request, response, { status, sentence }, (said) => renderNotice('Not done', said, links));
    });
    return app;
  }
}

const outside = 'Open the address that was printed where Mislaid was started: it lets this browser in.';
const foreign: Refused = {
  status: 403,
  sentence: 'This form did not come from a page of this lab, so nothing was done. Load the page again.',
};
const tooLong = 'That was too long, so nothing was done. A form may have 64 kB.';

/** An identity or a place, as refs know them. */
function targetOf(target: string): { place: Place } | { to: Identity } {
  return target.startsWith('console:#') ? { place: target } : { to: target };
}

function known(ref: MessageRef): NonNullable<ReturnType<typeof readRef>> {
  const read = readRef(ref);
  if (read !== undefined) return read;
  throw new DeliveryError({ kind: 'dead', remedy: 'This message was not posted in the lab.' }, 'no ref of the lab');
}

/** Its name changes with what stands in it, so that no browser shows an old one. */
function asset(file: string): { name: string; type: string; text: string } {
  // Beside this file, or, seen from what was compiled, beside its source.
  const path = [`./assets/${file}`, `../../../adapters/web/assets/${file}`]
    .map((each) => fileURLToPath(new URL(each, import.meta.url)))
    .find((each) => existsSync(each));
  if (path === undefined)
    throw hostError({
      code: 'web-assets',
      message: `adapters/web/assets/${file} is missing. Install Mislaid again, whole.`,
    });
  const text = readFileSync(path, 'utf8');
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 10);
  const [name, type] = file.split('.');
  return { name: `${name}-${hash}.${type}`, type: type ?? '', text };
}
