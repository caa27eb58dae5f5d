/**
 * From a signed slash command to its acknowledgement, at 50 requests a second: through the adapter into PostgreSQL, with the
 * router at work beside, and through a bare Bolt app that acknowledges at once, in the same process and run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, ExpressReceiver, LogLevel } from '@slack/bolt';
import express, { type Express } from 'express';
import { createSlackAdapter } from '../../adapters/slack/index.ts';
import { eventsPath } from '../../adapters/slack/receivers.ts';
import { createReception } from '../../src/chat/reception.ts';
import { createRouter } from '../../src/chat/router.ts';
import { systemClock } from '../../src/clock.ts';
import { commands } from '../../src/commands/index.ts';
import { refreshDirectory } from '../../src/directory/refresh.ts';
import { openLab } from '../../src/exchange/lab/index.ts';
import { seedLab } from '../../src/exchange/lab/seed.ts';
import { randomIds } from '../../src/ids.ts';
import { appendAudit } from '../../src/incidents/audit/chain.ts';
import { Policy } from '../../src/policy.ts';
import { openDatabase } from '../../src/store/connect.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createStore } from '../../src/store/store.ts';
import { botToken, openFakeSlack, signingSecret, team } from '../fakes/slack/index.ts';
import { formBody, formType, signed } from '../fakes/slack/requests.ts';
import { silent } from '../queue/world.ts';
import { type BenchResult, quantile, rounded } from './result.ts';

const perSecond = 50;
const channel = 'C0HELP';
const user = 'U0HANA';

/** `seconds`: how long each of the two is measured, after 2 s of warming up. */
export async function benchSlack({ seconds = 20 }: { seconds?: number } = {}): Promise<BenchResult[]> {
  const bare = await withServer(bareBolt(), (url) => measured(url, seconds));
  const ours = await ourBot((url) => measured(url, seconds));
  const figures = (times: readonly number[]) => ({
    'p50 ms': rounded(quantile(times, 0.5)),
    'p99 ms': rounded(quantile(times, 0.99)),
    'max ms': rounded(quantile(times, 1)),
  });
  return [
    {
      name: 'Slack: signed command to acknowledgement, stored first',
      figures: { 'requests/s': perSecond, ...figures(ours) },
      bar: 'p99 under 50 ms',
      pass: quantile(ours, 0.99) < 50,
    },
    {
      name: 'Slack: the same through a bare Bolt app, nothing stored',
      figures: { 'requests/s': perSecond, ...figures(bare) },
    },
  ];
}

function bareBolt(): Express {
  const app = express();
  const receiver = new ExpressReceiver({ signingSecret, app, logLevel: LogLevel.ERROR });
  const bolt = new App({
    receiver,
    token: botToken,
    botId: 'B0',
    botUserId: 'U0',
    tokenVerificationEnabled: false,
    convoStore: false,
  });
  bolt.command('/mislaid', async ({ ack }) => await ack());
  return app;
}

async function ourBot(measure: (url: string) => Promise<number[]>): Promise<number[]> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'mislaid-bench-slack-'));
  const postgres = await startEmbeddedPostgres({ dataFolder, log: silent });
  // As the bot opens them: see start/database.ts.
  const { db, close } = openDatabase(postgres.connection, { poolSize: 20 });
  const inbox = openDatabase(postgres.connection, { poolSize: 3 });
  await migrate(db);
  const clock = systemClock;
  await seedLab({ db, clock, historyHours: 1 });
  await refreshDirectory({ db, exchange: openLab({ db, clock, requestor: 'mislaid@contoso.example' }), clock });
  const slack = await openFakeSlack({
    users: [{ id: user, name: 'Hana', email: 'hana@contoso.example' }],
    channels: [channel],
  });
  const policy = Policy.parse({
    people: [
      { name: 'Hana', mailbox: 'hana@contoso.example', identities: [`slack:${team}/${user}`], roles: ['helpdesk'] },
    ],
    channels: { helpdesk: [`slack:${team}/${channel}`] },
  });
  const store = createStore({ db, clock, ids: randomIds, laneOf: () => 'upkeep', appendAudit, wake: () => undefined });
  const adapter = createSlackAdapter({
    botToken,
    transport: { kind: 'http', signingSecret },
    apiUrl: slack.apiUrl,
    groups: [],
    images: async () => undefined,
    clock,
    ids: randomIds,
    timeZone: 'UTC',
    log: silent,
  });
  const router = createRouter({
    store,
    commands,
    policy,
    organisation: 'lab',
    clock,
    ids: randomIds,
    log: silent,
    identify: (identity) => adapter.identify(identity),
  });
  const desk = createReception({ store, db: inbox.db, clock, router, log: silent });
  const app = express();
  await adapter.start({ app, onCommand: (incoming) => desk.onCommand(incoming) });
  try {
    return await withServer(app, measure);
  } finally {
    await adapter.stop();
    await desk.idle();
    await slack.close();
    await inbox.close();
    await close();
    await postgres.stop();
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

/** Requests leave on time, whether or not those before are answered: a slow answer is not hidden by waiting for it. */
async function measured(url: string, seconds: number): Promise<number[]> {
  const times: number[] = [];
  const warm = 2 * perSecond;
  const count = warm + seconds * perSecond;
  const began = performance.now();
  const sent: Promise<void>[] = [];
  for (let index = 0; index < count; index++) {
    const due = began + (index * 1_000) / perSecond;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    sent.push(
      ask(url, index).then((ms) => {
        if (index >= warm) times.push(ms);
      }),
    );
  }
  await Promise.all(sent);
  return times;
}

async function ask(url: string, index: number): Promise<number> {
  const body = formBody({
    command: '/mislaid',
    text: 'whoami',
    user_id: user,
    user_name: 'hana',
    team_id: team,
    channel_id: channel,
    trigger_id: `${index}.1`,
  });
  const request = signed(signingSecret, body, { contentType: formType });
  const began = performance.now();
  const answer = await fetch(url, { method: 'POST', headers: request.headers, body: request.body });
  await answer.text();
  if (answer.status !== 200) throw new Error(`a command was answered with ${answer.status}`);
  return performance.now() - began;
}

async function withServer<T>(app: Express, work: (url: string) => Promise<T>): Promise<T> {
  const server: Server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  try {
    return await work(`http://127.0.0.1:${port}${eventsPath}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
