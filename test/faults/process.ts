/**
 * One process of the bot as fault runs kill it: the product's own parts, chat in memory, and a kill point that only this
 * program knows. Argument: JSON of `FaultProcess`. Says `ready` when it works, and `struck <where>` before it dies.
 */
import { writeSync } from 'node:fs';
import pg from 'pg';
import { pino } from 'pino';
import { z } from 'zod';
import { jobs } from '../../jobs/index.ts';
import { readConfig } from '../../src/config.ts';
import { createClosing } from '../../src/ground/closing.ts';
import { randomIds } from '../../src/ground/ids.ts';
import { startBot } from '../../src/start/bot.ts';
import { loadPolicy } from '../../src/start/policy.ts';
import { openChat } from './chat.ts';

export const KillPoint = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  /** Around Clear-MobileDevice: before it, inside its transaction, after it and before its answer. `nth` counts them. */
  z.object({
    kind: z.literal('clear'),
    moment: z.enum(['before', 'inside', 'after']),
    nth: z.number().int().positive(),
  }),
  /** Before the nth COMMIT is sent (its answer is never heard, nothing was committed), or when it has just been answered. */
  z.object({ kind: z.literal('commit'), moment: z.enum(['before', 'after']), nth: z.number().int().positive() }),
  /** The COMMIT is sent and its answer is not waited for. */
  z.object({ kind: z.literal('commit-sent'), nth: z.number().int().positive() }),
]);
export type KillPoint = z.infer<typeof KillPoint>;

const FaultProcess = z.object({ environment: z.record(z.string(), z.string()), kill: KillPoint });
export type FaultProcess = z.infer<typeof FaultProcess>;

const { environment, kill } = FaultProcess.parse(JSON.parse(process.argv[2] ?? ''));
let armed = false;

function die(where: string): void {
  writeSync(1, `struck ${where}\n`);
  process.kill(process.pid, 'SIGKILL');
}

if (kill.kind === 'commit' || kill.kind === 'commit-sent') watchCommits(kill);

function watchCommits(point: Extract<KillPoint, { kind: 'commit' | 'commit-sent' }>): void {
  const original: (...args: unknown[]) => unknown = pg.Client.prototype.query;
  let commits = 0;
  function query(this: unknown, ...args: unknown[]): unknown {
    const [text] = args;
    if (!armed || typeof text !== 'string' || text.toLowerCase() !== 'commit') return original.apply(this, args);
    commits += 1;
    if (commits !== point.nth) return original.apply(this, args);
    if (point.kind === 'commit' && point.moment === 'before') die(`before commit ${commits}`);
    const answer = original.apply(this, args);
    if (point.kind === 'commit-sent') setImmediate(() => die(`while commit ${commits} was on its way`));
    else if (answer instanceof Promise) return answer.then(() => die(`after commit ${commits}`));
    return answer;
  }
  Object.assign(pg.Client.prototype, { query });
}

const log = pino({ level: environment.LOG_LEVEL ?? 'fatal' }, pino.destination({ fd: 2, sync: true }));
const config = readConfig(environment);
const { policy } = loadPolicy(config);
const closing = createClosing((name, error) => log.error({ err: error, name }, 'could not be closed'));
let clears = 0;
await startBot({
  config,
  environment,
  policy,
  readPolicy: () => policy,
  jobs,
  ids: randomIds,
  log,
  closing,
  doctor: async () => [],
  onLabChange: async (cmdlet, moment) => {
    if (kill.kind !== 'clear' || cmdlet !== 'clear-mobile-device') return;
    if (moment === 'before') clears += 1;
    if (moment === kill.moment && clears === kill.nth) die(`${moment} Clear-MobileDevice ${clears}`);
  },
  adapters: async () => [openChat(config.DATABASE_URL ?? '')],
});
armed = true;
writeSync(1, 'ready\n');
process.on('SIGTERM', () => {
  void closing.close().then(() => process.exit(0));
});
