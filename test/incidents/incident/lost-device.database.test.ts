import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TestBot, testBot } from '../../setup/bot.ts';

let bot: TestBot;
beforeAll(async () => {
  bot = await testBot();
});
afterAll(() => bot.close());

it('a lost phone is wiped by two people, and every step is shown', async () => {
  await bot.type('hana', '#helpdesk', 'lost device alice.ng');
  expect(bot.find('#helpdesk', 'INC-101')).toContain('Do not reset');

  const form = await bot.click('hana', '#helpdesk', '1 iPhone 15');
  expect(form.answer.form?.id).toBe('wipe');
  const asked = await bot.submit('hana', '#helpdesk', {
    scope: 'account-only',
    reason: 'Left in a taxi.',
    how: 'manager',
  });
  expect(asked.text).toBe('');
  expect((await bot.click('hana', '#approvals', 'Approve')).text).toContain('You asked for this');

  await bot.click('otto', '#approvals', 'Approve');
  await bot.until(() => bot.messagesIn('#helpdesk').some((text) => text.includes('✔ Acknowledged by the phone')));
  const wipe = await bot.db.selectFrom('wipe').selectAll().executeTakeFirstOrThrow();
  expect(wipe).toMatchObject({ scope: 'account-only' });
  const ledger = await bot.db.selectFrom('labLedger').select('name').where('name', '=', 'Clear-MobileDevice').execute();
  expect(ledger).toHaveLength(1);
});

it('however many report it at once, Exchange is asked for the phones once, and again when that is old, each incident at a time of its own', async () => {
  const began = bot.clock.now();
  const fresh = async () => 15_000 + ((await newest()) % 10) * 1_000;
  const newest = async () => {
    const row = await bot.db
      .selectFrom('incident')
      .select('number')
      .orderBy('number', 'desc')
      .executeTakeFirstOrThrow();
    return row.number;
  };
  const readAts = async () => {
    const rows = await bot.db
      .selectFrom('incidentDevice')
      .select('readAt')
      .distinct()
      .where('incidentNumber', '=', await newest())
      .execute();
    return rows.map(({ readAt }) => readAt.getTime() - began.getTime());
  };
  const timeline = async () =>
    await bot.db
      .selectFrom('incidentEvent')
      .select('id')
      .where('incidentNumber', '=', await newest())
      .where('kind', '=', 'devices.read')
      .execute();
  for (const who of ['hana', 'hugo', 'hana']) {
    bot.clock.advance(2_000);
    await bot.type(who, '#helpdesk', 'lost device bob');
  }
  expect(await readAts()).toEqual([2_000]);
  const { dueAt, state } = await bot.db
    .selectFrom('work')
    .select(['dueAt', 'state'])
    .where('job', '=', 'read-devices')
    .where('key', '=', String(await newest()))
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow();
  expect({ state, dueAt: dueAt.getTime() - began.getTime() }).toEqual({
    state: 'waiting',
    dueAt: 2_000 + (await fresh()),
  });

  await bot.advance(1);
  expect(await readAts()).toEqual([2_000 + (await fresh())]);
  // The same phones once more are nothing that happened.
  expect(await timeline()).toHaveLength(1);
});
