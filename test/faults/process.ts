/**
 * One process of the bot as fault runs kill it: the product's own parts, a chat platform in the database (chat.ts), and a kill point
 * that only this program knows. Argument: JSON of `FaultProcess`. Says `ready` when it works, and `struck <where>` when the point is reached.
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
import { namedPostmaster } from '../../src/store/embedded/postmaster.ts';
import { unlimitedShares } from '../setup/shares.ts';
import { chatApplication, openChat } from './chat.ts';

const nth = z.number().int().positive();

export const KillPoint = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  /** The nth question to the database in its life: while it starts, and with an empty database while it makes the tables. */
  z.object({ kind: z.literal('query'), nth }),
  /** Around Clear-MobileDevice: before it, inside its transaction, after it and before its answer. `nth` counts them. */
  z.object({ kind: z.literal('clear'), moment: z.enum(['before', 'inside', 'after']), nth }),
  /** Stands still (SIGSTOP) right before it asks for the first wipe, until whoever started it lets it go on. */
  z.object({ kind: z.literal('stand-still') }),
  /**
   * The nth COMMIT: before it is sent (nothing is committed), on its way (its answer is never heard), or when it was just answered.
   * `of` counts only those that wrote this table, or a row that holds this text. `strikes`: PostgreSQL is killed instead, and this
   * process lives on.
   */
  z.object({
    kind: z.literal('commit'),
    moment: z.enum(['before', 'on its way', 'after']),
    nth,
    of: z.string().optional(),
    strikes: z.literal('postgres').optional(),
  }),
]);
export type KillPoint = z.infer<typeof KillPoint>;

const FaultProcess = z.object({
  environment: z.record(z.string(), z.string()),
  kill: KillPoint,
  /** Folder of the PostgreSQL cluster that may be struck. */
  cluster: z.string(),
  /** Its clock goes so much ahead of the machine's (milliseconds). */
  aheadMs: z.number().default(0),
});
export type FaultProcess = z.input<typeof FaultProcess>;

const { environment, kill, cluster, aheadMs } = FaultProcess.parse(JSON.parse(process.argv[2] ?? ''));
let ready = false;
let strikes = 0;

if (aheadMs > 0) {
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...input: unknown[]) {
      // @ts-expect-error: the constructor's overloads are passed on as they came.
      super(...(input.length === 0 ? [RealDate.now() + aheadMs] : input));
    }
    static override now(): number {
      return RealDate.now() + aheadMs;
    }
  } as DateConstructor;
}

function strike(where: string): void {
  strikes += 1;
  if (kill.kind === 'commit' && kill.strikes === 'postgres') {
    if (strikes > 1) return;
    writeSync(1, `struck PostgreSQL ${where}\n`);
    const server = namedPostmaster(cluster)?.pid ?? 0;
    if (server > 1) process.kill(server, 'SIGKILL');
    return;
  }
  writeSync(1, `struck ${where}\n`);
  process.kill(process.pid, 'SIGKILL');
}

if (kill.kind === 'commit' || kill.kind === 'query') watchQueries(kill);

function watchQueries(point: Extract<KillPoint, { kind: 'commit' | 'query' }>): void {
  const original: (...args: unknown[]) => unknown = pg.Client.prototype.query;
  /** Connections whose open transaction wrote what is counted. */
  const wrote = new WeakSet<object>();
  let counted = 0;
  function query(this: { connectionParameters?: { application_name?: string } }, ...args: unknown[]): unknown {
    const send = () => original.apply(this, args);
    const [text, values] = args;
    if (typeof text !== 'string' || this.connectionParameters?.application_name === chatApplication) return send();
    if (point.kind === 'query') {
      counted += 1;
      if (counted === point.nth) strike(`at query ${counted} of its life: ${text.slice(0, 40).replace(/\s+/g, ' ')}`);
      return send();
    }
    if (!ready) return send();
    const isCommit = text.toLowerCase() === 'commit';
    if (/^(begin|rollback|start transaction)/i.test(text)) wrote.delete(this);
    if (writes(text, values, point.of)) wrote.add(this);
    if (!isCommit || (point.of !== undefined && !wrote.has(this))) return send();
    counted += 1;
    if (counted !== point.nth) return send();
    const what = `commit ${counted}${point.of === undefined ? '' : ` of ${point.of}`}`;
    if (point.moment === 'before') strike(`before ${what}`);
    const answer = send();
    if (point.moment === 'on its way') setImmediate(() => strike(`while ${what} was on its way`));
    if (point.moment === 'after' && answer instanceof Promise) {
      return answer.then((result: unknown) => {
        strike(`after ${what}`);
        return result;
      });
    }
    return answer;
  }
  Object.assign(pg.Client.prototype, { query });
}

function writes(text: string, values: unknown, what: string | undefined): boolean {
  if (what === undefined || !/\b(insert into|update|delete from)\b/i.test(text)) return false;
  if (text.includes(`"${what}"`)) return true;
  return Array.isArray(values) && values.some((value) => typeof value === 'string' && value.includes(what));
}

const log = pino({ level: environment.LOG_LEVEL ?? 'fatal' }, pino.destination({ fd: 2, sync: true }));
const config = readConfig(environment);
const { policy } = loadPolicy(config);
const closing = createClosing((name, error) => log.error({ err: error, name }, 'could not be closed'));
let clears = 0;
await startBot({
  shares: unlimitedShares,
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
    if (cmdlet !== 'clear-mobile-device') return;
    if (kill.kind === 'stand-still' && moment === 'before' && clears === 0) {
      clears += 1;
      writeSync(1, 'struck standing still before Clear-MobileDevice\n');
      process.kill(process.pid, 'SIGSTOP');
    }
    if (kill.kind !== 'clear') return;
    if (moment === 'before') clears += 1;
    if (moment === kill.moment && clears === kill.nth) strike(`${moment} Clear-MobileDevice ${clears}`);
  },
  adapters: async () => [openChat(config.DATABASE_URL ?? '')],
});
ready = true;
writeSync(1, 'ready\n');
process.on('SIGTERM', () => {
  void closing.close().then(() => process.exit(0));
});
