import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestBot, testBot } from '../../setup/bot.ts';
import { ask, asked, lost, wipeStates } from '../scenes.ts';

const dayMs = 24 * 60 * 60_000;

let bot: TestBot;
beforeAll(async () => {
  bot = await testBot();
  await lost(bot, 'alice.ng');
});
afterAll(() => bot.close());

/** The clock jumps and what is due then runs, without living through every phone's contact. */
async function nextDay(): Promise<void> {
  bot.clock.advance(dayMs + 1000);
  await bot.runner.settle();
}

const glass = { command: 'break-glass', by: 'sasha', scope: 'full', reason: 'Board papers, nobody answers.' } as const;

describe('break-glass', () => {
  it('is for security and admins', async () => {
    expect((await ask(bot, { ...glass, by: 'hana' })).text).toContain('in the hands of security and admins');
    expect((await ask(bot, { ...glass, by: 'otto' })).text).toContain('in the hands of security and admins');
  });

  it('asks for the same confirmations as any wipe', async () => {
    const wrong = await ask(bot, { ...glass, typed: 'iPhone 15' });
    expect(wrong.answer.fieldErrors?.typed).toContain('Type exactly: iPhone 15');
    expect(await wipeStates(bot)).toEqual([]);
  });

  it('takes the place of a proposal that waits, alerts at once, and asks Exchange without a second person', async () => {
    await ask(bot, { scope: 'account-only' });
    const done = await ask(bot, glass);
    expect(done.text).toContain('Security was alerted');
    expect((await wipeStates(bot))[0]).toBe('voided');
    expect(bot.find('#security', 'break-glass used')).toContain("by Sasha Petrov for Alice Ng's phone 1 (full)");
    expect(bot.find('#helpdesk', 'Break-glass')).toContain('its review is due');
    expect(await asked(bot)).toBe(1);
  });

  it('is reviewed by somebody else, who is reminded daily until he has', async () => {
    expect(bot.messagesIn('#security').join('\n')).not.toContain('a review is due');
    await nextDay();
    expect(bot.find('#security', 'a review is due')).toContain('Sasha Petrov broke the glass');
    await nextDay();
    expect(bot.find('#security', 'a review is due for 2 days')).toContain('review INC-101');
    expect((await bot.type('sasha', '#security', 'review INC-101 because it was me')).text).toContain(
      'You broke the glass yourself',
    );
    expect((await bot.type('ada', '#security', 'review INC-101 because the call was real')).text).toContain(
      'is closed',
    );
    await nextDay();
    expect(bot.messagesIn('#security').filter((text) => text.includes('a review is due'))).toHaveLength(2);
    expect((await bot.type('otto', '#security', 'review INC-101 because again')).text).toContain('Nothing on INC-101');
  });

  it('never passes the lock, and is taken back while it is held', async () => {
    const incident = await lost(bot, 'bob');
    await bot.type('ada', '#security', 'lock wipes because wait');
    const held = await ask(bot, { ...glass, incident });
    expect(held.text).toContain('does not unlock them');
    await bot.advance(1);
    expect(await asked(bot)).toBe(1);
    expect((await wipeStates(bot)).at(-1)).toBe('approved');
    expect((await bot.type('hana', '#helpdesk', `withdraw INC-${incident}`)).text).toContain('Withdrawn');
    expect((await wipeStates(bot)).at(-1)).toBe('withdrawn');
  });

  it('runs out in the time of an approval', async () => {
    await ask(bot, { ...glass, incident: 102 });
    bot.clock.advance(15 * 60_000);
    await bot.runner.settle();
    expect((await wipeStates(bot)).at(-1)).toBe('expired');
    expect(bot.find('#security', 'was not carried out')).toContain('INC-102');
    expect(await asked(bot)).toBe(1);
  });

  it('is not for the own phone, and not while the own phone is lost', async () => {
    await bot.type('ada', '#security', 'unlock wipes because over');
    await bot.click('ines', '#approvals', 'Approve');
    const incident = await lost(bot, 'sasha');
    expect((await ask(bot, { ...glass, incident })).text).toContain('a device of your own was reported');
    expect((await bot.type('sasha', '#helpdesk', 'restore sasha because it is me')).text).toContain(
      'a device of your own was reported',
    );
    expect((await bot.type('ada', '#helpdesk', 'restore sasha because he called from his desk')).text).toContain(
      'holds all roles again',
    );
    expect((await ask(bot, { ...glass, incident })).text).toContain('for their own phone');
    const audit = await bot.db.selectFrom('audit').select('action').where('action', '=', 'roles-restored').execute();
    expect(audit).toHaveLength(1);
  });

  it('does not stand when the role is taken away before Exchange is asked', async () => {
    await bot.type('ines', '#security', 'lock wipes because wait');
    await ask(bot, { ...glass, incident: 102 });
    expect((await wipeStates(bot)).at(-1)).toBe('approved');
    await lost(bot, 'sasha', 'hugo');
    await bot.type('ines', '#helpdesk', 'unlock wipes because over');
    await bot.click('ada', '#approvals', 'Approve');
    expect((await wipeStates(bot)).at(-1)).toBe('voided');
    expect(bot.find('#security', 'Who broke the glass no longer holds the role')).toContain('INC-102');
    expect(await asked(bot)).toBe(1);
  });
});
