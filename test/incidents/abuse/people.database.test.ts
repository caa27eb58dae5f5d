/** The lost phone may still speak: as its owner, as an approver, as an admin. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestBot, testPair } from '../../setup/bot.ts';
import { approve, ask, asked, lost, reportLost, wipeStates } from '../scenes.ts';

let bot: TestBot;

describe('an approver whose own phone is the lost one', () => {
  beforeAll(async () => {
    bot = await testPair();
    await lost(bot, 'otto');
    await ask(bot);
  });
  afterAll(() => bot.close());

  it('decides nothing, neither about it nor about anybody else, on no account', async () => {
    expect((await approve(bot, 'otto')).text).toContain('a device of your own was reported');
    const other = await lost(bot, 'alice.ng');
    await ask(bot, { incident: other });
    expect((await approve(bot, 'otto', other)).text).toContain('a device of your own was reported');
    expect(bot.messagesIn('otto')).toEqual([]);
    expect(await wipeStates(bot)).toEqual(['awaiting-approval', 'awaiting-approval']);
  });

  it('decides about others once he is restored, and still not about his own', async () => {
    await bot.type('sasha', '#security', 'restore Otto because he called from his desk');
    expect((await approve(bot, 'otto')).text).toContain('about your own device');
    await bot.type('ada', '#approvals', 'deny INC-102 because test');
    await ask(bot, { incident: 102 });
    await approve(bot, 'otto', 102);
    expect(await asked(bot)).toBe(1);
  });

  it('whose approval was given just before loses it with the phone', async () => {
    const next = await lost(bot, 'bob');
    await ask(bot, { incident: next, scope: 'full' });
    // Given, and before Exchange is asked Ada's own phone is reported.
    await approve(bot, 'ada', next, undefined, { settle: false });
    await reportLost(bot, 'ada', 'hugo', { settle: false });
    await bot.advance(1);
    expect((await wipeStates(bot)).at(-1)).toBe('voided');
    expect(await asked(bot)).toBe(1);
    expect(bot.messagesIn('#helpdesk').join('\n')).toContain('no longer holds the role');
  });
});

describe("an owner's `found it` from the stolen phone", () => {
  beforeEach(async () => {
    bot = await testPair();
  });
  afterEach(() => bot.close());

  it('takes back only a report that nobody has acted on', async () => {
    await bot.type('alice.ng', undefined, 'I lost my phone');
    expect((await bot.type('alice.ng', undefined, 'found it')).text).toContain('I have taken back your report');
    expect(bot.find('#helpdesk', 'INC-101 ·')).toContain('Closed');
  });

  it('is a mark once somebody has, and stops nothing', async () => {
    await bot.type('alice.ng', undefined, 'I lost my phone');
    await ask(bot);
    const said = await bot.type('alice.ng', undefined, 'found it');
    expect(said.text).toContain('they will reach you another way than by this phone');
    expect(bot.find('#helpdesk', 'INC-101 ·')).toContain('not verified');
    expect(bot.find('#security', 'owner says found')).toContain('not verified');
    await approve(bot, 'otto');
    expect(await asked(bot)).toBe(1);
  });

  it('shows her nothing of who decides, how long it takes or what would stop it', async () => {
    await bot.type('alice.ng', undefined, 'I lost my phone');
    await ask(bot);
    await bot.type('alice.ng', undefined, 'found it');
    await bot.type('alice.ng', undefined, 'I still have 2');
    await approve(bot, 'otto');
    await bot.until(() => bot.messagesIn('#helpdesk').some((text) => text.includes('✔ Acknowledged')));
    const seen = bot.messagesIn('alice.ng').join('\n');
    expect(seen).toContain('Which one is lost?');
    for (const secret of [
      'Otto',
      'Ada',
      'approv',
      'Likely',
      'heartbeat',
      'INC-102',
      'helpdesk channel',
      'block',
      'SIM',
    ])
      expect(seen).not.toContain(secret);
    for (const command of [
      'withdraw INC-101',
      'cancel wipe INC-101',
      'status INC-101',
      'audit INC-101',
      'close INC-101',
    ])
      expect((await bot.type('alice.ng', undefined, command)).text).toMatch(/hands of|is for|I did not understand/);
  });

  it('`I still have` only marks the phone, until the helpdesk has verified her', async () => {
    await bot.type('alice.ng', undefined, 'I lost my phone');
    await bot.type('alice.ng', undefined, 'I still have 1');
    expect(bot.find('#helpdesk', 'INC-101 ·')).toMatch(/owner says, from chat, that phone 1 is still/);
    expect(bot.find('#helpdesk', 'INC-101 ·')).toContain('not verified');
    expect((await bot.type('alice.ng', undefined, 'verify kept INC-101 1')).text).toMatch(/is for|did not understand/);
    await ask(bot, { scope: 'account-only' });
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
    expect((await bot.type('hana', '#helpdesk', 'verify kept INC-101 1')).text).toContain('Withdraw');
    await bot.type('hana', '#helpdesk', 'withdraw INC-101');

    await bot.type('hana', '#helpdesk', 'verify kept INC-101 1');
    await bot.submit('hana', '#helpdesk', { reason: 'She called from the office.', how: 'in person' });
    expect(bot.find('#helpdesk', 'INC-101 ·')).toContain('is with its owner, verified by Hana Novak');
    expect((await ask(bot)).text).toContain('still with Alice Ng');
    expect((await ask(bot, { by: 'sasha', command: 'break-glass', scope: 'full' })).text).toContain(
      'still with Alice Ng',
    );
    await bot.type('hana', '#helpdesk', 'unverify kept INC-101 1 because it was the other one');
    await bot.submit('hana', '#helpdesk', { reason: 'It was the other one.', how: 'in person' });
    await ask(bot);
    expect((await wipeStates(bot)).at(-1)).toBe('awaiting-approval');
  });
});

describe('one helpdesk person alone', () => {
  beforeEach(async () => {
    bot = await testPair();
  });
  afterEach(() => bot.close());

  it('leaves a phone out of the wipe, or closes the case while the password waits, and security hears who', async () => {
    const incident = await lost(bot, 'alice.ng');
    await bot.type('hugo', '#helpdesk', `verify kept INC-${incident} 1`);
    await bot.submit('hugo', '#helpdesk', { reason: 'She showed it.', how: 'In person.' });
    expect(bot.find('#security', 'left out of the wipe')).toContain('Hugo Brandt');
    await bot.type('hugo', '#helpdesk', `close INC-${incident} because it is over`);
    expect(bot.find('#security', 'closed by Hugo Brandt')).toContain('while the hold was open: it is over');
  });
});
