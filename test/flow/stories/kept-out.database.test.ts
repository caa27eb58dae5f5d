/** The account was disabled, or the password changed, before anybody asked: waiting for a phone is then no plan. */

import { afterEach, beforeEach, expect, it } from 'vitest';
import { type TestBot, testBot } from '../../setup/bot.ts';
import { asked, card, helpdesk, holdOf, lost } from '../scene.ts';
import { headline, mustLogIn, offers } from './told.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testBot();
});
afterEach(() => bot.close());

it('disabled: the headline says so, what helps, and who decides', async () => {
  const n = await lost(bot, 'dieter');
  expect(headline(bot, n)).toMatch(/^Dieter's account is disabled: no phone can log in, so none hears of a wipe\./);
  expect(card(bot, n)).toContain('What helps: an administrator enables it until the phone has heard of its wipe.');
  expect(card(bot, n)).toContain('security decides');
  expect(offers(bot, n)).toEqual(['1 iPhone 8', 'Do not wait for a phone…', 'None of these', 'Opened by mistake…']);
  expect(card(bot, n)).not.toMatch(mustLogIn);
  expect(card(bot, n)).not.toContain('Likely to hear of a wipe');
  expect((await bot.type('hana', helpdesk, 'password dieter')).text).toContain("Dieter's account is disabled");

  await bot.click('hana', helpdesk, 'Do not wait for a phone…');
  expect((await bot.submit('hana', helpdesk, { reason: 'He left' })).text).toContain('Tick this');
  await bot.submit('hana', helpdesk, { reason: 'He left long ago', lost: true });
  expect(await holdOf(bot, n)).toBe('closed');
  expect(card(bot, n)).not.toMatch(/Which phone is lost|Do not|may never arrive/);
  expect(offers(bot, n)).toContain('I have revoked the sessions');
});

it('password changed before: once that is noted, the card says what it means and what helps', async () => {
  const n = await lost(bot, 'pavel');
  expect(headline(bot, n)).toMatch(mustLogIn);
  const tick = await bot.type('hana', helpdesk, `password done INC-${n}`);
  expect(tick.text).toContain('Was it changed already, by whomever?');
  expect(await holdOf(bot, n)).toBe('open');
  expect(headline(bot, n)).toMatch(mustLogIn);

  await bot.click('hana', helpdesk, 'It was changed already: note it');
  expect(headline(bot, n)).toMatch(
    /^Pavel's password was changed: a phone that still has the old one cannot log in, so it hears of no wipe\. Noted by Hana Novak/,
  );
  expect(card(bot, n)).toContain('What helps: revoke the sessions');
  expect(offers(bot, n)).toEqual(['1 iPhone 11', 'Do not wait for a phone…', 'None of these', 'Opened by mistake…']);
  expect(card(bot, n)).toContain('✔ Password changed before a phone had heard of a wipe — Hana Novak');
  expect(card(bot, n)).not.toMatch(mustLogIn);
  expect(card(bot, n)).not.toMatch(/Do not reset|may be reset now/);
  const may = await bot.type('hugo', helpdesk, "can I reset pavel's password?");
  expect(may.text).toContain("Pavel's password was changed");
  expect(may.text).not.toContain('Not yet.');

  await asked(bot, n, 1, 'account-only');
  expect(headline(bot, n)).toMatch(/^Pavel's password was changed/);
  expect(card(bot, n)).not.toContain('Which phone is lost?');
});

it('only the password is noted so: sessions wait, and a stale click notes nothing twice', async () => {
  const n = await lost(bot, 'pavel');
  expect((await bot.type('hana', helpdesk, `sessions done INC-${n}`)).text).toContain('is still open');
  await bot.type('hana', helpdesk, `password done INC-${n}`);
  const note = bot.action(helpdesk, 'hana', 'It was changed already: note it');
  await bot.press('hana', helpdesk, note);
  await bot.press('hana', helpdesk, note);
  expect(card(bot, n).split('✔ Password changed')).toHaveLength(2);
  expect(card(bot, n)).not.toContain('Sessions revoked');
});
