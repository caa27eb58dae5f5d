/**
 * Threads that roll up log chunks. Run from TypeScript sources (tests) there is no file that a thread could load, and the work
 * is done in the calling thread: same answers, one core.
 */
import { Worker } from 'node:worker_threads';
import type { Batch } from './batch.ts';
import { Buffers, type CutChunk } from './cut-lines.ts';
import { Session, type SessionOptions } from './session.ts';
import type { Answered, Asked } from './worker.ts';

export type ReadSession = {
  /** Resolves when there is room for another chunk; true: it is time to take the batch. The chunk's buffer is given away. */
  read(chunk: CutChunk): Promise<boolean>;
  take(): Promise<Batch>;
  /** Chunks given and not read yet. */
  readonly waiting: number;
  close(): void;
};

export type ReaderPool = {
  /** How many threads there are; 0: the calling one. */
  threads: number;
  /** Where read chunks' buffers come back to; give it to cutLines. */
  buffers: Buffers;
  /** A session on the thread with the fewest; `here`: on the calling one. */
  open(options: SessionOptions, here?: 'here'): ReadSession;
  close(): Promise<void>;
};

/** Chunks on their way to one session before `read` makes the caller wait: enough to be at work while the caller waits for the disk. */
export const MOST_WAITING = 8;

export function createReaderPool(options: { threads: number }): ReaderPool {
  const threads = import.meta.url.endsWith('.ts') ? 0 : options.threads;
  const buffers = threads === 0 ? ownBuffers : new Buffers();
  const all = Array.from({ length: threads }, () => new Thread(buffers));
  return {
    threads,
    buffers,
    open: (sessionOptions, here) => {
      const [first, ...rest] = all;
      if (first === undefined || here !== undefined) return inThisThread(sessionOptions, buffers);
      const idlest = rest.reduce((best, thread) => (thread.sessions < best.sessions ? thread : best), first);
      return idlest.open(sessionOptions);
    },
    close: async () => {
      await Promise.all(all.map((thread) => thread.close()));
    },
  };
}

/** Of the calling thread: a reading every minute would make new ones every minute. */
const ownBuffers = new Buffers();
/** Sessions of short readings that are over: the next one, a minute later, finds the phones known. */
const resting = new Map<string, Session>();

function inThisThread(options: SessionOptions, buffers: Buffers): ReadSession {
  const kind = `${options.kind} ${options.hours}`;
  const session = resting.get(kind) ?? new Session(options);
  resting.delete(kind);
  return {
    read: async (chunk) => {
      const full = session.read(chunk);
      buffers.give(chunk.buffer);
      return full;
    },
    take: async () => session.take(),
    waiting: 0,
    close: () => {
      session.rest();
      if (options.hours) resting.set(kind, session);
      else session.close();
    },
  };
}

type Waiting = { resolve(answered: Answered): void; reject(error: unknown): void };

class Thread {
  readonly #worker = new Worker(new URL('./worker.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 8 },
  });
  /** Answers come in the order of the questions, per session. */
  readonly #waiting = new Map<number, Waiting[]>();
  #next = 1;
  #broken: unknown;

  constructor(buffers: Buffers) {
    this.#worker.unref();
    this.#worker.on('message', (answered: Answered) => {
      if (answered.type === 'read') buffers.give(answered.buffer);
      const waiting = this.#waiting.get(answered.session)?.shift();
      if (answered.type === 'failed') waiting?.reject(answered.error);
      else waiting?.resolve(answered);
    });
    this.#worker.on('error', (error) => this.#break(error));
    this.#worker.on('exit', () => this.#break(new Error('a reader thread ended')));
  }

  get sessions(): number {
    return this.#waiting.size;
  }

  open(options: SessionOptions): ReadSession {
    const session = this.#next;
    this.#next += 1;
    this.#waiting.set(session, []);
    this.#worker.postMessage({ type: 'open', session, ...options } satisfies Asked);
    const inFlight: Promise<boolean>[] = [];
    let waiting = 0;
    return {
      get waiting() {
        return waiting;
      },
      read: async ({ buffer, length, header, overLong }) => {
        const asked: Asked = { type: 'read', session, buffer, length, header, overLong };
        waiting += 1;
        const read = this.#ask(asked, [buffer]).then((answered) => {
          waiting -= 1;
          return answered.type === 'read' && answered.full;
        });
        // Whoever waits for it hears of a failure; until then it must not end the process.
        read.catch(() => undefined);
        inFlight.push(read);
        if (inFlight.length <= MOST_WAITING) return false;
        return (await inFlight.shift()) ?? false;
      },
      take: async () => {
        const answered = await this.#ask({ type: 'take', session }, []);
        await Promise.all(inFlight.splice(0));
        if (answered.type !== 'batch') throw new Error('a reader thread answered something else than a batch');
        return answered.batch;
      },
      close: () => {
        this.#waiting.delete(session);
        this.#worker.postMessage({ type: 'close', session } satisfies Asked);
      },
    };
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(asked: Asked, transfer: ArrayBuffer[]): Promise<Answered> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== undefined) {
        reject(this.#broken);
        return;
      }
      // A thread that is asked something keeps the process alive until it has answered.
      this.#worker.ref();
      const settle = <T>(done: (value: T) => void) => {
        return (value: T) => {
          if ([...this.#waiting.values()].every((list) => list.length === 0)) this.#worker.unref();
          done(value);
        };
      };
      this.#waiting.get(asked.session)?.push({ resolve: settle(resolve), reject: settle(reject) });
      this.#worker.postMessage(asked, transfer);
    });
  }

  #break(error: unknown): void {
    this.#broken ??= error;
    for (const list of this.#waiting.values()) for (const waiting of list.splice(0)) waiting.reject(error);
  }
}
