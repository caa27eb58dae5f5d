/** Bad input: each gets a clear sentence and changes nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setLabAvailable } from '../../src/exchange/lab/operations.ts';
import { type TestBot, testBot } from '../setup/bot.ts';
import { approvals, card, done, helpdesk, holdOf, lost, propose, wipeState } from './scene.ts';

let bot: TestBot;
beforeAll(async () => {
  bot = await testBot();
});
afterAll(() => bot.close());

/** Everything that a sentence could change, but for the look-up of an unknown name. */
async function world(): Promise<unknown> {
  const { db } = bot;
  return {
    incidents: await db.selectFrom('incident').selectAll().orderBy('number').execute(),
    wipes: await db.selectFrom('wipe').selectAll().orderBy('id').execute(),
    approvals: await db.selectFrom('approval').selectAll().orderBy('id').execute(),
    decisions: await db.selectFrom('approvalDecision').selectAll().orderBy('at').execute(),
    events: await db.selectFrom('incidentEvent').selectAll().orderBy('id').execute(),
    people: await db.selectFrom('person').selectAll().orderBy('guid').execute(),
    asked: await done(bot),
  };
}

describe('a sentence', () => {
  it.each([
    ['lost device', /Whose phone is it\? Say it again with their name/],
    ['lost device alcie', /I know no one called “alcie”\. Did you mean Alice/],
    ['lost device alice', /Two people match “alice”/],
    ["lost device '; drop table incident; --", /I know no one called “'; drop table incident; --”/],
    ['lost device $(Remove-Mailbox *)', /I know no one called “\$\(Remove-Mailbox \*\)”/],
    ['lost device *', /I know no one called “\*”/],
    ['lost device "', /(I know no one|lost device)/],
    ['devices %', /I know no one called “%”/],
    [`lost device ${'a'.repeat(10_000)}`, /10,012 characters long; a command may have 500\. Nothing was done/],
    ['lost device a\u0000lice.ng', /control or text-direction characters/],
    ['lost device \u202Egn.ecila', /control or text-direction characters/],
    ['status INC-999', /INC-999/],
    ['status INC-99999999999', /There is no incident with that number\. Nothing was done/],
    [
      'status INC-0',
      /not all of it\. There is no incident with that number\. Nothing was done\. For example: `?status INC-104/,
    ],
    ['wipe INC-999 1 because lost', /INC-999/],
    ['approve INC-0', /.+/],
    ['reboot everything', /I did not understand, and did nothing\. Did you mean one of these/],
    ['aprove INC-101', /Look at what waits for my approval: INC-101\?/],
    ['', /I did not understand, and did nothing/],
  ])('%j is answered, and changes nothing', async (sentence, expected) => {
    const before = await world();
    const answer = await bot.type('hana', helpdesk, sentence);

    expect(answer.text).toMatch(expected);
    expect(answer.text).not.toMatch(/error|exception|undefined|null|\bat \/|SQL/i);
    expect(await world()).toEqual(before);
  });

  it('a name that only Exchange knows is looked up there, and the answer comes later', async () => {
    const answer = await bot.type('hana', helpdesk, 'lost device Nobody Anybody');
    expect(answer.text).toContain('I am asking Exchange as well and will say here if it knows the name.');
  });
});

describe('a command', () => {
  let incident: number;
  beforeAll(async () => {
    incident = await lost(bot, 'bob');
    await propose(bot, incident, 1, 'full');
  });

  it.each([
    [
      'by a guest',
      'hana',
      helpdesk,
      'incidents',
      { outsider: 'guest' as const },
      /guests and people of other organisations/,
    ],
    ['by somebody unknown', 'mallory', undefined, 'incidents', {}, /./],
    ['in a channel that policy does not name', 'hana', '#coffee', 'incidents', {}, /where people may read along/],
  ] as const)('%s is refused and shows nothing', async (_what, who, where, sentence, sender, expected) => {
    const before = await world();
    const answer = await bot.type(who, where, sentence, { sender });

    expect(answer.text).toMatch(expected);
    expect(answer.text).not.toMatch(/INC-\d|Bob/);
    expect(await world()).toEqual(before);
  });

  it.each([
    ['hana', 'Approve', /You asked for this/],
    ['bob', 'Approve', /.+/],
    ['hugo', 'Approve', /.+/],
    ['alice.ng', 'Deny…', /.+/],
  ])('%s cannot press %s, and the button still works for others', async (who, label, expected) => {
    const before = await world();
    const button = bot.action(approvals, 'otto', label);
    const answer = await bot.press(who, approvals, button);

    expect(answer.text).toMatch(expected);
    expect(await world()).toEqual(before);
    expect(bot.action(approvals, 'otto', label)).toBe(button);
  });

  it.each(['wipe', 'block device', 'remove device', 'unblock device'])(
    '%s without a phone is answered with a choice, and one that the incident has not, too',
    async (verb) => {
      const before = await world();
      const unsaid = await bot.type('hana', helpdesk, `${verb} INC-${incident}`);
      const wrong = await bot.type('hana', helpdesk, `${verb} INC-${incident} 9`);

      expect(unsaid.text).toMatch(
        new RegExp(`Which phone of INC-${incident}\\?[\\s\\S]*1 Galaxy S23[\\s\\S]*2 CloudMagic`),
      );
      expect(wrong.text).toMatch(/has no phone “9”\. It has these:[\s\S]*1 Galaxy S23/);
      expect(await world()).toEqual(before);
    },
  );

  it('a phone that cannot be wiped is refused in whole sentences', async () => {
    const refused = await bot.type('hana', helpdesk, `wipe INC-${incident} 2`);
    expect(refused.text).toContain('Phone 2 cannot be wiped. This device does not support being wiped');
  });

  it('the owner is not his own approver, whatever he holds', async () => {
    const own = await lost(bot, 'otto');
    await propose(bot, own, 1, 'account-only');
    const before = await world();
    const answer = await bot.type('otto', approvals, `approve INC-${own}`);

    expect(answer.text).toMatch(/a device of your own was reported \(INC-\d+\)/);
    expect(await world()).toEqual(before);
    await bot.type('hana', helpdesk, `withdraw INC-${own}`);
    await bot.type('hana', helpdesk, `close INC-${own} because he has another one`);
    await bot.type('sasha', '#security', 'restore otto because he has another one');
  });

  it('a button that is forged or of another bot does nothing', async () => {
    const before = await world();
    const answer = await bot.press('otto', approvals, 'no-such-action');

    expect(answer.text).not.toBe('');
    expect(await world()).toEqual(before);
  });

  it('the same event twice takes effect once', async () => {
    const button = bot.action(approvals, 'otto', 'Approve');
    const { answer } = await bot.press('otto', approvals, button);
    const typed = answer.form?.fields.find((field) => field.kind === 'typed');
    const values = { typed: typed?.kind === 'typed' ? typed.show : '' };
    await bot.submit('otto', approvals, values, { eventKey: 'one event' });
    const before = await world();
    const again = await bot.submit('otto', approvals, values, { eventKey: 'one event' });
    const stale = await bot.press('ada', approvals, button);

    expect(again.kind).toBe('duplicate');
    expect(stale.text).toMatch(/already|Otto/);
    expect(await wipeState(bot, incident)).toBe('requested');
    expect(await world()).toEqual(before);
  });

  it('a job of an older version is given up with a sentence, and nothing happens', async () => {
    const before = await world();
    const { id } = await bot.db
      .insertInto('work')
      .values({
        job: 'issue-wipe',
        key: 'old',
        payload: JSON.stringify({ wipeId: 'twelve' }),
        lane: 'wipes',
        dueAt: bot.clock.now(),
        createdAt: bot.clock.now(),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    await bot.runner.settle();
    const row = await bot.db
      .selectFrom('work')
      .select(['state', 'lastError'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow();

    expect(row.state).toBe('given-up');
    expect(row.lastError).toContain('does not fit issue-wipe any more');
    expect(await world()).toEqual(before);
  });
});

describe('Exchange away', () => {
  it('what was said is stored, the card says so, and the bot goes on by itself', async () => {
    await setLabAvailable(bot.db, false);
    const n = await lost(bot, 'gita');
    await bot.advance(2);
    expect(card(bot, n)).toMatch(/Exchange does not answer\. First noticed .* I go on by myself when Exchange is back/);
    expect(await holdOf(bot, n)).toBe('open');

    await setLabAvailable(bot.db, true);
    await bot.advance(5);
    expect(card(bot, n)).toContain('It cannot be wiped from here. This device does not support being wiped');
    expect(card(bot, n)).not.toContain('Exchange does not answer');
    expect(bot.find(helpdesk, 'Exchange answers again.')).toContain('The card shows the phones as they are now.');
  });
});

describe('what is read', () => {
  it('status, approvals, incidents, hold, audit and its verification answer in words', async () => {
    const n = await lost(bot, 'alice.moreau');
    await propose(bot, n, 1, 'account-only');
    expect((await bot.type('hugo', helpdesk, `status INC-${n}`)).text).toContain('Wipe proposed · 1 · iPhone 13');
    expect((await bot.type('otto', approvals, 'approvals')).text).toContain(`INC-${n}`);
    expect((await bot.type('hana', helpdesk, 'incidents mine')).text).toContain('Alice Moreau');
    expect((await bot.type('hana', helpdesk, `hold INC-${n}`)).text).toMatch(/is open\. Do not reset/);
    const audit = await bot.type('sasha', undefined, `audit INC-${n}`);
    expect(`${audit.text}\n${bot.messagesIn('sasha').join('\n')}`).toMatch(
      /Hana Novak proposed the wipe of phone 1, iPhone 13 …\w{4} \(account-only\), because: /,
    );
    await bot.type('sasha', undefined, 'audit verify');
    expect(bot.messagesIn('sasha').at(-1) ?? '').toMatch(/audit/i);

    const refused = await bot.type('hana', helpdesk, `release hold INC-${n} because I say so`);
    expect(refused.text).toContain('That is for security and admins.');
    expect(
      (await bot.type('sasha', undefined, `release hold INC-${n} because the account is being used`)).text,
    ).toContain('is released');
    expect(await holdOf(bot, n)).toBe('closed');
    expect((await bot.type('hana', helpdesk, `hold INC-${n}`)).text).toMatch(
      /closed by Sasha Petrov since .*The password may be reset\./,
    );
  });
});
