import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Metrics } from '../../../src/http/metrics.ts';
import { type TestBot, testBot } from '../../setup/bot.ts';
import { approve, ask, asked, lost, scopeOf, wipeStates } from '../scenes.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testBot();
  await lost(bot, 'alice.ng');
  await ask(bot);
});
afterEach(() => bot.close());

describe('the lock', () => {
  it('holds an approved wipe, says so on every card, and lets it go when two admins unlock', async () => {
    const metrics = new Metrics(bot.db, bot.clock);
    expect(await metrics.registry.metrics()).toContain('mislaid_wipes_locked 0');
    const locked = await bot.type('sasha', '#security', 'lock wipes because somebody wipes phones in Sales');
    expect(locked.text).toContain('nothing is issued by anyone');
    expect(bot.find('#security', 'all wipes are locked')).toContain('by Sasha Petrov: somebody wipes phones in Sales');
    expect(bot.find('#approvals', 'Approve?')).toContain('All wipes are locked since');
    expect(bot.find('#helpdesk', 'Wipe proposed')).toContain('by Sasha Petrov: somebody wipes phones in Sales');

    await approve(bot, 'otto');
    await bot.advance(5);
    expect(await wipeStates(bot)).toEqual(['approved']);
    expect(bot.find('#helpdesk', 'Held:')).toContain('All wipes are locked');
    expect((await bot.type('hana', '#helpdesk', 'status')).text).toContain('All wipes are locked');
    expect(await metrics.registry.metrics()).toContain('mislaid_wipes_locked 1');

    expect((await bot.type('ada', '#helpdesk', 'unlock wipes because it was a real case')).text).toContain(
      'one of them must approve',
    );
    expect((await bot.click('ada', '#approvals', 'Approve')).text).toContain('someone else must approve');
    expect((await bot.click('otto', '#approvals', 'Approve')).text).toContain('Only somebody with the role admin');
    expect(await asked(bot)).toBe(0);
    await bot.click('ines', '#approvals', 'Approve');
    expect(bot.find('#security', 'wipes are unlocked')).toContain('by Ada Romero and Ines Duarte: it was a real case');
    expect(await metrics.registry.metrics()).toContain('mislaid_wipes_locked 0');
    await bot.advance(2);
    expect(await asked(bot)).toBe(1);
  });

  it('lets an approved wipe run out in its time', async () => {
    await approve(bot, 'otto', 101);
    await bot.type('sasha', '#security', 'lock wipes because wait');
    // Pulled after the wipe was issued: nothing is taken back by it.
    expect(await asked(bot)).toBe(1);

    await ask(bot, { device: 3, scope: 'full' });
    await approve(bot, 'otto', 101, 3);
    await bot.advance(16);
    expect((await wipeStates(bot))[1]).toBe('expired');
    expect(await asked(bot)).toBe(1);
    expect(bot.messagesIn('#helpdesk').join('\n')).toContain('was approved and not carried out in time');
  });

  it('is pulled by an approver whose own phone is lost, who may do nothing else', async () => {
    await lost(bot, 'otto');
    expect((await approve(bot, 'otto')).text).toContain('a device of your own was reported (INC-102)');
    expect((await bot.type('otto', undefined, 'lock wipes')).text).toContain('All wipes are locked');
    expect(await bot.db.selectFrom('wipeLock').selectAll().execute()).toMatchObject([
      { state: 'locked', cause: 'person', reason: 'no reason given' },
    ]);
  });

  it('is taken in a channel that policy does not name, and not from the helpdesk', async () => {
    expect((await bot.type('hana', '#helpdesk', 'lock wipes')).text).toContain('for approvers, security and admins');
    expect((await bot.type('ada', '#lunch', 'lock wipes')).text).toContain('All wipes are locked');
  });

  it('pulled again voids an unlocking that is asked for', async () => {
    await bot.type('sasha', '#security', 'lock wipes because one');
    await bot.type('ada', '#helpdesk', 'unlock wipes because fine');
    const approveAction = bot.action('#approvals', 'ines', 'Approve');
    await bot.type('sasha', '#security', 'lock wipes because it goes on');
    await bot.press('ines', '#approvals', approveAction);
    expect(bot.find('#security', 'The request to unlock wipes')).toContain('somebody locked wipes again');
    expect((await bot.type('ada', '#helpdesk', 'status')).text).toContain('it goes on');
  });

  it.each([
    [
      'wipes were locked again',
      (): Promise<unknown> => bot.type('sasha', '#security', 'lock wipes because it goes on'),
    ],
    ['who asked is suspended', (): Promise<unknown> => lost(bot, 'ada')],
    ['its time is over', async (): Promise<unknown> => bot.clock.advance(31 * 60_000)],
  ])('is asked for anew, in the place of a request that is stale because %s', async (_why, stale) => {
    await bot.type('sasha', '#security', 'lock wipes because one');
    await bot.type('ada', '#helpdesk', 'unlock wipes because fine');
    await stale();
    expect((await bot.type('ines', '#helpdesk', 'unlock wipes because it is over')).text).toContain('I have asked');
    expect(bot.find('#security', 'The request to unlock wipes')).toContain('Everything stays locked');
    const unlocks = bot.db.selectFrom('approval').select(['state', 'requestedVia']).where('subjectKind', '=', 'unlock');
    const rows = await unlocks.orderBy('id').execute();
    expect(rows).toMatchObject([
      { state: expect.stringMatching(/voided|expired/) },
      { state: 'waiting', requestedVia: 'console:ines' },
    ]);
  });

  it('is not opened by an admin who lost the role, or by one alone', async () => {
    await bot.type('sasha', '#security', 'lock wipes because one');
    expect((await bot.type('sasha', '#security', 'unlock wipes because fine')).text).toContain('That is for admins');
    await bot.type('ada', '#helpdesk', 'unlock wipes because fine');
    const approveAction = bot.action('#approvals', 'ines', 'Approve');
    await lost(bot, 'ada');
    await bot.press('ines', '#approvals', approveAction);
    expect(bot.find('#security', 'The request to unlock wipes')).toContain('no longer an admin whose role decides');
    expect((await bot.type('hana', '#helpdesk', 'status')).text).toContain('All wipes are locked');
  });
});

describe('the brake', () => {
  it('refuses the fourth of one requester a day, and locks everything after five in ten minutes', async () => {
    await bot.close();
    bot = await testBot();
    // Three of Hana's, two of Hugo's, and one more.
    const phones: [string, string][] = [
      ['hana', 'alice.ng'],
      ['hana', 'alice.moreau'],
      ['hana', 'renee'],
      ['hugo', 'bob'],
      ['hugo', 'mei'],
      ['hugo', 'pavel'],
    ];
    for (const [by, person] of phones) {
      const incident = await lost(bot, person, by);
      await ask(bot, { by, incident, scope: await scopeOf(bot, incident) });
      await approve(bot, 'otto', incident);
    }
    expect(await asked(bot)).toBe(5);
    expect(bot.find('#security', 'brake pulled')).toContain('5 wipes in 10 minutes by 2 people');
    expect((await wipeStates(bot)).at(-1)).toBe('approved');
    expect(bot.find('#helpdesk', 'INC-106')).toContain('All wipes are locked');

    await bot.type('ada', '#helpdesk', 'unlock wipes because real');
    await bot.click('ines', '#approvals', 'Approve');
    await bot.advance(1);
    expect(await asked(bot)).toBe(6);

    const incident = await lost(bot, 'tom', 'hana');
    await ask(bot, { by: 'hana', incident, scope: await scopeOf(bot, incident) });
    await approve(bot, 'otto', incident);
    expect(await asked(bot)).toBe(6);
    expect((await wipeStates(bot)).at(-1)).toBe('voided');
    expect(bot.find('#security', 'wipe not issued')).toContain('Somebody else must ask for the next one');
  });
});
