/** The owner, who may be whoever holds the lost phone; and `found`, said by him and by the helpdesk. */

import { afterEach, beforeEach, expect, it } from 'vitest';
import { pressed } from '../incidents/scenes.ts';
import { type TestBot, testBot } from '../setup/bot.ts';
import { asked, card, done, helpdesk, holdOf, lost, propose, security, wipeState } from './scene.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testBot();
});
afterEach(() => bot.close());

/** What a thief with the phone would like to read. */
const tellTale = /Otto|Ada|approve|wipe[sd]? (is|was) (asked|proposed)|minutes until|session|SIM\b|block/i;

it('reports her own phone, is shown only her own devices, and the helpdesk is told', async () => {
  const answer = await bot.type('alice.ng', undefined, 'lost my phone');
  expect(answer.text).toContain("I'm sorry about your phone, Alice.");
  expect(answer.text).toContain('Please do not change your password yourself; the helpdesk will tell you when.');
  expect(card(bot, 101)).toContain('reported by Alice Ng');

  const list = bot.find('alice.ng', 'These are connected to your mailbox');
  expect(list).toContain('1 · iPhone 15 (iOS 18.1, native mail, EAS 16.1)');
  expect(list).toContain(
    'A full wipe resets the whole phone, photos included; removing only work data is usually enough.',
  );
  expect(`${answer.text}\n${list}`).not.toMatch(tellTale);

  const lostOne = await bot.click('alice.ng', undefined, '1 iPhone 15');
  expect(lostOne.text).toContain('I have told the helpdesk that it is iPhone 15.');
  expect(bot.find(helpdesk, 'The owner says, from chat, that it is phone 1')).toContain('Verify the owner another way');
  await bot.type('alice.ng', undefined, 'I still have the Outlook one');
  expect(card(bot, 101)).toContain('The owner says, from chat, that phone 2 is still at hand');
  expect(bot.messagesIn('alice.ng').join('\n')).not.toMatch(tellTale);
});

it('is told nothing of what happens to the wipe', async () => {
  await bot.type('alice.ng', undefined, 'my phone was stolen');
  await propose(bot, 101, 1, 'account-only');
  await pressed(bot, 'otto', bot.action('#approvals', 'otto', 'Approve'));
  await bot.until(async () => (await wipeState(bot, 101)) === 'acknowledged', 30);

  expect(bot.messagesIn('alice.ng').join('\n')).not.toMatch(tellTale);
  for (const sentence of [
    'status INC-101',
    'approvals',
    'incidents all',
    'audit INC-101',
    'wipe INC-101 1',
    'lost device bob',
    'devices bob',
  ]) {
    const refused = await bot.type('alice.ng', undefined, sentence);
    expect(refused.text).toMatch(/(That is for|Wipes are in the hands of)/);
    expect(refused.text).not.toMatch(/iPhone|Bob|Otto|Left in a taxi/);
  }
});

it('takes back a report that nobody has acted on', async () => {
  await bot.type('alice.ng', undefined, 'I lost my phone');
  const answer = await bot.type('alice.ng', undefined, 'found it');

  expect(answer.text).toContain('I have taken back your report INC-101 and told the helpdesk.');
  expect(card(bot, 101)).toContain('Closed by Alice Ng');
  const late = await bot.click('alice.ng', undefined, '1 iPhone 15');
  expect(late.text).toBe('INC-101 is closed. Open a new one with "I lost my phone".');
  expect(bot.find(helpdesk, 'took the report back')).toContain('Verify the owner another way before you believe it.');
});

it('cannot call off what somebody has begun: her word is a remark until the helpdesk has verified her', async () => {
  await bot.type('alice.ng', undefined, 'I lost my phone');
  await propose(bot, 101, 1, 'account-only');
  const answer = await bot.type('alice.ng', undefined, 'found it');

  expect(answer.text).toBe('Thank you. I have told the helpdesk; they will reach you another way than by this phone.');
  expect(await wipeState(bot, 101)).toBe('awaiting-approval');
  expect(card(bot, 101)).toContain('The owner says that it was found: not verified.');
  expect(card(bot, 101)).toContain('then say "found INC-101"');
  expect(bot.find(security, 'owner says found')).toContain('not verified');
  expect(await holdOf(bot, 101)).toBe('open');

  await bot.type('hana', helpdesk, 'found INC-101');
  await bot.submit('hana', helpdesk, { reason: 'She has it in her hand', how: 'On video' });
  expect(await wipeState(bot, 101)).toBe('withdrawn');
  expect(await holdOf(bot, 101)).toBe('closed');
  expect(card(bot, 101)).not.toContain('The owner says that it was found');
  expect(bot.find(security, 'said by Hana Novak')).toContain('owner verified: On video');
  expect(await done(bot)).toEqual([]);
});

it('found by the helpdesk while a wipe is on its way names what to do at once', async () => {
  const n = await lost(bot, 'karl');
  await asked(bot, n, 1, 'full');
  await bot.type('hana', helpdesk, `found INC-${n}`);
  const answer = await bot.submit('hana', helpdesk, { reason: 'In the other coat', how: 'In person' });

  expect(answer.text).toContain(`Cancel it now: "cancel wipe INC-${n} 1".`);
  expect(await holdOf(bot, n)).toBe('open');
});

it('none of these phones: the hold closes, and nothing is asked of Exchange', async () => {
  const n = await lost(bot, 'noor');
  expect(card(bot, n)).toContain('One empty answer proves nothing: I read it again');
  const m = await lost(bot, 'bob');
  await bot.click('hana', helpdesk, 'None of these');
  await bot.submit('hana', helpdesk, { reason: 'It was his private phone', how: 'In person' });

  expect(await holdOf(bot, m)).toBe('closed');
  expect(await done(bot)).toEqual([]);
});
