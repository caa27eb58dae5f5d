/**
 * The measured side of the Slack bench, in a process of its own: the bot (adapter, reception, router, PostgreSQL), the adapter
 * alone, which is given one answer, or a bare Bolt app. It tells its address, then at each `cpu` the seconds of CPU that it has used, and ends at `end`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, ExpressReceiver, LogLevel } from '@slack/bolt';
import express, { type Express } from 'express';
import { sql } from 'kysely';
import { createSlackAdapter } from '../../adapters/slack/index.ts';
import { eventsPath } from '../../adapters/slack/receivers.ts';
import { appendAudit } from '../../src/audit/chain.ts';
import { Inbox } from '../../src/chat/inbox.ts';
import type { ChatAdapter, Incoming, Receipt } from '../../src/chat/port.ts';
import { Router } from '../../src/chat/router.ts';
import { commands } from '../../src/commands/index.ts';
import { refreshDirectory } from '../../src/directory/refresh.ts';
import { openLab } from '../../src/exchange/lab/index.ts';
import { seedLab } from '../../src/exchange/lab/seed.ts';
import { systemClock } from '../../src/ground/clock.ts';
import { type Closing, createClosing } from '../../src/ground/closing.ts';
import { randomIds } from '../../src/ground/ids.ts';
import { createChatApp } from '../../src/http/server.ts';
import type { Answer } from '../../src/message/model.ts';
import { text } from '../../src/message/text.ts';
import { Policy } from '../../src/policy.ts';
import { approvals, evidenceProviders } from '../../src/start/registries.ts';
import { connectionFromUrl, type DatabaseConnection, openDatabase } from '../../src/store/connect.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createStore } from '../../src/store/store.ts';
import { botToken, signingSecret, team } from '../fakes/slack/index.ts';
import { silent } from '../queue/world.ts';
import { channel, user } from './slack-people.ts';

const [kind, apiUrl = '', databaseUrl] = process.argv.slice(2);
const closing = createClosing((name, error) => console.error(`${name} was not closed`, error));
const app = await appOf(kind ?? '');
const server = createServer(app);
// A connection that ends while the next request is on its way would end the bench.
server.keepAliveTimeout = 0;
closing.add('server', () => {
  server.closeAllConnections();
  server.close();
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
const address = server.address();
const port = address !== null && typeof address === 'object' ? address.port : 0;
process.send?.({ url: `http://127.0.0.1:${port}${eventsPath}` });
process.on('message', (asked) => {
  const { user: own, system } = process.cpuUsage();
  if (asked === 'cpu') process.send?.({ cpuMs: (own + system) / 1_000 });
  // The parent's end is the channel's end.
  if (asked === 'end') void closing.close().then(() => process.disconnect());
});

async function appOf(measured: string): Promise<Express> {
  switch (measured) {
    case 'bare':
      return bareBolt();
    case 'bare-insert':
      return await storingBolt(closing);
    case 'adapter':
      return await adapterAlone(apiUrl, closing);
    case 'bot':
      return await wholeBot(apiUrl, closing);
    default:
      throw new Error(`there is no ${measured} to measure`);
  }
}

function bareBolt(first: () => Promise<unknown> = async () => {}): Express {
  const bare = express();
  const receiver = new ExpressReceiver({ signingSecret, app: bare, logLevel: LogLevel.ERROR });
  const bolt = new App({
    receiver,
    token: botToken,
    botId: 'B0',
    botUserId: 'U0',
    tokenVerificationEnabled: false,
    convoStore: false,
  });
  bolt.command('/mislaid', async ({ ack }) => {
    await first();
    await ack();
  });
  return bare;
}

/** Commits one row of the size of a stored command before it acknowledges. */
async function storingBolt(opened: Closing): Promise<Express> {
  const { db, close } = openDatabase(await connectionFor(opened), { poolSize: 8, own: true });
  opened.add('database connections', close);
  await sql`create table if not exists bare (key text primary key, body jsonb not null, at timestamptz not null)`.execute(
    db,
  );
  const body = JSON.stringify({
    sender: { identity: `slack:${team}/${user}` },
    input: { kind: 'sentence', text: 'whoami' },
  });
  return bareBolt(() =>
    sql`insert into bare (key, body, at) values (${randomIds.token()}, ${body}, ${new Date()}) returning key`.execute(
      db,
    ),
  );
}

/** The server that was named, or one of its own. */
async function connectionFor(opened: Closing): Promise<DatabaseConnection> {
  if (databaseUrl !== undefined) return connectionFromUrl(databaseUrl);
  const dataFolder = mkdtempSync(join(tmpdir(), 'mislaid-bench-slack-'));
  opened.add('data', () => rmSync(dataFolder, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres({ dataFolder, log: silent });
  opened.add('PostgreSQL', () => postgres.stop());
  return postgres.connection;
}

async function wholeBot(api: string, opened: Closing): Promise<Express> {
  const connection = await connectionFor(opened);
  // As the bot opens them on its own database: see start/database.ts.
  const { db, close } = openDatabase(connection, { poolSize: 20, own: true });
  opened.add('database connections', close);
  const inbox = openDatabase(connection, { poolSize: 8, own: true });
  opened.add('database connections of the inbox', inbox.close);
  await migrate(db);
  const clock = systemClock;
  await seedLab({ db, clock, historyHours: 1 });
  await refreshDirectory({ db, exchange: openLab({ db, clock, requestor: 'mislaid@contoso.example' }), clock });
  const policy = Policy.parse({
    people: [
      { name: 'Hana', mailbox: 'hana@contoso.example', identities: [`slack:${team}/${user}`], roles: ['helpdesk'] },
    ],
    channels: { helpdesk: [`slack:${team}/${channel}`] },
  });
  const store = createStore({ db, clock, ids: randomIds, laneOf: () => 'upkeep', appendAudit, wake: () => undefined });
  const adapter = slackAdapter(api);
  const router = new Router({
    store,
    approvals,
    evidence: evidenceProviders,
    commands,
    policy,
    organisation: 'lab',
    clock,
    ids: randomIds,
    log: silent,
    identify: (identity) => adapter.identify(identity),
  });
  const desk = new Inbox({ store, db: inbox.db, clock, router, log: silent });
  opened.add('commands under way', () => desk.idle());
  return await started(adapter, opened, (incoming) => desk.onCommand(incoming));
}

/** What the adapter itself costs: nothing is stored, and the answer is there at once. */
async function adapterAlone(api: string, opened: Closing): Promise<Express> {
  const rows = ['Name', 'Mailbox', 'Chat account', 'Roles', 'Time zone'];
  const answer: Answer = {
    private: {
      title: 'You, as I know you',
      tone: 'neutral',
      blocks: [{ kind: 'fields', fields: rows.map((label) => ({ label, value: text('hana@contoso.example') })) }],
    },
  };
  return await started(slackAdapter(api), opened, async () => ({ kind: 'stored', answer: Promise.resolve(answer) }));
}

function slackAdapter(api: string): ChatAdapter {
  return createSlackAdapter({
    botToken,
    transport: { kind: 'http', signingSecret },
    apiUrl: api,
    groups: () => [],
    images: async () => undefined,
    clock: systemClock,
    ids: randomIds,
    timeZone: () => 'UTC',
    log: silent,
  });
}

async function started(
  adapter: ChatAdapter,
  opened: Closing,
  onCommand: (incoming: Incoming) => Promise<Receipt>,
): Promise<Express> {
  const chat = createChatApp();
  opened.add('Slack', () => adapter.stop());
  await adapter.start({ app: chat, onCommand });
  return chat;
}
