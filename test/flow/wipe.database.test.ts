/** From the typed sentence to the acknowledged wipe, as helpdesk, approvers and security see it. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pressed } from '../incidents/scenes.ts';
import { type TestBot, testBot } from '../setup/bot.ts';
import {
  approvals,
  asked,
  card,
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

describe('a lost phone', () => {
  it('is a choice where two people have the name, and then a card that fills itself', async () => {
    const choice = await bot.type('hana', helpdesk, 'lost device alice');
    expect(choice.text).toContain('Two people match “alice”');
    expect(choice.text).toContain('Alice Ng (alice.ng@contoso.example, Finance)');
    expect(choice.text).toContain('[Alice Moreau] [Alice Ng]');
    expect(bot.messagesIn(helpdesk)).toEqual([]);

    await bot.click('hana', helpdesk, 'Alice Ng');
    const shown = card(bot, 101);
    expect(shown).toContain('INC-101 · Lost device · Alice Ng');
    expect(shown).toContain('opened by Hana Novak');
    expect(shown).toContain(
      "Do not reset Alice's password, disable the account, block or remove the phone, or suspend the SIM yet.",
    );
    expect(shown).toContain('1 · iPhone 15 (iOS 18.1, native mail, EAS 16.1) — last sync');
    expect(shown).toContain(
      'A wipe, account-only, erases work mail, contacts and calendar, and nothing else on the phone.',
    );
    expect(shown).toContain('Likely to hear of a wipe within about 16 minutes');
    expect(shown).toContain('A wipe, outlook-app, erases Outlook');
    expect(shown).toContain('3 · Galaxy S9');
    expect(shown).toContain('Unlikely to hear of a wipe: it has not connected for 212 days; it is quarantined.');
    expect(shown).toContain(
      'Which phone is lost?\n[1 iPhone 15] [2 Outlook for Android] [3 Galaxy S9] [None of these] [Opened by mistake…]',
    );
  });

  it('account-only: proposed, approved by somebody else, asked once, handed over, acknowledged, and then people act', async () => {
    const n = await lost(bot);
    await bot.click('hana', helpdesk, '1 iPhone 15');
    const sent = await bot.submit('hana', helpdesk, {
      scope: 'account-only',
      reason: 'Left in a taxi.',
      how: 'manager',
      notify: ['hana@contoso.example'],
    });
    expect(sent.text).toBe('');
    expect(card(bot, n)).toMatch(
      /Wipe proposed · 1 · iPhone 15 …\w{4}, account-only — waits for an approver other than Hana Novak, until 09:30, in 30 minutes/,
    );
    expect(card(bot, n)).toContain('“Left in a taxi.” Caller verified: Vouched for by the manager.');
    expect(await done(bot)).toEqual([]);

    const wanted = bot.find(approvals, 'Approve?');
    for (const line of ['Asked by Hana Novak', 'Why: Left in a taxi.', 'id ends in']) expect(wanted).toContain(line);
    expect(wanted).toMatch(/Alice Ng · wipe iPhone 15 …\w{4} · account-only/);
    expect(wanted).toContain('Today: 0 of 20 wipes; Hana Novak: 0 of 3.');
    expect(bot.find('otto', 'Approve?')).toContain('iPhone 15');
    expect(bot.find(security, 'wipe proposed')).toMatch(/INC-101 · wipe proposed by Hana Novak/);

    const own = await bot.click('hana', approvals, 'Approve');
    expect(own.text).toBe(
      'You asked for this, so someone else must approve it. Otto Lindqvist or Ada Romero can decide.',
    );
    expect(await wipeState(bot, n)).toBe('awaiting-approval');

    const button = bot.action(approvals, 'otto', 'Approve');
    await bot.press('otto', approvals, button);
    expect(await wipeState(bot, n)).toBe('requested');
    const [request, ...more] = await done(bot, 'clear-mobile-device');
    expect(more).toEqual([]);
    expect(request?.arguments).toMatchObject({
      AccountOnly: true,
      NotificationEmailAddresses: ['hana@contoso.example'],
    });
    expect(card(bot, n)).toContain(
      '✔ Approved by Otto Lindqvist 09:00\n✔ Asked of Exchange 09:00\n○ Handed to the phone',
    );
    expect(await holdOf(bot, n)).toBe('open');

    const again = await bot.press('otto', approvals, button);
    expect(again.text).not.toBe('');
    await bot.until(reaches(bot, n, 'acknowledged'), 20);
    const ended = card(bot, n);
    expect(ended).toMatch(
      /✔ Handed to the phone 09:0\d\n✔ Acknowledged by the phone 09:0\d\. It removes the work account after this; Exchange cannot see that\./,
    );
    expect(ended).toContain("Alice's password may be reset now.");
    expect(ended).not.toMatch(/wiped\b.*(done|complete)/i);
    expect(bot.find(helpdesk, 'acknowledged the wipe')).toContain("Alice's phone 1 acknowledged the wipe.");
    expect(bot.find(helpdesk, 'The password may be reset now.')).toContain('The phone has acknowledged the wipe.');
    expect(bot.find(helpdesk, 'Acknowledged by the phone')).toMatch(/^✔ /);
    expect(bot.find(security, 'wipe acknowledged')).toContain('INC-101');
    expect(await done(bot, 'clear-mobile-device')).toHaveLength(1);

    await bot.click('hugo', helpdesk, 'I have reset the password');
    await bot.click('hana', helpdesk, 'I have revoked the sessions');
    expect(card(bot, n)).toMatch(/✔ Password reset — Hugo Brandt, just now/);
    expect(card(bot, n)).toMatch(/✔ Sessions revoked — Hana Novak, just now/);
    await bot.click('hana', helpdesk, 'Remove partnership of 1');
    expect(await done(bot, 'remove-mobile-device')).toHaveLength(1);
    expect(bot.find(helpdesk, 'partnership of phone 1 is removed')).toContain('starts a new partnership');
    await bot.click('hana', helpdesk, 'Close');
    expect(card(bot, n)).toContain('Closed by Hana Novak');
    expect((await bot.type('hana', helpdesk, 'incidents')).text).not.toContain('INC-101');
    expect((await bot.type('hana', helpdesk, 'incidents all')).text).toContain('INC-101');
  });

  it('full: only with the told tick and the typed name, and everything wrong is said at once', async () => {
    const n = await lost(bot);
    const wrong = await propose(bot, n, 1, 'full', {
      values: { told: false, typed: 'iPhone 15', reason: ' ', how: 'magic', notify: ['mallory@evil.example'] },
    });
    expect(wrong.text).toContain('reason: Say why, in a few words: the approver reads it.');
    expect(wrong.text).toContain('told: A full wipe needs this');
    expect(wrong.text).toMatch(/typed: Type exactly: iPhone 15 \w{4}/);
    expect(wrong.text).toContain('how: Say how you know');
    expect(wrong.text).toContain('notify: Only addresses of contoso.example.');
    expect(await wipeState(bot, n)).toBe('none');

    await propose(bot, n, 1, 'full');
    expect(bot.find(approvals, 'Approve?')).toContain('Alice was told: yes, that all data on the phone will be lost');
    await pressed(bot, 'ada', bot.action(undefined, 'ada', 'Approve'));
    await bot.until(reaches(bot, n, 'acknowledged'), 20);
    const [request] = await done(bot, 'clear-mobile-device');
    expect(request?.arguments).not.toHaveProperty('AccountOnly');
    // Every copy of the request shows who decided.
    for (const place of [approvals, 'otto', 'ada'])
      expect(bot.find(place, 'Approved by Ada Romero')).not.toContain('[Approve]');
  });

  it('Outlook: one scope, confirmed like a full wipe, because it empties the app everywhere', async () => {
    const n = await lost(bot);
    const form = await bot.type('hana', helpdesk, `wipe INC-${n} outlook`);
    expect(form.text).toContain("outlook-app erases Outlook's data on all of this person's phones and tablets");
    expect(form.text).not.toContain('account-only');
    const untyped = await bot.submit('hana', helpdesk, { scope: 'outlook-app', reason: 'In a taxi', how: 'video' });
    expect(untyped.text).toMatch(/typed: Type exactly: Outlook for Android \w{4}/);

    await asked(bot, n, 2, 'outlook-app');
    expect(await wipeState(bot, n, 2)).toBe('requested');
  });

  it('a VIP takes two different approvers, and both are named', async () => {
    const n = await lost(bot, 'victoria');
    await propose(bot, n, 1, 'account-only');
    expect(card(bot, n)).toContain('waits for 2 different approvers other than Hana Novak');
    const first = await pressed(bot, 'otto', bot.action(approvals, 'otto', 'Approve'));
    expect(first.text).toContain('One more person must approve this.');
    expect(card(bot, n)).toContain('waits for an approver other than Hana Novak');
    const twice = await pressed(bot, 'otto', bot.action(approvals, 'otto', 'Approve'));
    expect(twice.text).not.toBe('');
    expect(await wipeState(bot, n)).toBe('awaiting-approval');

    await pressed(bot, 'ada', bot.action(approvals, 'ada', 'Approve'));
    expect(await wipeState(bot, n)).toBe('requested');
    expect(card(bot, n)).toContain('Approved by Otto Lindqvist and Ada Romero');
  });

  it('two phones of one person: each has its steps, and the hold waits for both', async () => {
    const n = await lost(bot, 'alice.moreau');
    await asked(bot, n, 1, 'account-only');
    expect(card(bot, n)).toContain(`Is another phone lost, too? Say "wipe INC-${n} <number of the phone>".`);
    await asked(bot, n, 2, 'outlook-app');
    await bot.until(reaches(bot, n, 'acknowledged', 1), 240);
    const both = (await wipeState(bot, n, 2)) === 'acknowledged';
    expect(await holdOf(bot, n)).toBe(both ? 'closed' : 'open');

    await bot.until(reaches(bot, n, 'acknowledged', 2), 240);
    expect(await holdOf(bot, n)).toBe('closed');
    expect(bot.find(helpdesk, 'Every phone that was chosen has acknowledged its wipe.')).toContain('may be reset now');
    expect(await done(bot, 'clear-mobile-device')).toHaveLength(2);
  });

  it('a named phone is offered first', async () => {
    await bot.type('hana', helpdesk, 'lost device alice.ng device outlook');
    const shown = bot.adapter.posted.find((each) => each.kind === 'post');
    const row = shown?.message.blocks.findLast((block) => block.kind === 'buttons');

    expect(card(bot, 101)).toContain('phone named: “outlook”');
    expect(row?.buttons.filter((button) => button.style === 'primary').map((button) => button.label)).toEqual([
      '2 Outlook for Android',
    ]);
  });
});
