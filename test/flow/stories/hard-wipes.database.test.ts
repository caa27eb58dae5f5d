/** A VIP; a phone that refuses, one that is never reported, one that is never seen again: the card leads on to the end. */

import { afterEach, beforeEach, expect, it } from 'vitest';
import { pressed } from '../../incidents/scenes.ts';
import { type TestBot, testBot } from '../../setup/bot.ts';
import { approvals, asked, card, helpdesk, holdOf, lost, propose, reaches, security, wipeState } from '../scene.ts';
import { headline, mustLogIn, offers, verified } from './told.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testBot();
});
afterEach(() => bot.close());

it('VIP: two people decide, and until then nothing is asked or promised', async () => {
  const n = await lost(bot, 'victoria');
  await propose(bot, n, 1, 'account-only');
  expect(headline(bot, n)).toMatch(/^Do not reset Victoria's password/);
  expect(card(bot, n)).toContain('waits for 2 different approvers other than Hana Novak');
  const waits = await bot.type('hana', helpdesk, `keep waiting INC-${n}`);
  expect(waits.text).toContain('It waits for a person, not for the phone');
  await pressed(bot, 'otto', bot.action(approvals, 'otto', 'Approve'));
  expect(card(bot, n)).toContain('waits for an approver other than Hana Novak');
  expect(card(bot, n)).not.toMatch(/Asked of Exchange|may be reset|Which phone is lost/);
});

it('refuses: the ladder with what each step costs, and no word of a lost answer', async () => {
  const n = await lost(bot, 'mei');
  await asked(bot, n, 1, 'full');
  await bot.until(reaches(bot, n, 'refused-by-device'), 300);
  expect(headline(bot, n)).toMatch(/^Do not reset Mei's password/);
  const shown = card(bot, n);
  expect(shown).toContain('The phone refuses the wipe: it was told more than once');
  expect(shown).toContain('• Wait — the phone is told again whenever it connects; that it obeys later is unlikely');
  expect(shown).toContain('• Give up the wipe — Exchange keeps the request');
  expect(shown).toContain('• Ask the carrier to suspend the SIM');
  expect(offers(bot, n)[0]).toMatch(/^Give up wipe of 1 Galaxy S21 …\w{4}$/);
  expect(offers(bot, n)[1]).toBe('Reset the password anyway…');
  expect(shown).not.toMatch(/answer may be lost|Cancel|Keep waiting|Which phone is lost/);
  const waits = await bot.type('hana', helpdesk, `keep waiting INC-${n}`);
  expect(waits.text).toContain('its wipe is refused by the phone, so there is nothing to put off');

  await bot.type('hana', helpdesk, `give up INC-${n}`);
  await bot.submit('hana', helpdesk, verified);
  expect(headline(bot, n)).toMatch(/^Mei's password may be reset now\. The wipe was given up\./);
  expect(card(bot, n)).toContain('this phone will still be erased if it connects');
  expect(offers(bot, n)).toEqual([
    'I have reset the password',
    'I have revoked the sessions',
    'I had the SIM suspended',
    expect.stringMatching(/^Block 1 Galaxy S21 …\w{4}$/),
    'The phone was found…',
    'Close',
  ]);
  expect(card(bot, n)).not.toContain('Which phone is lost?');
});

it('never reports: nothing is claimed of the phone, and a person decides', async () => {
  await bot.close();
  bot = await testBot({ capabilities: { reportsWipes: false } });
  const n = await lost(bot, 'tom');
  await asked(bot, n, 1, 'full');
  await bot.until(reaches(bot, n, 'not-reported'), 60);
  expect(headline(bot, n)).toMatch(/^Do not reset Tom's password/);
  expect(card(bot, n)).toContain('? Acknowledged: this Exchange may never say');
  expect(card(bot, n)).not.toMatch(/Not reached|Acknowledged by the phone|may be reset|Which phone is lost/);
  const waits = await bot.type('hana', helpdesk, `keep waiting INC-${n}`);
  expect(waits.text).toContain('ask here every 4 hours while the hold is open');

  await bot.advance(4 * 60);
  expect(bot.find(helpdesk, 'has been open for 4 hours')).toContain('keep waiting, "give up", or "reset anyway"');
  await bot.type('hana', helpdesk, `reset anyway INC-${n} because the account is in danger`);
  await bot.submit('hana', helpdesk, { reason: 'The account is in danger', lost: true });
  expect(headline(bot, n)).toMatch(/^Tom's password may be reset now\./);
  expect(offers(bot, n)).toContain('I have reset the password');
  await bot.click('hana', helpdesk, 'I have reset the password');
  expect(headline(bot, n)).toMatch(/^Tom's password was reset\./);
});

it('never seen again: wait while there is something to wait for, give up, and then the card leads on', async () => {
  const n = await lost(bot, 'karl');
  await asked(bot, n, 1, 'full');
  await bot.advance(80);
  expect(card(bot, n)).toContain('Next steps, cheapest first, and what each one costs:');
  expect(card(bot, n)).not.toContain('refuses');
  expect((await bot.click('hana', helpdesk, 'Keep waiting 4 h')).text).toMatch(/^I keep waiting until /);
  await bot.click('hana', helpdesk, 'Give up wipe of 1');
  await bot.submit('hana', helpdesk, verified);
  expect(await wipeState(bot, n)).toBe('cancelled');
  expect(headline(bot, n)).toBe(
    "Karl's password may be reset now. The wipe was cancelled, and Exchange no longer shows it. (Hana Novak)",
  );
  expect(card(bot, n)).toContain('Now, in this order:');
  expect(offers(bot, n)).toEqual([
    'I have reset the password',
    'I have revoked the sessions',
    'I had the SIM suspended',
    expect.stringMatching(/^Block 1 iPhone SE …\w{4}$/),
    'The phone was found…',
    'Close',
  ]);
  expect(card(bot, n)).not.toMatch(/Which phone is lost|Not reached|Do not/);
  const waits = await bot.type('hana', helpdesk, `keep waiting INC-${n}`);
  expect(waits.text).toContain('The hold is closed: the password may be reset.');

  await bot.click('hana', helpdesk, 'Block 1');
  await bot.click('hana', helpdesk, 'I had the SIM suspended');
  await bot.click('hana', helpdesk, 'Close');
  expect(offers(bot, n)).toEqual([expect.stringMatching(/^Unblock 1 iPhone SE …\w{4}$/)]);
  expect(card(bot, n)).toContain('The SIM: the carrier activates it again, or sends another.');

  const note = await bot.type('sasha', security, `exposure INC-${n}`);
  expect(note.text).toContain(`INC-${n} · Exposure note · Karl Weiss`);
  expect(note.text).toMatch(/Reported: .*, by Hana Novak, as lost\. 72 hours from then: /);
  expect(note.text).toContain('What could be read: what its mail app keeps of the mailbox');
  expect(note.text).toMatch(/On the phone since: .* \(its first sync\)/);
  expect(note.text).toMatch(/Last sync: .*\. Last attempt: /);
  expect(note.text).toContain('Encryption: not known');
  expect(note.text).toContain('Passcode: not known');
  expect(note.text).toMatch(
    /Wipe: full, asked of Exchange .*; that it reached the phone is not known; never acknowledged\./,
  );
  expect(note.text).toMatch(/When this phone lost its way in: blocked in Exchange, read back /);
  expect(note.text).toContain('SIM suspended by the carrier, noted by Hana Novak');
  expect(note.text).not.toMatch(/not closed yet|has been erased|is encrypted/);
});

it('the partnership removed with a second person: no wipe is waited for, and the card leads on', async () => {
  const n = await lost(bot, 'karl');
  await asked(bot, n, 1, 'full');
  await bot.type('hana', helpdesk, `remove device INC-${n} 1`);
  await pressed(bot, 'otto', bot.action(approvals, 'otto', 'Approve'));
  expect(await wipeState(bot, n)).toBe('partnership-removed');
  expect(await holdOf(bot, n)).toBe('closed');
  expect(headline(bot, n)).toMatch(
    /^Karl's password may be reset now\. The partnership was removed, and with it the wipe/,
  );
  expect(headline(bot, n)).not.toMatch(mustLogIn);
  expect(offers(bot, n)).toEqual([
    'I have reset the password',
    'I have revoked the sessions',
    'I had the SIM suspended',
    'The phone was found…',
    'Close',
  ]);
  expect(card(bot, n)).not.toContain('Which phone is lost?');
});

it('an exposure note of a case that is open says so, and what nobody knows', async () => {
  const n = await lost(bot, 'karl');
  const note = await bot.type('hana', helpdesk, `exposure INC-${n}`);
  expect(note.text).toContain('This case is not closed yet: what follows is as known now');
  expect(note.text).toContain('When this phone lost its way in: not known to have ended in Exchange');
  expect(note.text).toContain('nobody noted here that the password was reset or the sessions revoked');
  expect((await bot.type('bob', undefined, `exposure INC-${n}`)).text).not.toContain('iPhone');
});
