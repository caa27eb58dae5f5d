/**
 * A worker in a process of its own, for tests that kill it or watch it end by itself.
 * Argument: JSON of `WorkerProcessInput`. It says `started <work id>` on standard output when a handler begins.
 */
import { once } from 'node:events';
import { z } from 'zod';
import { postgresBackend, redisBackend } from '../../src/queue/backend.ts';
import { openDatabase } from '../../src/store/connect.ts';
import { noteJob, quickTiming, shiftedClock, silent, startNode, usualHandlers } from './world.ts';

const Input = z.object({
  databaseUrl: z.string(),
  redisUrl: z.string().optional(),
  prefix: z.string(),
  /**
   * `hang`: handlers never end. `once`: the first handler ends, then the process closes everything and must end by itself;
   * it ends with 3 when something keeps it alive.
   */
  mode: z.enum(['hang', 'once']),
});
export type WorkerProcessInput = z.infer<typeof Input>;

const { databaseUrl, redisUrl, prefix, mode } = Input.parse(JSON.parse(process.argv[2] ?? ''));
const { db, close } = openDatabase({ connectionString: databaseUrl });
const backend =
  redisUrl === undefined
    ? postgresBackend({ connection: { connectionString: databaseUrl }, log: silent, timing: quickTiming })
    : redisBackend({ url: redisUrl, prefix, log: silent, timing: quickTiming });

const first = new EventTarget();
const ran = once(first, 'ran');
const job = noteJob({
  ...usualHandlers(),
  run: async ({ log }) => {
    process.stdout.write(`started ${log.bindings().work}\n`);
    first.dispatchEvent(new Event('ran'));
    if (mode === 'hang') await new Promise(() => undefined);
  },
});

// It never takes its own work over: that is for who comes after it.
const node = await startNode({ db, backend, clock: shiftedClock(), jobs: [job], recheckAfterMs: 600_000 });
await ran;
if (mode === 'once') {
  await node.close();
  await close();
  setTimeout(() => process.exit(3), 30_000).unref();
}
