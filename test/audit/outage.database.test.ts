import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { approve, ask, asked, lost, wipeStates } from '../incidents/scenes.ts';
import { type TestBot, testBot } from '../setup/bot.ts';

let bot: TestBot;
beforeAll(async () => {
  bot = await testBot();
  await lost(bot, 'alice.ng');
});
afterAll(() => bot.close());

/** What PostgreSQL answers when the disk under the audit is full (disk_full, 53100); everything else still fits. */
async function diskFull(full: boolean): Promise<void> {
  if (full) {
    await sql`create function disk_is_full() returns trigger language plpgsql as $$
      begin raise exception 'could not extend file "audit": No space left on device' using errcode = '53100'; end $$`.execute(
      bot.db,
    );
    await sql`create trigger disk_is_full before insert on audit for each row execute function disk_is_full()`.execute(
      bot.db,
    );
    return;
  }
  await sql`drop trigger disk_is_full on audit`.execute(bot.db);
  await sql`drop function disk_is_full()`.execute(bot.db);
}

it('refuses to propose and to approve while the disk under the audit is full, and reads go on', async () => {
  await diskFull(true);
  expect((await ask(bot)).text).toContain('The audit cannot be written now, and without it nothing is wiped');
  expect((await bot.type('hana', '#helpdesk', 'status INC-101')).text).toContain('Alice Ng');
  await diskFull(false);
  expect(await wipeStates(bot)).toEqual([]);

  await ask(bot);
  await diskFull(true);
  expect((await approve(bot, 'otto')).text).toContain('The audit cannot be written now');
  expect(
    (await ask(bot, { by: 'sasha', command: 'break-glass', scope: 'full', reason: 'Nobody answers.' })).text,
  ).toContain('The audit cannot be written now');
  await diskFull(false);
  expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
});

it('issues nothing that was approved before, says so, and goes on when it can be written again', async () => {
  await approve(bot, 'otto', 101, undefined, { settle: false });
  await diskFull(true);
  await bot.advance(1);
  expect(await wipeStates(bot)).toEqual(['approved']);
  expect(await asked(bot)).toBe(0);
  expect(bot.find('#security', 'the audit cannot be written')).toContain('no wipe is issued');
  expect(bot.find('#helpdesk', 'Held:')).toContain('The audit cannot be written');
  await diskFull(false);
  await bot.advance(1);
  expect(await asked(bot)).toBe(1);
});
