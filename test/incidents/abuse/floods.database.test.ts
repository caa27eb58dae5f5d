/** Nobody can drown the others: neither with words, nor with reports, proposals and locks that come to nothing. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fairShares } from '../../../src/chat/shares.ts';
import { type TestBot, testPair } from '../../setup/bot.ts';
import { approve, ask, asked, deny, lost, wipeStates } from '../scenes.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testPair({ shares: { ...fairShares, perDecider: 60, perPlace: 120 } });
});
afterEach(() => bot.close());

const incidents = async () =>
  (await bot.db.selectFrom('incident').select('state').orderBy('number').execute()).map(({ state }) => state);
/** What one person and one place may say is counted by each process that listens (docs/security.md). */
const processes = 2;
const quiet = { settle: false };

describe('one plain user', () => {
  it('opens three incidents, not forty, by losing and finding the phone over and over', async () => {
    for (let count = 0; count < 20; count += 1) {
      await bot.type('bob', undefined, 'I lost my phone');
      await bot.type('bob', undefined, 'found it');
    }
    expect(await incidents()).toEqual(['closed', 'closed', 'open']);
    expect(bot.messagesIn('#security').filter((text) => text.includes('report'))).toHaveLength(2);
    const replies = bot.adapter.posted.filter((each) => each.target === 'console:#helpdesk');
    expect(replies.length).toBeLessThan(15);
  });

  it('is told the limit once by each process, and somebody else is answered', async () => {
    const answers: string[] = [];
    for (let count = 0; count < 1_000; count += 1) answers.push((await bot.type('bob', undefined, 'help', quiet)).text);
    expect(answers.filter((text) => text.includes('That is more than 120 in a minute'))).toHaveLength(processes);
    expect(answers.slice(-700).every((text) => text === '')).toBe(true);
    expect(await bot.db.selectFrom('inbox').select('id').execute()).toHaveLength(processes * fairShares.perPerson);
    expect((await bot.type('hana', '#helpdesk', 'help')).text).toContain('What you can say');
    bot.clock.advance(60_000);
    expect((await bot.type('bob', undefined, 'help')).text).toContain('What you can say');
  });

  it('does not keep the lock from being pulled nor a wipe from being approved, in a channel that is full', async () => {
    const incident = await lost(bot, 'alice.ng');
    await ask(bot, { incident });
    for (let count = 0; count < 200; count += 1) await bot.type(`guest${count % 4}`, '#approvals', 'whatever', quiet);
    await approve(bot, 'otto', incident);
    expect(await asked(bot)).toBe(1);
    expect((await bot.type('otto', '#approvals', 'lock wipes because something is wrong')).text).toContain(
      'All wipes are locked',
    );
  });
});

it('an approver who said too much still pulls the lock', async () => {
  for (let count = 0; count < processes * 60; count += 1) await bot.type('otto', undefined, 'help', quiet);
  expect((await bot.type('otto', undefined, 'approvals')).text).toContain('That is more than 60 in a minute');
  expect((await bot.type('otto', undefined, 'lock wipes')).text).toContain('All wipes are locked');
});

it('a lock that is pulled again and again is told once', async () => {
  for (let count = 0; count < 8; count += 1) await bot.type('otto', '#approvals', 'lock wipes because I want to');
  expect(bot.messagesIn('#security').filter((text) => text.includes('all wipes are locked'))).toHaveLength(1);
  expect(await bot.db.selectFrom('wipeLock').select('id').execute()).toHaveLength(1);
});

it('an owner who says found again and again on an open report calls nobody twice', async () => {
  await lost(bot, 'alice.ng');
  for (let count = 0; count < 10; count += 1) await bot.type('alice.ng', undefined, 'found it');
  expect(bot.messagesIn('#security').filter((text) => text.includes('owner says found'))).toHaveLength(1);
});

it('an owner who says again and again which phone is at hand calls nobody twice, and the phone is looked at again', async () => {
  await lost(bot, 'alice.ng');
  const before = bot.messagesIn('#helpdesk').length;
  for (let count = 0; count < 10; count += 1) {
    expect((await bot.type('alice.ng', undefined, 'i still have 1')).text).toContain('Open the mail app');
  }
  await bot.type('alice.ng', undefined, 'i still have 2');
  expect(bot.messagesIn('#helpdesk').length - before).toBe(2);
});

describe('a proposal that was denied and comes again', () => {
  it('is told to security once, and ends after five', async () => {
    const incident = await lost(bot, 'alice.ng');
    const refused: string[] = [];
    for (let count = 0; count < 8; count += 1) {
      const said = (await ask(bot, { incident })).text;
      if (said.includes('Somebody else must ask')) refused.push(said);
      await deny(bot, 'otto', incident, 'nobody was called');
    }
    expect(bot.messagesIn('#security').filter((text) => text.includes('asks again for a wipe'))).toHaveLength(1);
    expect(refused).toHaveLength(3);
    expect(await wipeStates(bot)).toEqual(Array.from({ length: 5 }, () => 'denied'));
    // Another person may, and security hears of that one, too.
    await ask(bot, { incident, by: 'hugo' });
    expect(bot.find('#security', 'Hugo Brandt asks again')).toContain('for a wipe');
    await approve(bot, 'otto', incident);
    expect(await asked(bot)).toBe(1);
  });
});
