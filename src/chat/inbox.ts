/**
 * Reception: every command is stored before it is acknowledged. One insert, keyed by the platform's event; then the adapter
 * acknowledges and the router runs by itself. What a crash left unhandled is taken up again: by a process that lives, or at the next start.
 */
import { setImmediate as afterTurn } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Clock } from '../ground/clock.ts';
import { minute, second } from '../ground/durations.ts';
import { TimeLimitError, withTimeLimit } from '../ground/time-limit.ts';
import type { Answer, DraftAnswer } from '../message/model.ts';
import { paragraph } from '../message/text.ts';
import { isDiskFull } from '../store/disk-full.ts';
import type { Store } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import { Incoming, type Receipt } from './port.ts';
import { privateReply } from './replies.ts';
import type { Router } from './router.ts';
import type { FairShares } from './shares.ts';

type InboxParts = {
  store: Store;
  db: Kysely<Database>;
  clock: Clock;
  router: Router;
  log: Logger;
  /** What one person and one place may say; absent: everything is taken. */
  shares?: Pick<FairShares, 'take'>;
  /** Hears of every command that could not be stored. */
  onFailed?: (error: unknown) => void;
  /** How long the insert may take before the person is told that nothing was stored; Slack waits 3 s in all. */
  insertTimeoutMs?: number;
};

/** A command older than this was said into a silence: only what does no harm late is still done unasked. */
const freshMs = 2 * minute;

const notStored = 'I could not store that in time, so nothing was done and nothing will be. Please say it again.';

const diskFull =
  'The disk of the database is full. I could not store that, so nothing was done and nothing will be. Tell an admin, and say it again when there is room.';

export class Inbox {
  readonly #parts: InboxParts;
  readonly #running = new Set<Promise<unknown>>();
  /** Rows of the inbox that this process handles itself. */
  readonly #own = new Set<number>();
  /** Rows of others that waited when they were last read, and those of them that were taken up and still wait. */
  #waiting: ReadonlySet<number> = new Set();
  #tried: ReadonlySet<number> = new Set();
  /** Inserts that are not back although the person was told so, by event: a re-sent event waits for their end. */
  readonly #late = new Map<string, Promise<void>>();

  constructor(parts: InboxParts) {
    this.#parts = parts;
  }

  async onCommand(received: Incoming): Promise<Receipt> {
    const { clock, log, onFailed, shares, insertTimeoutMs = 2 * second } = this.#parts;
    const share = shares?.take(received);
    // Acknowledged like what is stored, or the platform would send it again.
    if (share?.kind === 'over') return { kind: 'stored', answer: Promise.resolve(overShare(share.userMessage)) };
    const stored = storable(received);
    const receivedAt = clock.now();
    const inserting = this.#insert(stored, receivedAt);
    try {
      const id = await withTimeLimit(inserting, insertTimeoutMs);
      if (id === undefined) return { kind: 'duplicate' };
      return { kind: 'stored', answer: this.#handleOwn(stored.incoming, id) };
    } catch (error) {
      if (!(error instanceof TimeLimitError)) {
        log.error({ err: error }, 'a command could not be stored');
        onFailed?.(error);
        if (isDiskFull(error)) return { kind: 'not-stored', userMessage: diskFull };
      }
      this.#refuseWhenItLands(stored.incoming, receivedAt, inserting);
      return { kind: 'not-stored', userMessage: notStored };
    }
  }

  /** At start: what was stored and not handled. Resolves when all of it is; never rejects for one command's sake. */
  async recover(wanted?: readonly number[]): Promise<void> {
    const { db, log } = this.#parts;
    const all = db.selectFrom('inbox').selectAll().where('state', '=', 'stored').orderBy('id');
    const rows = await (wanted === undefined ? all : all.where('id', 'in', wanted)).execute();
    for (const { id, incoming, receivedAt } of rows) {
      const parsed = Incoming.safeParse(withInput(incoming));
      try {
        if (parsed.success) await this.#track(this.#recoverOne(id, parsed.data, receivedAt));
        else await db.updateTable('inbox').set({ state: 'too-old' }).where('id', '=', id).execute();
      } catch (error) {
        log.error({ err: error, inbox: id }, 'a stored command could not be taken up again');
      }
    }
  }

  /** Now and then: what a process that died had stored and not handled, though nothing is started again. Never rejects. */
  async recoverOthers(): Promise<void> {
    const { db, log } = this.#parts;
    try {
      const rows = await db.selectFrom('inbox').select('id').where('state', '=', 'stored').execute();
      const others = rows.map(({ id }) => id).filter((id) => !this.#own.has(id));
      // Read twice: whoever stored it would have handled it in between.
      const left = others.filter((id) => this.#waiting.has(id) && !this.#tried.has(id));
      this.#waiting = new Set(others);
      this.#tried = new Set([...others.filter((id) => this.#tried.has(id)), ...left]);
      if (left.length > 0) await this.recover(left);
    } catch (error) {
      log.warn({ err: error }, 'commands that another process left could not be looked for');
    }
  }

  /** Resolves when no command is being handled: the last thing before the store closes. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
    return tracked;
  }

  /** The id of the row; undefined for an event that was stored before. */
  async #insert({ incoming, json }: Storable, receivedAt: Date): Promise<number | undefined> {
    const { eventKey, sender } = incoming;
    await this.#late.get(eventKey);
    const row = await this.#parts.db
      .insertInto('inbox')
      .values({ eventKey, identity: sender.identity, incoming: json, receivedAt, state: 'stored' })
      // An event that was refused for being late may be sent again by the platform: then it counts.
      .onConflict((conflict) =>
        conflict.column('eventKey').doUpdateSet({ state: 'stored' }).where('inbox.state', '=', 'refused'),
      )
      .returning('id')
      .executeTakeFirst();
    return row?.id;
  }

  /** The person was told that it was not stored: whenever the row lands after all, it is marked so that no start handles it. */
  #refuseWhenItLands({ eventKey }: Incoming, receivedAt: Date, inserting: Promise<unknown>): void {
    const { db, log } = this.#parts;
    const refusing = inserting
      .catch(() => undefined)
      .then(async () => {
        await db
          .updateTable('inbox')
          .set({ state: 'refused' })
          .where('eventKey', '=', eventKey)
          .where('receivedAt', '=', receivedAt)
          .where('state', '=', 'stored')
          .execute();
      })
      .catch((error: unknown) => {
        log.error({ err: error }, 'a command that came too late could not be marked as refused');
      })
      .finally(() => this.#late.delete(eventKey));
    this.#late.set(eventKey, this.#track(refusing));
  }

  async #recoverOne(id: number, incoming: Incoming, receivedAt: Date): Promise<void> {
    const { clock, router, store } = this.#parts;
    const age = clock.now().getTime() - receivedAt.getTime();
    const draft = await router.handleLate(incoming, id, { onlySafe: age > freshMs });
    const message = privateOf(draft);
    if (message === undefined) return;
    await store.change((change) => change.privately(incoming.sender.identity, message, `late:${id}`));
  }

  #handleOwn(incoming: Incoming, id: number): Promise<Answer> {
    this.#own.add(id);
    // A turn of the event loop later: the acknowledgement, for which the platform waits, is written before the work begins.
    const handled = afterTurn().then(() => this.#parts.router.handle(incoming, id));
    return this.#track(handled.finally(() => this.#own.delete(id)));
  }
}

/** What is stored of a command, and how it stands in the store. */
type Storable = { incoming: Incoming; json: string };

/** As JSON writes a NUL and half a surrogate pair. What somebody typed in this form is found as well, and comes through unchanged. */
const unstorable = /\\u(?:0000|d[89a-f][0-9a-f]{2})/i;

/** PostgreSQL's jsonb takes neither NUL nor half a surrogate pair; the parser then refuses the replacement character aloud. */
function storable(incoming: Incoming): Storable {
  const plain = JSON.stringify(incoming);
  if (!unstorable.test(plain)) return { incoming, json: plain };
  const json = JSON.stringify(incoming, (_, value: unknown) =>
    typeof value === 'string' ? value.replace(/\0|\p{Surrogate}/gu, '\uFFFD') : value,
  );
  return { incoming: Incoming.parse(JSON.parse(json)), json };
}

function overShare(userMessage: string | undefined): Answer {
  return userMessage === undefined ? {} : { private: { tone: 'warning', blocks: [paragraph(userMessage)] } };
}

/** A form cannot be opened after the turn is over: the person is asked to begin again. */
function privateOf(draft: DraftAnswer): DraftAnswer['private'] {
  if (draft.form === undefined && draft.fieldErrors === undefined) return draft.private;
  return privateReply('I was away when you said this. Please press the button or say it again.').private;
}

/** Up to version 0.1.0 what was typed or clicked was stored as `said`. */
function withInput(stored: unknown): unknown {
  return typeof stored === 'object' && stored !== null && 'said' in stored ? { ...stored, input: stored.said } : stored;
}
