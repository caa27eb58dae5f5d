/**
 * The process of one bot under `npm run dev`: it loads the libraries and waits, so that a restart pays for the bot's own files
 * alone; told to go, it is `src/main.ts` and nothing else. It stops in order when the loop lets go of it, or is gone.
 */
import { clearScreenDown, cursorTo } from 'node:readline';
import { z } from 'zod';

export const Order = z.discriminatedUnion('kind', [
  /** The bot's own files, as they are now. */
  z.object({ kind: z.literal('load') }),
  z.object({ kind: z.literal('go') }),
  /** Words of the loop, while the bot may have a line being typed on the screen. */
  z.object({ kind: z.literal('print'), text: z.string() }),
]);
export type Order = z.infer<typeof Order>;

/** What every start loads. One that is missing here is only loaded later. */
const libraries = ['bullmq', 'croner', 'express', 'ioredis', 'kysely', 'pg', 'pino', 'prom-client', 'undici', 'yaml'];

let going = false;
let signalled = false;

function print(text: string): void {
  if (!process.stdout.isTTY) {
    process.stderr.write(`${text}\n`);
    return;
  }
  cursorTo(process.stdout, 0);
  clearScreenDown(process.stdout);
  process.stdout.write(`${text}\n`);
  // readline draws its line again.
  process.stdout.emit('resize');
}

/** What does not load is told when main.ts loads it. */
function load(): void {
  void Promise.allSettled([
    import('../../jobs/index.ts'),
    import('../../src/start/bot.ts'),
    import('../../adapters/console/index.ts'),
  ]);
}

function go(): void {
  going = true;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      signalled = true;
    });
  }
  import('../../src/main.ts').catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}

process.on('message', (message) => {
  const order = Order.parse(message);
  switch (order.kind) {
    case 'load':
      load();
      break;
    case 'go':
      go();
      break;
    case 'print':
      print(order.text);
      break;
  }
});
process.on('disconnect', () => {
  if (!going) process.exit();
  // A second signal would end it at once: Ctrl-C may have reached the bot as well as the loop.
  if (!signalled) process.emit('SIGTERM');
});
await Promise.allSettled(libraries.map((name) => import(name)));
