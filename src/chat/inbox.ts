/**
 * Reception: every command is stored before it is acknowledged. One insert, keyed by the platform's event; then the adapter
 * acknowledges and the router runs by itself. What a crash left unhandled is taken up again: by a process that lives, or at the next start.
 */
import { setImmediate as afterTurn } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Clock } from '../ground/clock.ts';
import { assertNever } from '../ground/errors.ts';
import type { DraftAnswer } from '../message/model.ts';
import { isDiskFull } from '../store/disk-full.ts';
import type { Store } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import { Incoming, type Receipt } from './port.ts';
import { privateReply } from './replies.ts';
import type { Router } from './router.ts';

export type InboxParts = {
  store: Store;
  db: Kysely<Database>;
  clock: Clock;
  router: Router;
  log: Logger;
  /** Hears of every command that could not be stored. */
  onFailed?: (error: unknown) => void;
  /** How long the insert may take before the person is told that nothing was stored; Slack waits 3 s in all. */
  insertTimeoutMs?: number;
};

export type Inbox = {
  onCommand(incoming: Incoming): Promise<Receipt>;
  /** At start: what was stored and not handled. Resolves when all of it is; never rejects for one command's sake. */
  recover(): Promise<void>;
  /** Now and then: what a process that died had stored and not handled, though nothing is started again. Never rejects. */
  recoverOthers(): Promise<void>;
  /** Resolves when no command is being handled: the last thing before the store closes. */
  idle(): Promise<void>;
};

/** A command older than this was said into a silence: only what does no harm late is still done unasked. */
const freshMs = 2 * 60_000;

type Inserted =
  | { kind: 'inserted'; id: number }
  | { kind: 'duplicate' }
  | { kind: 'not-in-time' }
  | { kind: 'disk-full' };

const notStored = 'I could not store that in time, so nothing was done and nothing will be. Please say it again.';

const diskFull =
  'The disk of the database is full. I could not store that, so nothing was done and nothing will be. Tell an admin, and say it again when there is room.';

export function createInbox(parts: InboxParts): Inbox {
  const { db, clock, router, log, insertTimeoutMs = 2_000 } = parts;
  const running = new Set<Promise<unknown>>();
  /** Rows of the inbox that this process handles itself. */
  const own = new Set<number>();
  /** Rows of others that waited at the last look, and those of them that were taken up and still wait. */
  let waiting: ReadonlySet<number> = new Set();
  let tried: ReadonlySet<number> = new Set();
  /** Inserts that are not back although the person was told so, by event: a re-sent event waits for their end. */
  const late = new Map<string, Promise<void>>();

  function track<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => running.delete(tracked));
    running.add(tracked);
    return tracked;
  }

  async function insert({ incoming, json }: Storable, receivedAt: Date): Promise<Inserted> {
    await late.get(incoming.eventKey);
    const row = await db
      .insertInto('inbox')
      .values({
        eventKey: incoming.eventKey,
        identity: incoming.sender.identity,
        incoming: json,
        receivedAt,
        state: 'stored',
      })
      // An event that was refused for being late may be sent again by the platform: then it counts.
      .onConflict((conflict) =>
        conflict.column('eventKey').doUpdateSet({ state: 'stored' }).where('inbox.state', '=', 'refused'),
      )
      .returning('id')
      .executeTakeFirst();
    return row === undefined ? { kind: 'duplicate' } : { kind: 'inserted', id: row.id };
  }

  /** The person was told that it was not stored: whenever the row lands after all, it is marked so that no start handles it. */
  function refuseWhenItLands(incoming: Incoming, receivedAt: Date, inserting: Promise<Inserted>): void {
    const refusing = inserting
      .catch(() => undefined)
      .then(async () => {
        await db
          .updateTable('inbox')
          .set({ state: 'refused' })
          .where('eventKey', '=', incoming.eventKey)
          .where('receivedAt', '=', receivedAt)
          .where('state', '=', 'stored')
          .execute();
      })
      .catch((error: unknown) => {
        log.error({ err: error }, 'a command that came too late could not be marked as refused');
      })
      .finally(() => late.delete(incoming.eventKey));
    late.set(incoming.eventKey, track(refusing));
  }

  async function recoverOne(id: number, incoming: Incoming, receivedAt: Date): Promise<void> {
    const age = clock.now().getTime() - receivedAt.getTime();
    const draft = await router.handleLate(incoming, id, { onlySafe: age > freshMs });
    const message = privateOf(draft);
    if (message === undefined) return;
    await parts.store.change((change) => change.privately(incoming.sender.identity, message, `late:${id}`));
  }

  function handleOwn(incoming: Incoming, id: number): ReturnType<Router['handle']> {
    own.add(id);
    // A turn of the event loop later: the acknowledgement, for which the platform waits, is written before the work begins.
    const handled = afterTurn().then(() => router.handle(incoming, id));
    return track(handled.finally(() => own.delete(id)));
  }

  async function takeUp(wanted?: readonly number[]): Promise<void> {
    const all = db.selectFrom('inbox').selectAll().where('state', '=', 'stored').orderBy('id');
    const rows = await (wanted === undefined ? all : all.where('id', 'in', wanted)).execute();
    for (const { id, incoming, receivedAt } of rows) {
      const parsed = Incoming.safeParse(withInput(incoming));
      try {
        if (parsed.success) await track(recoverOne(id, parsed.data, receivedAt));
        else await db.updateTable('inbox').set({ state: 'too-old' }).where('id', '=', id).execute();
      } catch (error) {
        log.error({ err: error, inbox: id }, 'a stored command could not be taken up again');
      }
    }
  }

  return {
    onCommand: async (said) => {
      const stored = storable(said);
      const { incoming } = stored;
      const receivedAt = clock.now();
      const inserting = insert(stored, receivedAt);
      const inserted = await within(inserting, insertTimeoutMs).catch((error: unknown): Inserted => {
        log.error({ err: error }, 'a command could not be stored');
        parts.onFailed?.(error);
        return { kind: isDiskFull(error) ? 'disk-full' : 'not-in-time' };
      });
      switch (inserted.kind) {
        case 'not-in-time':
          refuseWhenItLands(incoming, receivedAt, inserting);
          return { kind: 'not-stored', userMessage: notStored };
        case 'disk-full':
          return { kind: 'not-stored', userMessage: diskFull };
        case 'duplicate':
          return { kind: 'duplicate' };
        case 'inserted':
          return { kind: 'stored', answer: handleOwn(incoming, inserted.id) };
        default:
          return assertNever(inserted, 'insert');
      }
    },
    recover: () => takeUp(),
    recoverOthers: async () => {
      try {
        const rows = await db.selectFrom('inbox').select('id').where('state', '=', 'stored').execute();
        const others = rows.map(({ id }) => id).filter((id) => !own.has(id));
        // Seen at two looks: whoever stored it would have handled it in between.
        const left = others.filter((id) => waiting.has(id) && !tried.has(id));
        waiting = new Set(others);
        tried = new Set([...others.filter((id) => tried.has(id)), ...left]);
        if (left.length > 0) await takeUp(left);
      } catch (error) {
        log.warn({ err: error }, 'commands that another process left could not be looked for');
      }
    },
    idle: async () => {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

async function within(work: Promise<Inserted>, milliseconds: number): Promise<Inserted> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<Inserted>((resolve) => {
    // A turn later: where this process itself stood still, the answer may be here and not yet read.
    timer = setTimeout(() => setImmediate(resolve, { kind: 'not-in-time' }), milliseconds);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** What is stored of a command, and how it stands in the store. */
type Storable = { incoming: Incoming; json: string };

/** As JSON writes a NUL and half a surrogate pair. What somebody typed in this form is found as well, and comes through unchanged. */
const unstorable = /\\u(?:0000|d[89a-f][0-9a-f]{2})/i;

/** PostgreSQL's jsonb takes neither NUL nor half a surrogate pair; the parser then refuses the replacement character aloud. */
function storable(said: Incoming): Storable {
  const plain = JSON.stringify(said);
  if (!unstorable.test(plain)) return { incoming: said, json: plain };
  const json = JSON.stringify(said, (_, value: unknown) =>
    typeof value === 'string' ? value.replace(/\0|\p{Surrogate}/gu, '\uFFFD') : value,
  );
  return { incoming: Incoming.parse(JSON.parse(json)), json };
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
