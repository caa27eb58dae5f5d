/** The minute's reading of the servers' logs: when it comes, and which cards it shows anew. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readLogsJob } from '../../jobs/read-logs.ts';
import { readServer } from '../../src/activesync/read-server.ts';
import { refreshLogEvidence } from '../../src/apps/evidence.ts';
import { type TestBot, testBot } from '../setup/bot.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testBot();
});
afterEach(() => bot.close());

it('reads each server once a minute, at a second of its own', async () => {
  bot.clock.set(new Date('2026-03-02T09:00:10.500Z'));
  const context = bot.jobContext();
  for (const server of context.servers('lab').list()) await readLogsJob.run(context, { organisation: 'lab', server });
  const waiting = async () => {
    const rows = await bot.db
      .selectFrom('work')
      .select(['payload', 'dueAt'])
      .where('job', '=', 'read-logs')
      .orderBy('id')
      .execute();
    return rows.map(({ payload, dueAt }) => [JSON.stringify(payload), dueAt.toISOString().slice(11, 19)]);
  };
  const payload = (server: string) => expect.stringContaining(server);
  expect(await waiting()).toEqual([
    [payload('EX01'), '09:01:00'],
    [payload('EX02'), '09:00:20'],
    [payload('EX03'), '09:00:40'],
  ]);
});

it('shows only those cards anew whose phones the logs told of', async () => {
  await bot.type('hana', '#helpdesk', 'lost device alice.ng');
  await bot.type('hana', '#helpdesk', 'lost device bob');
  const wanted = async () => {
    const cards = await bot.db.selectFrom('card').select(['subject', 'wanted']).orderBy('id').execute();
    return new Map(cards.map(({ subject, wanted: count }) => [subject, count]));
  };
  const phonesOf = async (alias: string) => {
    const rows = await bot.db
      .selectFrom('labDevice')
      .innerJoin('labMailbox', 'labMailbox.exchangeGuid', 'labDevice.mailboxGuid')
      .select('labDevice.deviceId')
      .where('labMailbox.alias', '=', alias)
      .execute();
    return rows.map(({ deviceId }) => deviceId);
  };
  const before = await wanted();
  await refreshLogEvidence(bot.store, 'lab', await phonesOf('bob'));
  await refreshLogEvidence(bot.store, 'lab', ['a phone of nobody who reported']);
  const after = await wanted();
  expect(after.get('incident:101')).toBe(before.get('incident:101'));
  expect(after.get('incident:102')).toBe((before.get('incident:102') ?? 0) + 1);
});

it('tells which phones made the requests', async () => {
  await bot.advance(120);
  const { db, clock } = bot;
  const servers = bot.jobContext().servers('lab');
  const { phones, requests } = await readServer(servers, 'EX01', 'backEnd', { db, organisation: 'lab', clock });
  const told = await db.selectFrom('logClient').select('deviceId').execute();
  expect(requests).toBeGreaterThan(0);
  expect([...new Set(phones)].sort()).toEqual([...new Set(told.map(({ deviceId }) => deviceId))].sort());
});
