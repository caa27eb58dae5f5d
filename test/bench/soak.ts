/**
 * Days in hours: a bot and a worker as they are shipped, on Redis and PostgreSQL, spoken to over signed Slack commands by hundreds of people,
 * while each part is restarted in turn. Every command that was acknowledged must have been handled once, and memory must stay flat.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { pino } from 'pino';
import { eventsPath, requestKeyOf } from '../../adapters/slack/receivers.ts';
import { seedLab } from '../../src/exchange/lab/seed.ts';
import { systemClock } from '../../src/ground/clock.ts';
import { openDatabase, urlOf } from '../../src/store/connect.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import { botToken, openFakeSlack, signingSecret, team } from '../fakes/slack/index.ts';
import { type BotProcess, botFolder, startBotProcess } from '../setup/bot-process.ts';
import { testRedis } from '../setup/redis.ts';
import { fillLab } from './large-lab.ts';
import { megabytes } from './memory.ts';
import { type BenchOptions, numberIn } from './options.ts';
import { type BenchResult, rounded } from './result.ts';
import { ask, commandOf } from './slack.ts';
import { channel } from './slack-people.ts';

const people = 500;
/** The first of them are the helpdesk. */
const helpdesk = 20;
const userOf = (n: number) => `U${String(n).padStart(6, '0')}`;

/** What people say, by turns; `n` is somebody else. */
const sentences: readonly { helpdesk?: true; text(n: number): string }[] = [
  { text: () => 'whoami' },
  { text: () => 'help' },
  { text: () => 'what now' },
  { helpdesk: true, text: (n) => `last seen p${n}` },
  { helpdesk: true, text: () => 'incidents' },
  { helpdesk: true, text: (n) => `password p${n}` },
  { text: () => 'is anybody there?' },
  { helpdesk: true, text: (n) => `lost device p${n}` },
  { helpdesk: true, text: () => 'apps' },
  { text: () => 'hold' },
];

export async function benchSoak(options: BenchOptions): Promise<BenchResult[]> {
  const minutes = numberIn(options, 'minutes', 120);
  const perSecond = numberIn(options, 'rate', 10);
  const restartMinutes = numberIn(options, 'restart', 10);
  const data = mkdtempSync(join(tmpdir(), 'mislaid-soak-'));
  const server = await startEmbeddedPostgres({ dataFolder: data, log: pino({ level: 'silent' }) });
  const redis = await testRedis();
  const slack = await openFakeSlack({
    users: Array.from({ length: people }, (_, n) => ({
      id: userOf(n + 1),
      name: `Person ${n + 1}`,
      email: `p${n + 1}@contoso.example`,
    })),
    channels: [channel],
  });
  const { db, close } = openDatabase(server.connection, { poolSize: 2 });
  const folder = botFolder(policy());
  const running = new Map<'bot' | 'worker', BotProcess>();
  const agent = new Agent({ keepAlive: true });
  const start = async (role: 'bot' | 'worker'): Promise<void> => {
    const env = {
      MISLAID_ROLE: role,
      REDIS_URL: redis.url,
      SLACK_BOT_TOKEN: botToken,
      SLACK_SIGNING_SECRET: signingSecret,
      SLACK_API_URL: slack.apiUrl,
      LAB_SPEED: '60',
    };
    const databaseUrl = urlOf(server.connection);
    running.set(role, await startBotProcess({ script: resolve('dist/src/main.js'), folder, databaseUrl, env }));
  };
  try {
    await migrate(db);
    await seedLab({ db, clock: systemClock, historyHours: 1 });
    await fillLab(db, { people, phones: people });
    await start('bot');
    await start('worker');
    const acknowledged: string[] = [];
    let refused = 0;
    let unheard = 0;
    const memory: { at: number; role: string; mb: number }[] = [];
    const began = performance.now();
    const elapsed = () => (performance.now() - began) / 60_000;
    let over = false;
    const restarting = restartInTurn({
      running,
      start,
      redis,
      postmaster: () => postmasterOf(data),
      every: restartMinutes / 4,
      isOver: () => over,
    });
    const under: Promise<void>[] = [];
    for (let n = 0; n < minutes * 60 * perSecond; n += 1) {
      const wait = began + (n * 1_000) / perSecond - performance.now();
      if (wait > 0) await pause(wait);
      const bot = running.get('bot');
      if (n % (perSecond * 10) === 0)
        for (const [role, { pid }] of running) sample(memory, { at: elapsed(), role, pid });
      const sentence = sentences[n % sentences.length] ?? { text: () => 'help' };
      const who = 1 + ((n * 7) % (sentence.helpdesk === true ? helpdesk : people));
      const trigger = `${n}.soak.${who}`;
      const said = {
        user: userOf(who),
        channel: `D${who}`,
        text: sentence.text(21 + ((n * 13) % (people - helpdesk))),
        trigger,
      };
      const request = commandOf(slack, said);
      const key = `slack:request:${requestKeyOf(request.headers['x-slack-signature'])}`;
      under.push(
        ask(agent, `${bot?.url ?? ''}${eventsPath}`, request).then(
          (answer) => {
            if (answer.acknowledged) acknowledged.push(key);
            else refused += 1;
          },
          () => {
            unheard += 1;
          },
        ),
      );
    }
    over = true;
    await restarting;
    await Promise.all(under);
    const left = await settled(db, 120);
    const rows = await db.selectFrom('inbox').select(['eventKey', 'state']).execute();
    const handled = new Set(rows.filter(({ state }) => state === 'handled').map(({ eventKey }) => eventKey));
    const lost = acknowledged.filter((key) => !handled.has(key));
    const twice = await sql<{ n: number }>`
      select count(*)::int as n from (select person_guid from incident where state = 'open' group by 1 having count(*) > 1) as many`.execute(
      db,
    );
    const most = (role: string, from: number, to: number) =>
      Math.max(
        0,
        ...memory
          .filter((each) => each.role === role && each.at >= from * minutes && each.at < to * minutes)
          .map(({ mb }) => mb),
      );
    const growth = (role: string) => most(role, 0.75, 1) / most(role, 0.25, 0.5);
    return [
      {
        name: `${minutes} minutes at ${perSecond} commands a second of ${people} people, each part restarted every ${restartMinutes} minutes`,
        figures: {
          acknowledged: acknowledged.length,
          'refused with a sentence': refused,
          'nobody listened': unheard,
          'acknowledged and not handled once': lost.length,
          'people with two open cases': twice.rows[0]?.n ?? 0,
          'left to do': left,
        },
        bar: 'every acknowledged command handled once',
        pass: acknowledged.length > 0 && lost.length === 0 && (twice.rows[0]?.n ?? 0) === 0 && left === 0,
      },
      {
        name: 'memory at most, in the second and the last quarter',
        figures: {
          'bot MB before': rounded(most('bot', 0.25, 0.5)),
          'bot MB': rounded(most('bot', 0.75, 1)),
          'worker MB before': rounded(most('worker', 0.25, 0.5)),
          'worker MB': rounded(most('worker', 0.75, 1)),
        },
        bar: 'flat: at most a tenth more',
        pass: growth('bot') < 1.1 && growth('worker') < 1.1,
      },
    ];
  } finally {
    agent.destroy();
    for (const each of running.values()) await each.stop();
    await close();
    await slack.close();
    await redis.close();
    await server.stop();
    folder.remove();
    rmSync(data, { recursive: true, force: true });
  }
}

function sample(
  memory: { at: number; role: string; mb: number }[],
  { at, role, pid }: { at: number; role: string; pid: number },
): void {
  try {
    memory.push({ at, role, mb: megabytes(pid, 'VmRSS') });
  } catch {
    // It is being restarted.
  }
}

type Restarts = {
  running: Map<'bot' | 'worker', BotProcess>;
  start(role: 'bot' | 'worker'): Promise<void>;
  redis: { stop(): Promise<void>; start(): Promise<void> };
  postmaster(): number;
  /** Minutes from one restart to the next. */
  every: number;
  isOver(): boolean;
};

/** In turn: the bot in order, the worker killed, Redis killed, PostgreSQL killed (its owner starts it again). */
async function restartInTurn({ running, start, redis, postmaster, every, isOver }: Restarts): Promise<void> {
  const parts = [
    async () => {
      await running.get('bot')?.stop();
      await start('bot');
    },
    async () => {
      await running.get('worker')?.kill();
      await start('worker');
    },
    async () => {
      await redis.stop();
      await redis.start();
    },
    async () => {
      process.kill(postmaster(), 'SIGKILL');
    },
  ];
  for (let turn = 0; ; turn += 1) {
    const due = performance.now() + every * 60_000;
    while (performance.now() < due) {
      if (isOver()) return;
      await pause(500);
    }
    await parts[turn % parts.length]?.();
  }
}

function postmasterOf(data: string): number {
  return Number(readFileSync(join(data, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
}

/** How many commands are stored and not handled, after so many seconds at most. */
async function settled(db: ReturnType<typeof openDatabase>['db'], seconds: number): Promise<number> {
  for (let second = 0; ; second += 1) {
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from inbox where state = 'stored'`.execute(db);
    const left = rows[0]?.n ?? 0;
    if (left === 0 || second >= seconds) return left;
    await pause(1_000);
  }
}

function policy(): string {
  const entries = Array.from({ length: helpdesk }, (_, n) => {
    const mailbox = `p${n + 1}@contoso.example`;
    return `  - { name: Person ${n + 1}, mailbox: ${mailbox}, identities: ['slack:${team}/${userOf(n + 1)}'], roles: [helpdesk] }`;
  });
  return `people:\n${entries.join('\n')}\nchannels:\n  helpdesk: ['slack:${team}/${channel}']\n`;
}
