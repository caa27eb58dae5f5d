/** A click takes effect once, for exactly what was shown, and only while it still stands. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Policy } from '../../../src/policy.ts';
import { type TestBot, testPair } from '../../setup/bot.ts';
import { approve, ask, asked, deny, lost, wipeStates } from '../scenes.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testPair();
  await lost(bot, 'alice.ng');
  await ask(bot);
});
afterEach(() => bot.close());

describe('a replayed click', () => {
  it('has no second effect: the same event, the same button, from whomever', async () => {
    const button = bot.action('#approvals', 'otto', 'Approve');
    await bot.press('otto', '#approvals', button, { eventKey: 'once' });
    expect((await bot.press('otto', '#approvals', button, { eventKey: 'once' })).kind).toBe('duplicate');
    expect((await bot.press('otto', '#approvals', button)).text).toMatch(/already|nothing happens twice|carried out/);
    expect((await bot.press('ada', '#approvals', button)).text).toMatch(/already|nothing happens twice|carried out/);
    await bot.advance(2);
    expect(await asked(bot)).toBe(1);
    expect(await bot.db.selectFrom('approvalDecision').selectAll().execute()).toHaveLength(1);
  });

  it('of two people at the same moment counts once', async () => {
    const button = bot.action('#approvals', 'otto', 'Approve');
    await Promise.all([
      bot.press('otto', '#approvals', button, { settle: false }),
      bot.press('ada', '#approvals', button, { settle: false }),
      bot.press('otto', '#approvals', button, { settle: false }),
    ]);
    await bot.advance(1);
    expect(await asked(bot)).toBe(1);
    expect(await bot.db.selectFrom('approvalDecision').selectAll().execute()).toHaveLength(1);
  });

  it('of a form does not propose again after the proposal was withdrawn', async () => {
    const opened = await bot.type('hana', '#helpdesk', 'wipe INC-101 3');
    const values = { scope: 'full', reason: 'Lost.', how: 'manager', told: true, typed: shown(opened) };
    await bot.submit('hana', '#helpdesk', values);
    await bot.type('hana', '#helpdesk', 'withdraw INC-101 3');
    expect((await bot.submit('hana', '#helpdesk', values)).text).toContain('already');
    expect(await wipeStates(bot)).toEqual(['awaiting-approval', 'withdrawn']);
  });
});

function shown(opened: Awaited<ReturnType<TestBot['type']>>): string {
  const field = opened.answer.form?.fields.find((each) => each.kind === 'typed');
  return field?.show ?? '';
}

describe('a stale card', () => {
  it.each([
    ['withdrawn', 'This was withdrawn.', () => bot.type('hana', '#helpdesk', 'withdraw INC-101')],
    ['denied', 'This was denied', () => deny(bot, 'ada', 101, 'nobody was verified')],
    ['expired', 'has expired', () => bot.advance(31)],
  ])('of a proposal that was %s is refused', async (_how, sentence, ending) => {
    const button = bot.action('#approvals', 'otto', 'Approve');
    await ending();
    expect((await bot.press('otto', '#approvals', button)).text).toContain(sentence);
    expect(await asked(bot)).toBe(0);
  });

  it('does not approve the next proposal of the same phone', async () => {
    const button = bot.action('#approvals', 'otto', 'Approve');
    await bot.type('hana', '#helpdesk', 'withdraw INC-101');
    await ask(bot, { scope: 'full' });
    await bot.press('otto', '#approvals', button);
    expect(await wipeStates(bot)).toEqual(['withdrawn', 'awaiting-approval']);
  });
});

describe('a policy edited in between', () => {
  it('voids what was proposed under the old one', async () => {
    const { current } = bot.policy;
    const people = current.people.map((person) =>
      person.name === 'Hugo' ? { ...person, roles: [...person.roles, 'approver' as const] } : person,
    );
    await bot.setPolicy(Policy.parse({ ...current, people }));
    await approve(bot, 'hugo');
    expect(await asked(bot)).toBe(0);
    expect(await wipeStates(bot)).toEqual(['voided']);
    expect(bot.messagesIn('#helpdesk').join('\n')).toContain('The policy changed');
    expect(bot.find('#security', 'by the process user')).toContain('Hugo Brandt (approver)');
  });

  it('voids it also between the approval and Exchange', async () => {
    await bot.press('otto', '#approvals', bot.action('#approvals', 'otto', 'Approve'), { settle: false });
    await bot.setPolicy({ ...bot.policy.current, vip: ['alice.ng@contoso.example'] });
    await bot.advance(1);
    expect(await asked(bot)).toBe(0);
    expect(await wipeStates(bot)).toEqual(['voided']);
  });

  it('holds approved wipes while another process runs another one', async () => {
    // Heard of an hour from now: by the database's time it lives on for as long as this takes.
    const at = new Date(Date.now() + 60 * 60_000).toISOString();
    await bot.db
      .insertInto('setting')
      .values({ key: 'process:other', value: JSON.stringify({ policy: 'another', at }) })
      .execute();
    await approve(bot, 'otto');
    await bot.advance(1);
    expect(await asked(bot)).toBe(0);
    expect(bot.find('#helpdesk', 'Held:')).toContain('Not every process runs the same policy');
    await bot.db.deleteFrom('setting').where('key', '=', 'process:other').execute();
    await bot.advance(1);
    expect(await asked(bot)).toBe(1);
  });
});
