/** Every command and job locks rows in the one order of src/incidents/lock-order.ts, or two of them could wait in a circle. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lockOrder } from '../../src/incidents/lock-order.ts';
import { type TestBot, testBot } from '../setup/bot.ts';
import { type LockWatch, watchLocks } from '../setup/lock-order.ts';
import { approve, ask, decide, deny, lost, resetAnyway } from './scenes.ts';

let bot: TestBot;
let locks: LockWatch;
beforeAll(async () => {
  bot = await testBot();
  locks = watchLocks();
});
afterAll(async () => {
  locks.stop();
  await bot.close();
});

const verified = { reason: 'In their bag.', how: 'In person.' };

it('holds over a day of everything that people do', async () => {
  await bot.type('alice.ng', undefined, 'i lost my phone');
  await bot.type('alice.ng', undefined, 'i still have 2');
  await ask(bot);
  await deny(bot, 'otto', 101);
  await ask(bot);
  await bot.type('hana', '#helpdesk', 'withdraw INC-101');
  await ask(bot, { scope: 'full' });
  await approve(bot, 'otto');
  await bot.advance(3);
  await bot.type('hana', '#helpdesk', 'cancel wipe INC-101');
  await bot.submit('hana', '#helpdesk', verified);
  await bot.advance(20);

  await lost(bot, 'bob');
  await ask(bot, { incident: 102, scope: 'full', command: 'break-glass', by: 'sasha' });
  await bot.advance(30);
  await bot.type('ines', '#security', 'review INC-102 because it was right');
  await bot.type('hana', '#helpdesk', 'remove device INC-102 1');
  await decide(bot, 'otto', await bot.type('otto', '#approvals', 'approve INC-102'));
  await bot.advance(5);

  const third = await lost(bot, 'alice.moreau');
  await bot.type('hana', '#helpdesk', `block device INC-${third} 1`);
  await decide(bot, 'otto', await bot.type('otto', '#approvals', `approve INC-${third}`));
  await ask(bot, { incident: third });
  await bot.type('ada', '#security', 'lock wipes because it is right');
  await approve(bot, 'otto', third);
  await bot.type('ada', '#security', 'unlock wipes because it is right');
  await bot.click('ines', '#approvals', 'Approve');
  await bot.advance(40);
  await bot.type('hana', '#helpdesk', `give up INC-${third}`);
  await bot.submit('hana', '#helpdesk', verified);
  await resetAnyway(bot, 'hana', third);
  await bot.type('hana', '#helpdesk', `found INC-${third}`);
  await bot.submit('hana', '#helpdesk', verified);
  await bot.type('hana', '#helpdesk', `close INC-${third}`);
  await bot.submit('hana', '#helpdesk', { stillErased: true });

  await bot.type('hana', '#helpdesk', 'lost device otto');
  await bot.click('hana', '#helpdesk', 'Report the phone of Otto Lindqvist');
  await bot.type('ines', '#security', 'restore otto because they stand before me');
  await ask(bot, { incident: 104 });
  await bot.advance(40);

  expect(locks.inversions).toEqual([]);
  // Each class was locked, and together with others, or nothing was watched.
  for (const name of lockOrder) expect([...locks.seen].some((order) => order.includes(name))).toBe(true);
  expect([...locks.seen]).toContain('person > brake > incident > approval > wipe');
});

it('sees an inversion', async () => {
  const before = locks.inversions.length;
  await bot.db.transaction().execute(async (tx) => {
    await tx.selectFrom('wipe').selectAll().forUpdate().execute();
    await tx.updateTable('incident').set({ remark: null }).where('number', '=', 0).execute();
  });
  expect(locks.inversions.slice(before)).toEqual([expect.stringMatching(/^incident after wipe: update "incident"/)]);
});
