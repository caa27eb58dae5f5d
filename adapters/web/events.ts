/** What people type, press and submit in a page, handed to the core; what they are answered goes up on the board. */
import type { Request, Response } from 'express';
import type { Incoming, Input, Receipt } from '../../src/chat/port.ts';
import { assertNever, MislaidError } from '../../src/ground/errors.ts';
import type { Answer, FormValues, Message } from '../../src/message/model.ts';
import { paragraph } from '../../src/message/text.ts';
import { identityOf, senderOf } from '../console/identity.ts';
import { type Column, columnOf, ownTarget } from './columns.ts';
import { readFormValues } from './forms.ts';
import { usualPersona } from './identity.ts';
import type { Room } from './room.ts';
import type { Entry } from './send.ts';

export type OnCommand = (incoming: Incoming) => Promise<Receipt>;

/** Why nothing was done, for whoever sent it. */
export type Refused = { readonly status: number; readonly sentence: string };

type Body = Readonly<Record<string, unknown>>;

const unreadable: Refused = { status: 400, sentence: 'That came from a page of another start. Load the page again.' };

export class Events {
  readonly #room: Room;
  readonly #onCommand: OnCommand;
  /** Forms whose answers are on their way: a second click does nothing. */
  readonly #submitting = new Set<string>();

  constructor(room: Room, onCommand: OnCommand) {
    this.#room = room;
    this.#onCommand = onCommand;
  }

  async say(body: Body): Promise<Refused | undefined> {
    const column = columnOf(body.column, this.#room);
    const text = typeof body.text === 'string' ? body.text.trim() : '';
    if (column === undefined) return unreadable;
    if (text === '') return { status: 400, sentence: 'Nothing was said: the line was empty.' };
    // Sent twice by one page, it is one event.
    const once = typeof body.once === 'string' && /^[\w-]{16,64}$/.test(body.once) ? body.once : this.#room.token();
    const receipt = await this.#receive(column, { kind: 'sentence', text }, once);
    if (receipt.kind === 'stored') {
      const { board, clock } = this.#room;
      const { place, who, thread } = column;
      const target = place ?? identityOf(who.name);
      const content = { kind: 'said', who: who.displayName, text } as const;
      board.put({ id: board.nextId(), target, under: thread, at: clock.now(), content });
      this.#room.tours.happened({ kind: 'said', where: target, text });
    }
    await this.#answer(column, receipt, undefined);
    return undefined;
  }

  async press(body: Body): Promise<Refused | undefined> {
    const column = columnOf(body.column, this.#room);
    if (column === undefined || typeof body.action !== 'string') return unreadable;
    const entry = typeof body.message === 'string' ? this.#room.board.get(body.message) : undefined;
    const input: Input = { kind: 'click', action: body.action };
    await this.#answer(column, await this.#receive(column, input, this.#room.token(), entry), entry);
    return undefined;
  }

  async submit(body: Body): Promise<Refused | undefined> {
    const { board } = this.#room;
    const column = columnOf(body.column, this.#room);
    if (column === undefined) return unreadable;
    const entry = typeof body.message === 'string' ? board.get(body.message) : undefined;
    if (entry?.content.kind !== 'form' || entry.content.action.who !== column.who.name)
      return { status: 409, sentence: 'This form was answered already, or left. Nothing was sent a second time.' };
    if (this.#submitting.has(entry.id)) return undefined;
    const { open, action } = entry.content;
    const values = readFormValues(open.form, body);
    this.#submitting.add(entry.id);
    try {
      const input: Input = { kind: 'form', action: open.form.submit.action, values };
      const receipt = await this.#receive({ ...column, place: action.place }, input, this.#room.token(), {
        ref: action.thread,
      });
      await this.#submitted(column, entry, values, receipt);
    } finally {
      this.#submitting.delete(entry.id);
    }
    return undefined;
  }

  leave(body: Body): Refused | undefined {
    const column = columnOf(body.column, this.#room);
    const entry = typeof body.message === 'string' ? this.#room.board.get(body.message) : undefined;
    if (entry?.content.kind === 'form' && entry.content.action.who === column?.who.name)
      this.#room.board.remove(entry.id);
    return undefined;
  }

  /** The lab's own command does it, as anybody may say it. */
  async advance(body: Body): Promise<Refused | undefined> {
    const { personas, token } = this.#room;
    const who = personas.find(({ name }) => name === usualPersona(personas, '#helpdesk'));
    if (who === undefined || (body.span !== '20m' && body.span !== '1h')) return unreadable;
    const column: Column = { code: '', who, place: undefined, thread: undefined };
    const receipt = await this.#receive(column, { kind: 'sentence', text: `lab advance ${body.span}` }, token());
    if (receipt.kind === 'not-stored') return { status: 503, sentence: receipt.userMessage };
    if (receipt.kind === 'stored') await receipt.answer;
    return undefined;
  }

  tour(body: Body): Refused | undefined {
    const { tour } = body;
    if (tour === 'lost' || tour === 'breaks') this.#room.tours.start(tour);
    else if (tour === 'next') this.#room.tours.skip();
    else this.#room.tours.leave();
    return undefined;
  }

  async #receive(column: Column, input: Input, key: string, on?: Pick<Entry, 'ref'>): Promise<Receipt> {
    const { board, personas, timeZone } = this.#room;
    const { place, who } = column;
    const thread = on?.ref ?? (column.thread === undefined ? undefined : board.get(column.thread)?.ref);
    const sender = senderOf(who.name, personas, timeZone);
    try {
      return await this.#onCommand({ eventKey: `web:${key}`, sender, place, thread, input });
    } catch (error) {
      const notStored = 'This was not stored, so nothing was done. Please say it again.';
      return { kind: 'not-stored', userMessage: error instanceof MislaidError ? error.userMessage : notStored };
    }
  }

  async #submitted(column: Column, entry: Entry, values: FormValues, receipt: Receipt): Promise<void> {
    const { board } = this.#room;
    if (entry.content.kind !== 'form' || receipt.kind === 'duplicate') return;
    const { open, action } = entry.content;
    const again = (errors: Readonly<Record<string, string>>) =>
      board.put({ ...entry, content: { kind: 'form', action, open: { form: open.form, values, errors } } });
    if (receipt.kind === 'not-stored') return again({ '': receipt.userMessage });
    const answer = await receipt.answer;
    const { fieldErrors = {} } = answer;
    if (Object.keys(fieldErrors).length > 0) again(fieldErrors);
    else board.remove(entry.id);
    this.#show(column, answer, { ref: action.thread });
  }

  async #answer(column: Column, receipt: Receipt, on: Pick<Entry, 'ref'> | undefined): Promise<void> {
    switch (receipt.kind) {
      case 'duplicate':
        return;
      case 'not-stored':
        return this.#reply(column, { tone: 'danger', blocks: [paragraph(receipt.userMessage)] });
      case 'stored':
        return this.#show(column, await receipt.answer, on);
      default:
        return assertNever(receipt, 'receipt');
    }
  }

  #show(column: Column, answer: Answer, on: Pick<Entry, 'ref'> | undefined): void {
    const { board, clock, tours } = this.#room;
    if (answer.private !== undefined) this.#reply(column, answer.private);
    if (answer.form === undefined) return;
    const { form } = answer;
    const { who, place, thread } = column;
    const own = thread === undefined ? undefined : board.get(thread)?.ref;
    board.put({
      id: board.nextId(),
      target: ownTarget(who.name, place),
      under: thread,
      at: clock.now(),
      content: {
        kind: 'form',
        open: { form, values: {}, errors: {} },
        action: { who: who.name, place, thread: on?.ref ?? own },
      },
    });
    tours.happened({ kind: 'shown', where: identityOf(who.name), text: form.title });
  }

  #reply({ who, place, thread }: Column, message: Message): void {
    const { board, clock } = this.#room;
    const content = { kind: 'message', message, alone: place !== undefined, edited: false } as const;
    board.put({ id: board.nextId(), target: ownTarget(who.name, place), under: thread, at: clock.now(), content });
    this.#room.tours.shown(identityOf(who.name), message, clock.now());
  }
}

/** A page with a script is told in a few words; one without goes back to where it was. */
export function respond(
  request: Request,
  response: Response,
  refused: Refused | undefined,
  notice: (sentence: string) => string,
): void {
  const isScript = request.get('x-mislaid') === 'script';
  if (refused !== undefined) {
    response.status(refused.status);
    if (isScript) response.type('text').send(refused.sentence);
    else response.type('html').send(notice(refused.sentence));
  } else if (isScript) response.status(204).end();
  else response.redirect(303, backOf(request));
}

/** The window that it came from, as long as it is one of ours. */
export function backOf(request: Request): string {
  const from = request.get('referer') ?? '';
  if (!URL.canParse(from)) return '/';
  const { host, pathname, search } = new URL(from);
  return host === request.get('host') && pathname === '/' ? `/${search}` : '/';
}
