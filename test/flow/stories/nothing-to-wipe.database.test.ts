/** No phones, a shared mailbox, phones that cannot be wiped, device management, two phones that look alike. */

import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { labMailboxGuid } from '../../../src/exchange/lab/seed.ts';
import { type TestBot, testBot } from '../../setup/bot.ts';
import { card, helpdesk, holdOf, lost, security } from '../scene.ts';
import { headline, mustLogIn, offers, verified } from './told.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testBot();
});
afterEach(() => bot.close());

it('no phones: nothing is concluded from one empty answer, and then nothing is waited for', async () => {
  const n = await lost(bot, 'noor');
  expect(headline(bot, n)).toMatch(/^Do not reset Noor's password yet\. Exchange showed no phone of this mailbox/);
  expect(headline(bot, n)).toContain('One empty answer proves nothing: I read it again');
  expect(offers(bot, n)).toEqual(['Opened by mistake…', 'Close']);
  expect(card(bot, n)).not.toMatch(/nothing that Exchange could wipe|Which phone is lost/);
  expect(card(bot, n)).not.toMatch(mustLogIn);

  await bot.advance(3);
  expect(headline(bot, n)).toMatch(
    /^No phone syncs with Noor's mailbox: there is nothing that Exchange could wipe, and no phone to wait for\. Both of Exchange's lists say so, in readings of .*09:00.* and .*09:02/,
  );
  expect(card(bot, n)).toContain('Who handles the case decides whether the password is reset.');
  expect(offers(bot, n)).toEqual(['Reset the password now…', 'Opened by mistake…', 'Close']);
  expect(card(bot, n)).not.toMatch(/Do not reset|Reading the phones/);
  expect(card(bot, n)).not.toMatch(mustLogIn);
  const may = await bot.type('hugo', helpdesk, "can I reset noor's password?");
  expect(may.text).toContain("No phone stands against it. No phone syncs with Noor's mailbox");
  expect((await bot.type('hugo', helpdesk, `hold INC-${n}`)).text).not.toMatch(mustLogIn);

  const waits = await bot.type('hana', helpdesk, `keep waiting INC-${n}`);
  expect(waits.text).toContain(`No wipe of INC-${n} is on its way, so there is nothing to wait for.`);
  expect(waits.text).not.toContain('I keep waiting until');
  expect(bot.messagesIn(security).join('\n')).not.toContain('keeps waiting');

  const form = await bot.click('hana', helpdesk, 'Reset the password now…');
  expect(form.text).not.toContain('may then never hear of a wipe');
  await bot.submit('hana', helpdesk, { reason: 'It had her mail in a browser' });
  expect(headline(bot, n)).toMatch(/^Noor's password may be reset now\./);
  expect(headline(bot, n)).not.toContain('may never arrive');
  expect(offers(bot, n).slice(0, 3)).toEqual([
    'I have reset the password',
    'I have revoked the sessions',
    'I had the SIM suspended',
  ]);
});

it('no phones: a phone that comes meanwhile is waited for, and the reset costs its tick', async () => {
  const n = await lost(bot, 'noor');
  await bot.advance(3);
  await bot.click('hana', helpdesk, 'Reset the password now…');
  await sql`update lab_device set mailbox_guid = ${labMailboxGuid('noor')} where friendly_name = 'iPhone 13'`.execute(
    bot.db,
  );
  await bot.advance(10);
  expect(headline(bot, n)).toMatch(/^Do not reset Noor's password, disable the account/);
  const late = await bot.submit('hana', helpdesk, { reason: 'It had her mail in a browser' });
  expect(late.text).toContain('lost: Tick this');
  expect(await holdOf(bot, n)).toBe('open');
});

it('a shared mailbox: ask who had the phone; nothing is said of a disabled account or a password', async () => {
  const n = await lost(bot, 'sales.desk');
  for (const minutes of [0, 5]) {
    await bot.advance(minutes);
    expect(headline(bot, n)).toMatch(
      /^Sales Desk is a shared mailbox: nobody's phone logs in as it\. Ask who had the phone, and say "lost device <their name>"/,
    );
    expect(offers(bot, n)).toEqual(['Opened by mistake…', 'Close']);
    expect(card(bot, n)).not.toMatch(/disabled|Sales's|Do not reset|Which phone is lost/);
    expect(card(bot, n)).not.toMatch(mustLogIn);
  }
});

it('phones that cannot be wiped are no choice for a wipe', async () => {
  const n = await lost(bot, 'gita');
  expect(offers(bot, n)).toEqual(['3 Galaxy Note 9', 'None of these', 'Opened by mistake…']);
  await bot.type('hana', helpdesk, `verify kept INC-${n} 3`);
  await bot.submit('hana', helpdesk, verified);
  expect(headline(bot, n)).toMatch(/^None of Gita's phones can be wiped by Exchange: it would only block them\./);
  expect(offers(bot, n)).toEqual(['Reset the password now…', 'None of these', 'Opened by mistake…', 'Close']);
  expect(card(bot, n)).not.toMatch(mustLogIn);
});

it('device management: the wipe starts there, and who runs it decides about the password', async () => {
  const n = await lost(bot, 'sasha');
  expect(card(bot, n)).toContain('This phone is managed by an MDM: wipe it there.');
  await bot.type('hana', helpdesk, `verify kept INC-${n} 2`);
  await bot.submit('hana', helpdesk, verified);
  expect(headline(bot, n)).toMatch(
    /^1 · iPhone 16 …\w{4}: managed elsewhere\. Start the wipe in device management, not here\. Do not reset Sasha's password yet\./,
  );
  expect(card(bot, n)).toContain(
    'Whether device management needs the password is not known here, so who runs it decides.',
  );
  expect(card(bot, n)).not.toMatch(mustLogIn);
});

it('two phones that look alike differ by what is shown of them', async () => {
  const n = await lost(bot, 'renee');
  const lines = card(bot, n)
    .split('\n')
    .filter((line) => /^\d · iPhone/.test(line));
  expect(lines).toHaveLength(2);
  for (const line of lines)
    expect(line).toMatch(
      /^\d · iPhone \(.*\) · id ends in \w{4}, model iPhone\w+ · first sync .* — last sync .* · allowed$/,
    );
  const endings = lines.map((line) => /id ends in (\w{4})/.exec(line)?.[1]);
  expect(new Set(endings).size).toBe(2);
  expect(offers(bot, n).slice(0, 2)).toEqual(endings.map((ending, index) => `${index + 1} iPhone …${ending}`));
  await lost(bot, 'bob');
  expect(card(bot, n + 1)).not.toContain('id ends in');
});
