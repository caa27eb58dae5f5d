/** Ways in which a wipe ends otherwise: refused, taken back, given up, overtaken, never heard of. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeLabPassword, returnLabPhone, setLabAvailable } from '../../src/exchange/lab/operations.ts';
import { labMailboxGuid } from '../../src/exchange/lab/seed.ts';
import { pressed, resetAnyway } from '../incidents/scenes.ts';
import { type TestBot, testBot } from '../setup/bot.ts';
import {
  approvals,
  asked,
  card,
  deviceGuid,
  done,
  helpdesk,
  holdOf,
  lost,
  propose,
  reaches,
  security,
  wipeState,
} from './scene.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testBot();
});
afterEach(() => bot.close());

const verified = { reason: 'Nobody knows where it is', how: 'Call-back to the office number' };

describe('before Exchange is asked', () => {
  it('a denial carries its reason to the requester, and asks nothing of Exchange', async () => {
    const n = await lost(bot);
    await propose(bot, n, 1, 'account-only');
    const form = await bot.click('otto', approvals, 'Deny…');
    expect(form.text).toContain('Why');
    expect((await bot.submit('otto', approvals, { reason: '' })).text).toContain('Say why, in a few words');
    await bot.submit('otto', approvals, { reason: 'She found it under the seat' });

    expect(card(bot, n)).toMatch(/Wipe denied · 1 · iPhone 15 …\w{4}, account-only: She found it under the seat/);
    expect(bot.find(helpdesk, 'was denied')).toContain('The hold stays open.');
    expect(bot.find(security, 'was denied')).toContain('Otto Lindqvist: She found it under the seat');
    expect(bot.find(approvals, 'Denied')).not.toContain('[Approve]');
    expect(await done(bot)).toEqual([]);
    expect(await holdOf(bot, n)).toBe('open');
    expect(card(bot, n)).toContain('Which phone is lost?');
  });

  it('who asked withdraws it, and a stale Approve does nothing', async () => {
    const n = await lost(bot);
    await propose(bot, n, 1, 'account-only');
    const stale = bot.action(approvals, 'otto', 'Approve');
    expect((await bot.click('hana', helpdesk, 'Withdraw wipe of 1 iPhone 15')).text).toMatch(
      /^Withdrawn: Alice Ng · wipe iPhone 15 …\w{4} · account-only\. Nothing was asked of Exchange\.$/,
    );
    const late = await bot.press('otto', approvals, stale);

    expect(late.text).toMatch(/withdrawn/i);
    expect(await wipeState(bot, n)).toBe('withdrawn');
    expect(await done(bot)).toEqual([]);
    expect((await bot.type('hana', helpdesk, `withdraw INC-${n}`)).text).toContain('Nothing on INC-101 waits');
  });

  it('it expires aloud, and can be proposed again', async () => {
    const n = await lost(bot);
    await propose(bot, n, 1, 'account-only');
    const stale = bot.action(approvals, 'otto', 'Approve');
    await bot.advance(31);

    expect(bot.find(helpdesk, 'expired')).toContain('nobody decided in time');
    expect(bot.find(approvals, 'Expired')).toContain('Propose again if it is still needed.');
    expect((await bot.press('otto', approvals, stale)).text).toMatch(/expired/i);
    expect(await done(bot)).toEqual([]);
    await asked(bot, n, 1, 'account-only');
    expect(await wipeState(bot, n)).toBe('requested');
  });

  it('an approved one that Exchange keeps from being carried out lapses, and nothing is asked late', async () => {
    const n = await lost(bot);
    await propose(bot, n, 1, 'account-only');
    await setLabAvailable(bot.db, false);
    await pressed(bot, 'otto', bot.action(approvals, 'otto', 'Approve'));
    expect(await wipeState(bot, n)).toBe('approved');
    expect(card(bot, n)).toContain('It must be carried out until 09:15, in 15 minutes');
    await bot.advance(16);
    await setLabAvailable(bot.db, true);
    await bot.advance(15);

    expect(await wipeState(bot, n)).toBe('expired');
    expect(bot.find(helpdesk, 'not carried out in time')).toContain('Propose again');
    expect(await done(bot)).toEqual([]);
  });

  it('a phone that was enrolled anew voids its approval: the wipe would hit another partnership', async () => {
    const n = await lost(bot);
    await propose(bot, n, 1, 'account-only');
    await bot.db
      .updateTable('labDevice')
      .set({ firstSyncTime: bot.clock.now() })
      .where('guid', '=', await deviceGuid(bot, n))
      .execute();
    await pressed(bot, 'otto', bot.action(approvals, 'otto', 'Approve'));

    expect(await wipeState(bot, n)).toBe('voided');
    expect(bot.find(approvals, 'This approval is void')).toContain('Propose again.');
    expect(bot.find(helpdesk, 'is void')).toContain('The hold stays open.');
    expect(await done(bot)).toEqual([]);
  });

  it('a name that the phone changed voids nothing, and a block does', async () => {
    const n = await lost(bot);
    const guid = await deviceGuid(bot, n);
    await propose(bot, n, 1, 'account-only');
    await bot.db.updateTable('labDevice').set({ friendlyName: 'Totally harmless' }).where('guid', '=', guid).execute();
    await pressed(bot, 'otto', bot.action(approvals, 'otto', 'Approve'));
    expect(await wipeState(bot, n)).toBe('requested');

    const m = await lost(bot, 'bob');
    await propose(bot, m, 1, 'full');
    const bobs = await bot.db
      .selectFrom('labDevice')
      .select('deviceId')
      .where('guid', '=', await deviceGuid(bot, m))
      .executeTakeFirstOrThrow();
    await bot.db
      .updateTable('labMailbox')
      .set({ blockedIds: JSON.stringify([bobs.deviceId]) })
      .where('exchangeGuid', '=', labMailboxGuid('bob'))
      .execute();
    await pressed(bot, 'otto', bot.action(approvals, 'otto', 'Approve'));
    expect(await wipeState(bot, m)).toBe('voided');
    expect(await done(bot, 'clear-mobile-device')).toHaveLength(1);
  });

  it('one phone has one open wipe at a time, over all incidents', async () => {
    const n = await lost(bot);
    await propose(bot, n, 1, 'account-only');
    const second = await propose(bot, n, 1, 'account-only', { by: 'hugo' });

    expect(second.text).toMatch(/already has a wipe on INC-101: .*Only one can be open at a time\./);
  });
});

describe('after Exchange was asked', () => {
  it('it is cancelled in time, and read back', async () => {
    const n = await lost(bot, 'karl');
    await asked(bot, n, 1, 'full');
    const form = await bot.click('hana', helpdesk, 'Cancel wipe of 1');
    expect(form.text).toContain('How was the owner verified');
    expect((await bot.submit('hana', helpdesk, { reason: '', how: '' })).text).toMatch(/reason: .*\nhow: /);
    await bot.submit('hana', helpdesk, { reason: 'It was in the other coat', how: 'In person' });

    expect(await wipeState(bot, n)).toBe('cancelled');
    expect(bot.find(helpdesk, 'is cancelled')).toContain('it holds no request for this phone any more');
    expect(bot.find(security, 'cancelled')).toContain('It was in the other coat');
    expect(await holdOf(bot, n)).toBe('closed');
    await returnLabPhone(bot.db, bot.clock, await deviceGuid(bot, n));
    await bot.advance(30);
    const phone = await bot.db
      .selectFrom('labDevice')
      .select('erasedAt')
      .where('guid', '=', await deviceGuid(bot, n))
      .executeTakeFirst();
    expect(phone?.erasedAt).toBeNull();
  });

  it('a cancel that comes too late says so, and names the only way left', async () => {
    const n = await lost(bot, 'mei');
    await asked(bot, n, 1, 'full');
    await bot.until(reaches(bot, n, 'sent'), 60);
    await bot.type('hana', helpdesk, `cancel wipe INC-${n} because she has it`);
    await bot.submit('hana', helpdesk, verified);

    expect(bot.find(helpdesk, 'Too late to cancel')).toContain('remove device');
    expect(['sent', 'refused-by-device']).toContain(await wipeState(bot, n));
    expect(await holdOf(bot, n)).toBe('open');
  });

  it('a phone that never comes: Plan B with its costs, keep waiting, give up, block, and only then reset', async () => {
    const n = await lost(bot, 'karl');
    await asked(bot, n, 1, 'full');
    await bot.advance(80);
    const shown = card(bot, n);
    expect(shown).toContain('Not reached');
    expect(shown).toContain('Security was told. Next steps, cheapest first, and what each one costs:');
    expect(shown).toMatch(/• Give up the wipe — .*\(ends the chance of a wipe\)/);
    expect(bot.find(security, 'not reached')).toMatch(/not reached for \d+ minutes.*; decide: keep waiting or give up/);

    const waits = await bot.click('hana', helpdesk, 'Keep waiting 4 h');
    expect(waits.text).toMatch(/I keep waiting until .* and ask again then\. The wipe stays open\./);
    const told = bot.messagesIn(security).filter((line) => line.includes('not reached')).length;
    await bot.advance(120);
    expect(bot.messagesIn(security).filter((line) => line.includes('not reached'))).toHaveLength(told);
    await bot.advance(150);
    expect(bot.messagesIn(security).filter((line) => line.includes('not reached')).length).toBeGreaterThan(told);

    await bot.click('hana', helpdesk, 'Give up wipe of 1');
    await bot.submit('hana', helpdesk, verified);
    expect(await wipeState(bot, n)).toBe('cancelled');
    expect(await holdOf(bot, n)).toBe('closed');
    expect((await done(bot)).map((row) => row.cmdlet)).toEqual(['clear-mobile-device', 'cancel-mobile-device-wipe']);

    await bot.type('hana', helpdesk, `block device INC-${n} 1`);
    expect(bot.find(helpdesk, 'is blocked in Exchange')).toContain('it can no longer hear of a wipe');
    await bot.type('hana', helpdesk, `unblock device INC-${n} 1`);
    expect(bot.find(helpdesk, 'is off the block list')).toContain('the card says as soon as it is read');
  });

  it('giving up what Exchange cannot cancel says that the phone will still be erased, and the watch goes on after closing', async () => {
    const n = await lost(bot, 'mei');
    await asked(bot, n, 1, 'full');
    await bot.until(reaches(bot, n, 'refused-by-device'), 300);
    expect(card(bot, n)).toContain(
      'Refused by the phone: told more than once, no acknowledgement. The request stays in Exchange.',
    );
    expect(bot.find(security, 'wipe refused by phone 1')).toContain('INC-');
    await bot.type('hana', helpdesk, `give up INC-${n}`);
    await bot.submit('hana', helpdesk, verified);

    expect(await wipeState(bot, n)).toBe('given-up');
    expect(bot.find(helpdesk, 'is given up')).toContain(
      'this phone will still be erased if it connects. I go on watching.',
    );
    expect(await holdOf(bot, n)).toBe('closed');
    expect(card(bot, n)).toContain('Exchange still holds the request: this phone will still be erased if it connects.');

    await bot.click('hana', helpdesk, 'Close');
    expect((await bot.submit('hana', helpdesk, { stillErased: false })).text).toContain('Tick this');
    await bot.submit('hana', helpdesk, { stillErased: true, reason: 'Replaced' });
    expect(card(bot, n)).toContain('Closed by Hana Novak');
    await bot.db
      .updateTable('labDevice')
      .set({ refusesWipe: false })
      .where('guid', '=', await deviceGuid(bot, n))
      .execute();
    await bot.until(reaches(bot, n, 'acknowledged'), 24 * 60);
    expect(bot.find(helpdesk, 'acknowledged the wipe')).toContain("Mei's phone 1");
  });

  it('the partnership is removed before an acknowledgement only with a second person, and it ends the wipe', async () => {
    const n = await lost(bot, 'karl');
    await asked(bot, n, 1, 'full');
    const answer = await bot.type('hana', helpdesk, `remove device INC-${n} 1`);
    expect(answer.text).toContain('a second person must approve');
    expect(await done(bot, 'remove-mobile-device')).toEqual([]);
    expect(bot.find(approvals, 'remove phone 1')).toContain('This ends our wipe of this phone');

    await pressed(bot, 'otto', bot.action(approvals, 'otto', 'Approve'));
    expect(await done(bot, 'remove-mobile-device')).toHaveLength(1);
    expect(await wipeState(bot, n)).toBe('partnership-removed');
    expect(bot.find(approvals, 'remove phone 1')).toContain('Approved by Otto Lindqvist');
  });

  it('blocking is refused while a wipe is on its way, and needs a second person while the hold is open', async () => {
    const n = await lost(bot, 'alice.moreau');
    const early = await bot.type('hana', helpdesk, `block device INC-${n} 2`);
    expect(early.text).toMatch(
      /no longer hear of a wipe: I have asked for an approval of “Alice Moreau · block phone 2 .* …\w{4}”\.$/,
    );
    expect(await done(bot)).toEqual([]);
    await pressed(bot, 'otto', bot.action(approvals, 'otto', 'Approve'));
    expect((await done(bot)).map((row) => row.cmdlet)).toEqual(['set-cas-mailbox']);

    await asked(bot, n, 1, 'account-only');
    const refused = await bot.type('hana', helpdesk, `block device INC-${n} 1`);
    expect(refused.text).toMatch(/I will not block this phone now: its wipe on INC-\d+ is .*give up INC/);
  });

  it('an Exchange that does not report leaves it pending, and a person is asked after holdMaxHours', async () => {
    await bot.close();
    bot = await testBot({ capabilities: { reportsWipes: false } });
    const n = await lost(bot, 'tom');
    await asked(bot, n, 1, 'full');
    await bot.until(reaches(bot, n, 'not-reported'), 60);
    expect(card(bot, n)).toContain(
      '? Exchange does not report whether it handed the wipe to the phone\n? Acknowledged: this Exchange may never say',
    );
    expect(await holdOf(bot, n)).toBe('open');
    await bot.advance(4 * 60);

    expect(bot.find(helpdesk, 'has been open for 4 hours')).toContain('Somebody must decide');
    const answer = await resetAnyway(bot, 'hana', n);
    expect(answer.text).toContain('Reset the password now; a wipe still on its way may never arrive.');
    expect(await holdOf(bot, n)).toBe('closed');
    expect(bot.find(security, 'reset anyway')).toContain('said by Hana Novak');
    await bot.type('hana', helpdesk, `password done INC-${n}`);
    expect(card(bot, n)).toContain('✔ Password reset — Hana Novak');
  });

  it('a password that was changed first keeps the wipe from arriving, and Plan B comes', async () => {
    const n = await lost(bot);
    await changeLabPassword(bot.db, bot.clock, labMailboxGuid('alice.ng'));
    await asked(bot, n, 1, 'account-only');
    await bot.advance(45);

    expect(await wipeState(bot, n)).toBe('requested');
    expect(card(bot, n)).toContain('Not reached');
  });
});
