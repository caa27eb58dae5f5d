/** What waits beside a held break-glass wipe is told apart: nothing is taken back that was not named. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type TestBot, testBot } from '../../setup/bot.ts';
import { ask, asked, buttonIn, lost, wipeStates } from '../scenes.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testBot();
  await lost(bot, 'alice.ng');
  await bot.type('ada', '#security', 'lock wipes because of a test');
  await ask(bot, { by: 'sasha', device: 3, scope: 'full', command: 'break-glass' });
});
afterEach(() => bot.close());

it('alone it is taken back, by what it is', async () => {
  expect((await bot.type('hana', '#helpdesk', 'withdraw INC-101')).text).toMatch(
    /^Withdrawn: Alice Ng · wipe Galaxy S9 …\w{4} · full\. Nothing was asked of Exchange\.$/,
  );
  expect(await wipeStates(bot)).toEqual(['withdrawn']);
});

it('beside a proposal, which of them is asked, and only that one is taken back', async () => {
  await ask(bot, { device: 1 });
  const which = await bot.type('hana', '#helpdesk', 'withdraw INC-101');
  const labels = (which.answer.private?.blocks ?? []).flatMap((block) =>
    block.kind === 'buttons' ? block.buttons.map(({ label }) => label) : [],
  );
  expect(labels).toEqual([
    expect.stringMatching(/Alice Ng · wipe iPhone 15 …\w{4} · account-only/),
    expect.stringMatching(/Alice Ng · wipe Galaxy S9 …\w{4} · full/),
  ]);
  expect(await wipeStates(bot)).toEqual(['approved', 'awaiting-approval']);
  await bot.press('hana', '#helpdesk', buttonIn(which.answer, labels[1] ?? '') ?? '');
  expect(await wipeStates(bot)).toEqual(['withdrawn', 'awaiting-approval']);
});

it('a proposal that is named by its phone is taken back without asking', async () => {
  await ask(bot, { device: 1 });
  expect((await bot.type('hana', '#helpdesk', 'withdraw INC-101 1')).text).toMatch(/^Withdrawn: .*iPhone 15/);
  expect(await wipeStates(bot)).toEqual(['approved', 'withdrawn']);
});

it('one that was withdrawn a moment before is not taken back again', async () => {
  await ask(bot, { device: 1 });
  const which = await bot.type('hana', '#helpdesk', 'withdraw INC-101');
  const buttons = (which.answer.private?.blocks ?? []).flatMap((block) =>
    block.kind === 'buttons' ? block.buttons.map(({ action }) => action) : [],
  );
  await bot.type('sasha', '#security', 'withdraw INC-101 3');
  expect((await bot.press('hana', '#helpdesk', buttons[1] ?? '')).text).not.toMatch(/^Withdrawn:/);
  expect(await wipeStates(bot)).toEqual(['withdrawn', 'awaiting-approval']);
});

it('the button of a proposal on the card takes back that proposal', async () => {
  await ask(bot, { device: 1 });
  expect((await bot.click('hana', '#helpdesk', 'Withdraw wipe of 1 iPhone 15')).text).toMatch(
    /^Withdrawn: .*iPhone 15/,
  );
  expect(await wipeStates(bot)).toEqual(['approved', 'withdrawn']);
});

it('found takes it back, too, and nothing is issued once wipes are unlocked', async () => {
  await bot.type('hana', '#helpdesk', 'found INC-101');
  await bot.submit('hana', '#helpdesk', { reason: 'In their bag.', how: 'In person.' });
  expect(await wipeStates(bot)).toEqual(['withdrawn']);
  await bot.type('ada', '#security', 'unlock wipes because the test is over');
  await bot.click('ines', '#approvals', 'Approve');
  expect(await asked(bot)).toBe(0);
});

it('security hears who asks to block a phone or to remove its partnership', async () => {
  await bot.type('hana', '#helpdesk', 'block device INC-101 1');
  await bot.type('hugo', '#helpdesk', 'remove device INC-101 2');
  const told = bot.messagesIn('#security').filter((text) => text.includes('asks for:'));
  expect(told).toEqual([
    expect.stringMatching(/Hana Novak asks for: Alice Ng · block phone 1 iPhone 15 …\w{4}; waits for an approver/),
    expect.stringMatching(
      /Hugo .* asks for: Alice Ng · remove phone 2 Outlook for Android …\w{4}; waits for an approver/,
    ),
  ]);
});

it('a block or a removal that waits already is not asked for twice, and says so', async () => {
  for (const command of ['block', 'remove']) {
    await bot.type('hana', '#helpdesk', `${command} device INC-101 1`);
    expect((await bot.type('hugo', '#helpdesk', `${command} device INC-101 1`)).text).toContain(
      'asked for this already',
    );
  }
  expect(await bot.db.selectFrom('approval').selectAll().execute()).toHaveLength(2);
});
