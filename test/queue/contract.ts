import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { MislaidError } from '../../src/ground/errors.ts';
import type { JobContext } from '../../src/incidents/job.ts';
import type { QueueBackend } from '../../src/queue/backend.ts';
import type { Timing } from '../../src/queue/transport.ts';
import { compiled } from '../setup/compiled.ts';
import type { TestDatabase } from '../setup/database.ts';
import { eventually } from '../setup/eventually.ts';
import type { WorkerProcessInput } from './worker-process.ts';
import {
  addWork,
  type Handlers,
  noteJob,
  type RunningNode,
  type ShiftedClock,
  shiftedClock,
  startNode,
  steadyTiming,
  usualHandlers,
  workRow,
} from './world.ts';

export type QueueUnderTest = {
  database: TestDatabase;
  /** Another connection to the same queue, as of another process. */
  backend(timing: Timing): QueueBackend;
  redisUrl?: string;
  prefix: string;
  /** The lock of this BullMQ job in the lane `exchange` becomes another worker's. */
  stealLock(jobId: string): Promise<void>;
  /** Takes the queue's server away, and brings it back with what it held. */
  away(): Promise<void>;
  back(): Promise<void>;
  close(): Promise<void>;
};

const minute = 60_000;

/** What the queue promises, whichever server carries it. */
export function queueContract(name: string, open: () => Promise<QueueUnderTest>): void {
  describe(`the queue on ${name}`, () => {
    let queue: QueueUnderTest;
    let clock: ShiftedClock;
    let handlers: Handlers;
    const nodes: RunningNode[] = [];
    const children: ChildProcess[] = [];

    beforeAll(async () => {
      queue = await open();
    });
    afterEach(async () => {
      for (const child of children.splice(0)) child.kill('SIGKILL');
      for (const node of nodes.splice(0)) await node.close(0);
      await queue.database.db.deleteFrom('work').execute();
    });
    afterAll(() => queue.close());

    type StartOptions = { intervalMs?: number; recheckAfterMs?: number; timing?: Timing };

    async function start({ timing = steadyTiming, ...options }: StartOptions = {}): Promise<RunningNode> {
      const jobs = [noteJob(handlers), noteJob(handlers, 'wipes')];
      const node = await startNode({ db: queue.database.db, backend: queue.backend(timing), clock, jobs, ...options });
      nodes.push(node);
      return node;
    }

    function fresh(change: Partial<Handlers> = {}): void {
      clock = shiftedClock();
      handlers = { ...usualHandlers(), ...change };
    }

    const add = (wish: Partial<Parameters<typeof addWork>[1]> = {}) =>
      addWork(queue.database.db, { dueAt: clock.now(), ...wish });
    const row = (id: number) => workRow(queue.database.db, id);
    const becomes = (id: number, expected: Partial<Awaited<ReturnType<typeof row>>>) =>
      eventually(async () => expect(await row(id)).toMatchObject(expected));

    test('runs what is due and marks it done', async () => {
      const run = vi.fn<Handlers['run']>(async () => undefined);
      fresh({ run });
      const node = await start();
      const id = await add({ payload: { text: 'good morning' } });
      await becomes(id, { state: 'done', attempts: 0 });
      expect(run.mock.calls.map(([context, text]) => [context.attempt, text])).toEqual([[0, 'good morning']]);
      await eventually(() => expect(node.outcomes).toEqual(['done']));
      expect(await node.sweep.runnable()).toBe(0);
    });

    test('tries again when the stored due time comes, by a clock that may be moved', async () => {
      const run = vi.fn<Handlers['run']>().mockRejectedValueOnce(new TypeError('alice@example.com cannot be reached'));
      fresh({ run, retryAfter: (failures) => failures * 30 * minute });
      const node = await start();
      const id = await add();
      await becomes(id, { state: 'waiting', attempts: 1, enqueuedAt: null, lastError: 'TypeError' });
      const due = await node.sweep.nextDueAt();
      expect(due?.getTime()).toBeGreaterThan(clock.now().getTime() + 29 * minute);
      expect(await node.sweep.runnable()).toBe(0);

      clock.advance(30 * minute);
      await becomes(id, { state: 'done', attempts: 1, lastError: null });
      expect(run.mock.lastCall?.[0].attempt).toBe(1);
    });

    test('gives up when the job says so, and tells it once', async () => {
      const onGivenUp = vi.fn<Handlers['onGivenUp']>(async () => undefined);
      const failure = new MislaidError({
        code: 'mailbox-gone',
        message: 'The mailbox is gone.',
        userMessage: 'The mailbox is gone.',
      });
      fresh({
        run: () => Promise.reject(failure),
        retryAfter: (failures) => (failures < 2 ? 1 : undefined),
        onGivenUp,
      });
      await start();
      const id = await add({ payload: { text: 'hopeless' } });
      await becomes(id, { state: 'given-up', lastError: 'mailbox-gone: The mailbox is gone.' });
      expect(onGivenUp.mock.calls).toEqual([['hopeless', 'mailbox-gone: The mailbox is gone.']]);
    });

    test('is not given up before somebody was told', async () => {
      const states: string[] = [];
      const onGivenUp = vi.fn<Handlers['onGivenUp']>(async () => {
        states.push((await row(id)).state);
        if (states.length === 1) throw new Error('nobody listens');
      });
      fresh({ run: () => Promise.reject(new Error('no')), retryAfter: () => undefined, onGivenUp });
      const id = await add();
      await start();
      // The try that told nobody was counted, and the row waits again; the count stays.
      await becomes(id, { attempts: 1 });
      clock.advance(minute);
      await becomes(id, { state: 'given-up', attempts: 1 });
      expect(states).toEqual(['waiting', 'waiting']);
    });

    test('gives up a payload of an older version and a job that this version lacks, with a sentence', async () => {
      const onUnreadable = vi.fn<Handlers['onUnreadable']>(async () => undefined);
      fresh({ onUnreadable });
      await start();
      const old = await add({ payload: { words: 'once' } });
      const unknown = await add({ job: 'no-such-job' });
      await becomes(old, { state: 'given-up' });
      await becomes(unknown, { state: 'given-up' });
      expect((await row(old)).lastError).toMatch(/^old-payload: .*note-exchange.*\(text\)/);
      expect((await row(unknown)).lastError).toMatch(/^unknown-job: .*no-such-job/);
      expect(onUnreadable.mock.calls[0]?.[0]).toEqual({ words: 'once' });
    });

    test('starts woken work at once, without waiting for the next round', async () => {
      fresh();
      const node = await start({ intervalMs: 600_000 });
      // A hint is of use only while the queue is there.
      await eventually(() => expect(node.backend.awaySince()).toBeUndefined());
      const id = await add();
      const later = await add({ dueAt: new Date(clock.now().getTime() + minute) });
      node.sweep.wake([id, later]);
      await becomes(id, { state: 'done' });
      expect(await row(later)).toMatchObject({ state: 'waiting', jobId: null });
    });

    test('keeps a wish that comes while the row runs, for the time it names', async () => {
      const { db } = queue.database;
      const wishes = [0, 20 * minute];
      const run = vi.fn<Handlers['run']>(async () => {
        const wish = wishes.shift();
        if (wish === undefined) return;
        // As the store's outbox merges a wish into a waiting row.
        await sql`update work set due_at = least(due_at, ${new Date(clock.now().getTime() + wish)}), revision = revision + 1`.execute(
          db,
        );
      });
      fresh({ run });
      await start();
      const id = await add({ key: 'one' });
      // The first run wished for at once, the second for 20 minutes later.
      await eventually(() => expect(run).toHaveBeenCalledTimes(2));
      await becomes(id, { state: 'waiting', enqueuedAt: null, revision: 3 });
      expect((await row(id)).dueAt.getTime()).toBeGreaterThan(clock.now().getTime() + 19 * minute);
      clock.advance(20 * minute);
      await becomes(id, { state: 'done' });
      expect(run).toHaveBeenCalledTimes(3);
    });

    test('runs each row once over several processes, and wipes one at a time everywhere', async () => {
      const runs = new Map<string, number>();
      let wiping = 0;
      let mostWiping = 0;
      const run = async (context: JobContext, text: string) => {
        runs.set(text, (runs.get(text) ?? 0) + 1);
        if (!text.startsWith('wipe')) return;
        mostWiping = Math.max(mostWiping, ++wiping);
        await context.assertLock();
        wiping -= 1;
      };
      fresh({ run });
      for (let i = 0; i < 60; i++) await add({ payload: { text: `note ${i}` } });
      for (let i = 0; i < 6; i++) await add({ job: 'note-wipes', lane: 'wipes', payload: { text: `wipe ${i}` } });
      // Long enough that nobody takes a job for lost which another process is just adding.
      const recheckAfterMs = 10_000;
      await Promise.all([start({ recheckAfterMs }), start({ recheckAfterMs })]);
      const node = await start({ recheckAfterMs });
      await eventually(async () => expect(await node.sweep.runnable()).toBe(0));
      expect([...runs.values()]).toEqual(Array.from({ length: 66 }, () => 1));
      expect(mostWiping).toBe(1);
    });

    test('takes over from a worker that was killed', async () => {
      fresh();
      const { script, remove } = await compiled('test/queue/worker-process.ts');
      try {
        const id = await add();
        const child = spawnWorker(script, 'hang');
        expect(await firstLine(child)).toBe(`started ${id}`);
        child.kill('SIGKILL');
        await once(child, 'exit');
        expect(await row(id)).toMatchObject({ state: 'waiting', jobId: `work-${id}-1` });
        await start();
        await becomes(id, { state: 'done', attempts: 0 });
        expect((await row(id)).jobId).not.toBe(`work-${id}-1`);
      } finally {
        remove();
      }
    });

    test('leaves nothing behind when it closes: the process ends by itself', async () => {
      fresh();
      const { script, remove } = await compiled('test/queue/worker-process.ts');
      try {
        const id = await add();
        const child = spawnWorker(script, 'once');
        const [code] = await once(child, 'exit');
        expect(code).toBe(0);
        expect(await row(id)).toMatchObject({ state: 'done' });
      } finally {
        remove();
      }
    });

    test('aborts a run whose lock is lost, and refuses what cannot be taken back', async () => {
      const seen: unknown[] = [];
      const run = vi.fn<Handlers['run']>().mockImplementationOnce(async ({ assertLock, signal, log }) => {
        await assertLock();
        await queue.stealLock(`work-${log.bindings().work}-1`);
        await assertLock().catch((error) => seen.push(error));
        if (!signal.aborted) await once(signal, 'abort');
        seen.push(signal.reason);
        throw signal.reason;
      });
      fresh({ run, retryAfter: () => minute });
      // The loss is noticed when the lock is renewed, at half its time; whoever looks for dead workers sees it at its end.
      await start({ timing: { lockMs: 20_000, stalledMs: 1_000 } });
      const id = await add();
      await becomes(id, { state: 'waiting', attempts: 1, enqueuedAt: null });
      expect(seen).toMatchObject([{ code: 'lock-lost' }, { code: 'lock-lost' }]);
      clock.advance(minute);
      await becomes(id, { state: 'done', attempts: 1 });
      expect(run).toHaveBeenCalledTimes(2);
    });

    test('goes on when the queue comes back, and says since when it was away', async () => {
      fresh();
      const node = await start();
      await becomes(await add(), { state: 'done' });
      await queue.away();
      await eventually(() => expect(node.backend.awaySince()).toBeInstanceOf(Date));
      await queue.back();
      // A connection that broke may be noticed with its next query.
      const id = await eventually(() => add());
      await becomes(id, { state: 'done' });
      await eventually(() => expect(node.backend.awaySince()).toBeUndefined());
    });

    test('starts while the queue is away', async () => {
      fresh();
      await queue.away();
      const jobs = [noteJob(handlers)];
      const { db } = queue.database;
      const backend = queue.backend(steadyTiming);
      const starting = startNode({ db, backend, clock, jobs }).then((node) => nodes.push(node));
      await eventually(() => expect(backend.awaySince()).toBeInstanceOf(Date));
      await starting;
      await queue.back();
      await becomes(await eventually(() => add()), { state: 'done' });
    });

    test('stops what does not end within the grace, uncounted and due at once', async () => {
      const stopped = vi.fn();
      const run = vi.fn<Handlers['run']>(
        ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              stopped();
              reject(signal.reason);
            });
          }),
      );
      fresh({ run });
      const node = await start();
      const id = await add();
      // What has not begun does not hear that it is stopped.
      await eventually(() => expect(run).toHaveBeenCalledTimes(1));
      expect(node.workers.running()).toBe(1);
      expect(await node.sweep.runnable()).toBe(1);
      // The sweep would give a stopped row to the next worker at once.
      await node.sweep.close();
      await node.workers.close(50);
      expect(stopped).toHaveBeenCalledTimes(1);
      // `close` waits two seconds for what it stopped, and the row may take longer.
      await becomes(id, { state: 'waiting', attempts: 0, enqueuedAt: null });
      expect((await row(id)).dueAt.getTime()).toBeLessThanOrEqual(clock.now().getTime());
    });

    function spawnWorker(script: string, mode: WorkerProcessInput['mode']): ChildProcess {
      const { url } = queue.database;
      const { redisUrl, prefix } = queue;
      const input: WorkerProcessInput = {
        databaseUrl: url,
        prefix,
        mode,
        ...(redisUrl === undefined ? {} : { redisUrl }),
      };
      const child = spawn(process.execPath, [script, JSON.stringify(input)], { stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(child);
      return child;
    }
  });
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the child has no output');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('the child said nothing');
}
