/** What a person waits for is read at once, whatever the rounds have to do: the whole bot with its queue, and rounds that never end. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { jobs } from '../../jobs/index.ts';
import { readConfig } from '../../src/config.ts';
import { createClosing } from '../../src/ground/closing.ts';
import { randomIds } from '../../src/ground/ids.ts';
import type { AnyBotJob } from '../../src/incidents/job.ts';
import { parsePolicy } from '../../src/policy.ts';
import { startBot } from '../../src/start/bot.ts';
import { fakeAdapter } from '../fakes/adapter.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';
import { eventually } from '../setup/eventually.ts';
import { unlimitedShares } from '../setup/shares.ts';

const watches = 200;
let database: TestDatabase;
const closing = createClosing(() => {});
const data = mkdtempSync(join(tmpdir(), 'mislaid-first-'));
let endRounds = (): void => {};
afterEach(async () => {
  endRounds();
  await closing.close();
  await database.close();
  rmSync(data, { recursive: true, force: true });
});

it(`lists a lost phone while ${watches} wipes are due to be looked at and no look ends`, async () => {
  database = await testDatabase();
  let begun = 0;
  const ended = new Promise<void>((resolve) => {
    endRounds = resolve;
  });
  /** Of the rounds only the looks at wipes: each takes until the test is over. */
  const slow = jobs.map(
    (job): AnyBotJob =>
      job.name !== 'watch-wipe'
        ? job
        : {
            ...job,
            run: async () => {
              begun += 1;
              await ended;
            },
          },
  );
  const text = readFileSync('policy.example.yaml', 'utf8');
  const policy = parsePolicy(text, 'policy.example.yaml');
  const adapter = fakeAdapter({ name: 'console' });
  const bot = await startBot({
    shares: unlimitedShares,
    config: readConfig({ MISLAID_DATA: data, MISLAID_EXCHANGE: 'lab', DATABASE_URL: database.url, ADMIN_PORT: '0' }),
    environment: {},
    policy,
    readPolicy: () => policy,
    jobs: slow,
    ids: randomIds,
    log: pino({ level: 'silent' }),
    closing,
    doctor: async () => [],
    adapters: async () => [adapter],
  });
  const now = bot.clock.now();
  await bot.db
    .insertInto('work')
    .values(
      Array.from({ length: watches }, (_, wipe) => ({
        job: 'watch-wipe',
        key: `${wipe}-0`,
        payload: JSON.stringify({ wipe }),
        lane: 'rounds',
        dueAt: now,
        createdAt: now,
        jobId: null,
        enqueuedAt: null,
        lastError: null,
        doneAt: null,
      })),
    )
    .execute();
  await eventually(() => expect(begun).toBeGreaterThan(0));

  await adapter.say({
    eventKey: randomIds.token(),
    sender: { identity: 'console:hana', displayName: 'hana' },
    place: 'console:#helpdesk',
    input: { kind: 'sentence', text: 'lost device alice.ng' },
  });
  await eventually(async () => {
    const phones = await bot.db.selectFrom('incidentDevice').select('number').execute();
    expect(phones.length).toBeGreaterThan(1);
  });
  expect(begun).toBeLessThan(5);
});
