/** Lost, stolen, found, and opened by mistake: what the card says first, what comes next, and what it does not say. */

import { afterEach, beforeEach, expect, it } from 'vitest';
import { pressed } from '../../incidents/scenes.ts';
import { type TestBot, testBot } from '../../setup/bot.ts';
import { approvals, asked, card, done, helpdesk, holdOf, lost, reaches, security, wipeState } from '../scene.ts';
import { headline, mustLogIn, offers, verified } from './told.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testBot();
});
afterEach(() => bot.close());

it('lost: the card begins with what to do, and leads to the successor of the phone', async () => {
  const n = await lost(bot);
  expect(headline(bot, n)).toMatch(/^Do not reset Alice's password, disable the account, block or remove the phone/);
  expect(headline(bot, n)).toMatch(mustLogIn);
  expect(offers(bot, n)).toEqual([
    '1 iPhone 15',
    '2 Outlook for Android',
    '3 Galaxy S9',
    'None of these',
    'Opened by mistake…',
  ]);
  const first = card(bot, n);
  expect(first.indexOf('[1 iPhone 15]')).toBeLessThan(first.indexOf('opened by Hana Novak'));
  expect(first.indexOf('[1 iPhone 15]')).toBeLessThan(first.indexOf('Likely to hear of a wipe'));
  expect(first).not.toMatch(/may be reset|nothing that Exchange could wipe|managed elsewhere/);

  await asked(bot, n, 1, 'account-only');
  expect(card(bot, n)).toContain(
    'Cancel: the request is taken back in Exchange, which works until the phone has been told',
  );
  expect(card(bot, n)).not.toContain('Which phone is lost?');
  await bot.until(reaches(bot, n, 'acknowledged'), 20);
  expect(headline(bot, n)).toBe("Alice's password may be reset now. The phone has acknowledged the wipe.");
  expect(card(bot, n)).toContain('Now, in this order:');
  expect(offers(bot, n)).toEqual([
    'I have reset the password',
    'I have revoked the sessions',
    expect.stringMatching(/^Remove partnership of 1 iPhone 15 …\w{4}$/),
    'Close',
  ]);
  expect(card(bot, n)).not.toMatch(/Which phone is lost|Do not reset|was erased|has been wiped/);

  await bot.click('hana', helpdesk, 'I have reset the password');
  await bot.click('hana', helpdesk, 'I have revoked the sessions');
  expect(headline(bot, n)).toMatch(/^Alice's password was reset\./);
  expect(card(bot, n)).toContain('Remove the partnership so that this phone is not wiped again if it comes back.');
  await bot.click('hana', helpdesk, 'Remove partnership of 1');
  await bot.click('hana', helpdesk, 'Close');
  const closed = card(bot, n);
  expect(closed).toContain('✔ Password reset — Hana Novak');
  expect(closed).toContain('The same phone or its successor: add the work account on it with the new password.');
  expect(closed).toContain('Its partnership was removed, and read back.');
  expect(closed).not.toMatch(/found|remove its partnership|is blocked|I read it again/);
});

it('stolen: who calls is verified by the number and the manager that the directory has', async () => {
  await bot.type('hana', helpdesk, 'stolen device alice.moreau');
  expect(card(bot, 101)).toContain('INC-101 · Stolen device · Alice Moreau');
  expect(headline(bot, 101)).toMatch(/^Do not reset Alice's password/);
  const form = await bot.type('hana', helpdesk, 'wipe INC-101 1');
  expect(form.text).toContain(
    'To verify: call back on +1 555 0112, as the directory has it; the manager is Karl Weiss. Never through the lost phone.',
  );
  const found = await bot.type('hana', helpdesk, 'found INC-101');
  expect(found.text).toContain('call back on +1 555 0112, as the directory has it; the manager is Karl Weiss.');
  const boss = await bot
    .type('hana', helpdesk, 'lost device victoria')
    .then(() => bot.type('hana', helpdesk, 'wipe INC-102 1'));
  expect(boss.text).toContain('call back on +1 555 0100, as the directory has it; it names no manager.');
  expect(card(bot, 101)).not.toMatch(/555|Karl Weiss/);
});

it('found while a wipe is on its way: cancel it now, and then only what was done is left', async () => {
  const n = await lost(bot, 'karl');
  await asked(bot, n, 1, 'full');
  await bot.type('hana', helpdesk, `found INC-${n}`);
  await bot.submit('hana', helpdesk, verified);
  expect(headline(bot, n)).toMatch(/^The phone was found, and a wipe of it is on its way: cancel it now\./);
  expect(offers(bot, n)).toEqual([expect.stringMatching(/^Cancel wipe of 1 iPhone SE …\w{4}$/)]);
  expect(card(bot, n)).not.toMatch(/Do not reset|Which phone is lost|Is another phone lost|Give up/);

  await bot.click('hana', helpdesk, 'Cancel wipe of 1');
  await bot.submit('hana', helpdesk, verified);
  expect(await wipeState(bot, n)).toBe('cancelled');
  expect(headline(bot, n)).toMatch(/^The phone was found, says Hana Novak, just now, .*\. Nothing is waited for/);
  expect(offers(bot, n)).toEqual(['Close']);
  expect(card(bot, n)).not.toMatch(/Which phone is lost|reset now|Block 1|SIM/);
  // What was read back stands there, and not what Exchange held before.
  expect(card(bot, n)).not.toMatch(/already holds|erased when it connects|cannot be wiped/);
});

it('found after it was blocked: the block is offered to be taken back, also once the case is closed', async () => {
  const n = await lost(bot, 'karl');
  await bot.type('hana', helpdesk, `block device INC-${n} 1`);
  await pressed(bot, 'otto', bot.action(approvals, 'otto', 'Approve'));
  expect(card(bot, n)).not.toContain('To take back');
  await bot.type('hana', helpdesk, `found INC-${n}`);
  await bot.submit('hana', helpdesk, verified);
  expect(card(bot, n)).toMatch(
    /Phone 1 · iPhone SE …\w{4} is blocked since this case: it gets no mail until it is unblocked\./,
  );
  await bot.click('hana', helpdesk, 'Close');
  expect(offers(bot, n)).toEqual([expect.stringMatching(/^Unblock 1 iPhone SE …\w{4}$/)]);
  await bot.click('hana', helpdesk, 'Unblock 1');
  expect((await done(bot)).map((row) => row.cmdlet)).toEqual(['set-cas-mailbox', 'set-cas-mailbox']);
  expect(card(bot, n)).not.toMatch(/To take back|is blocked since/);
});

it('found, and lost again: it is waited for once more', async () => {
  const n = await lost(bot, 'karl');
  await bot.type('hana', helpdesk, `found INC-${n}`);
  await bot.submit('hana', helpdesk, verified);
  expect(await holdOf(bot, n)).toBe('closed');
  await lost(bot, 'karl', 'hugo');
  expect(await holdOf(bot, n)).toBe('open');
  expect(headline(bot, n)).toMatch(/^Do not reset Karl's password/);
  expect(card(bot, n)).not.toContain('was found');
});

it('opened by mistake: it closes without a word about the owner, and nobody is told "found"', async () => {
  const n = await lost(bot, 'bob');
  const form = await bot.click('hana', helpdesk, 'Opened by mistake…');
  expect(form.text).toContain('nothing is said about a phone of Bob Tanaka');
  expect((await bot.submit('hana', helpdesk, { reason: '' })).text).toContain('Say how it came about');
  const answer = await bot.submit('hana', helpdesk, { reason: 'Wrong person chosen' });
  expect(answer.text).toBe(`INC-${n} is closed as opened by mistake. Nothing was asked of Exchange.`);

  expect(headline(bot, n)).toMatch(/^Opened by mistake, and closed by Hana Novak, just now, .*: Wrong person chosen$/);
  expect(offers(bot, n)).toEqual([]);
  expect(await holdOf(bot, n)).toBe('closed');
  expect(bot.find(security, 'opened by mistake')).toContain(
    'closed by Hana Novak as opened by mistake: Wrong person chosen',
  );
  const said = [...bot.messagesIn(helpdesk), ...bot.messagesIn(security), ...bot.messagesIn('bob')].join('\n');
  expect(said).not.toMatch(/found|may be reset|while the hold was open|none of these phones/i);
  expect(bot.messagesIn('bob')).toEqual([]);
  expect(await done(bot)).toEqual([]);
});

it('more than a mistake: what others reported, or Exchange was asked for, is not closed so', async () => {
  await bot.type('alice.ng', undefined, 'I lost my phone');
  expect(offers(bot, 101)).not.toContain('Opened by mistake…');
  const own = await bot.type('hana', helpdesk, 'opened by mistake INC-101 because I think so');
  expect(own.text).toContain('INC-101 is more than a mistake: its owner reported it.');

  const n = await lost(bot, 'karl');
  const early = bot.action(helpdesk, 'hana', 'Opened by mistake…');
  await lost(bot, 'karl', 'hugo');
  expect((await bot.press('hana', helpdesk, early)).text).toContain('somebody else has reported the phone, too');
  const m = await lost(bot, 'tom');
  await asked(bot, m, 1, 'full');
  expect(offers(bot, m)).not.toContain('Opened by mistake…');
  const late = await bot.type('hana', helpdesk, `opened by mistake INC-${m} because it was the wrong Tom`);
  expect(late.text).toContain('a wipe was approved, or asked of Exchange');
  for (const open of [101, n, m]) expect(await holdOf(bot, open)).toBe('open');
});
