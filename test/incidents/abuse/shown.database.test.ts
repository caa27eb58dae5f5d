/** Nobody decides on what they were not shown: `approve` shows, and its button decides on exactly that. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestBot, testPair } from '../../setup/bot.ts';
import { approve, ask, asked, buttonIn, decide, lost, wipeStates } from '../scenes.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testPair();
  await lost(bot, 'alice.ng');
  await ask(bot);
});
afterEach(() => bot.close());

describe('a typed approve', () => {
  it('shows what waits, privately and whole, and decides nothing', async () => {
    const shown = await bot.type('otto', '#approvals', 'approve INC-101');
    expect(shown.text).toMatch(/Approve\? INC-101 · Alice Ng · wipe iPhone 15 …\w{4} · account-only/);
    for (const line of [
      'Asked by Hana Novak',
      'Why: Left in a taxi.',
      'Caller verified',
      'Erases: work mail',
      'As read',
    ])
      expect(shown.text).toContain(line);
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
    expect(await bot.db.selectFrom('approvalDecision').selectAll().execute()).toEqual([]);

    const decided = await bot.press('otto', '#approvals', buttonIn(shown.answer, 'Approve') ?? '');
    expect(decided.text).toMatch(/^Approved: Alice Ng · wipe iPhone 15 …\w{4} · account-only\./);
    expect(await asked(bot)).toBe(1);
  });

  it('does not approve the full wipe that was proposed after an account-only card was read', async () => {
    expect(bot.find('#approvals', 'Approve?')).toContain('account-only');
    await bot.type('hana', '#helpdesk', 'withdraw INC-101');
    await ask(bot, { scope: 'full' });
    const shown = await bot.type('otto', '#approvals', 'approve INC-101');
    expect(shown.text).toMatch(/wipe iPhone 15 …\w{4} · full/);
    expect(await wipeStates(bot)).toEqual(['withdrawn', 'awaiting-approval']);
  });

  it('of several asks which, and the choice is shown, not decided', async () => {
    await ask(bot, { device: 3, scope: 'full' });
    const which = await bot.type('otto', '#approvals', 'approve INC-101');
    const row = (which.answer.private?.blocks ?? []).flatMap((block) =>
      block.kind === 'buttons' ? block.buttons : [],
    );
    const shown = await bot.press('otto', '#approvals', row[0]?.action ?? '');
    expect(shown.text).toMatch(/Approve\? .* · account-only/);
    expect(await wipeStates(bot)).toEqual(['awaiting-approval', 'awaiting-approval']);
  });

  it('shows nothing to decide to who may not: the requester and the helpdesk', async () => {
    expect(await bot.type('hana', '#helpdesk', 'approve INC-101')).toMatchObject({
      text: 'You asked for this, so someone else must approve it. Otto Lindqvist or Ada Romero can decide.',
    });
    expect((await bot.type('hugo', '#helpdesk', 'approve INC-101')).text).toContain(
      'Only somebody with the role approver',
    );
  });
});

describe('a typed deny', () => {
  it('shows what waits, and its button denies exactly that, with the reason that was typed', async () => {
    const shown = await bot.type('otto', '#approvals', 'deny INC-101 because it is still with her');
    expect(shown.text).toMatch(/Alice Ng · wipe iPhone 15 …\w{4} · account-only — asked by Hana Novak/);
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
    expect((await bot.press('otto', '#approvals', buttonIn(shown.answer, 'Deny') ?? '')).text).toMatch(
      /^Denied: Alice/,
    );
    expect(bot.find('#security', 'was denied by Otto Lindqvist')).toContain('it is still with her');
  });

  it('does not deny what was proposed in the place of what was read', async () => {
    const shown = await bot.type('otto', '#approvals', 'deny INC-101 because account-only is too little');
    await bot.type('hana', '#helpdesk', 'withdraw INC-101');
    await ask(bot, { scope: 'full' });
    expect((await bot.press('otto', '#approvals', buttonIn(shown.answer, 'Deny') ?? '')).text).toBe(
      'This was withdrawn.',
    );
    expect(await wipeStates(bot)).toEqual(['withdrawn', 'awaiting-approval']);
  });

  it('of several asks which, and the chosen one is denied with the reason that was typed', async () => {
    await ask(bot, { device: 3, scope: 'full' });
    const which = await bot.type('otto', '#approvals', 'deny INC-101 because it was found');
    const row = (which.answer.private?.blocks ?? []).flatMap((block) =>
      block.kind === 'buttons' ? block.buttons : [],
    );
    expect((await bot.press('otto', '#approvals', row[1]?.action ?? '')).text).toMatch(/^Denied: .* · full/);
    expect(await wipeStates(bot)).toEqual(['awaiting-approval', 'denied']);
  });

  it('is refused before anything is shown to who asked', async () => {
    expect((await bot.type('hana', '#approvals', 'deny INC-101 because I was wrong')).text).toContain(
      'someone else must decide on it. You can withdraw it.',
    );
  });
});

describe('a request about another phone', () => {
  it.each([
    ['denied', 'otto', 'deny INC-101 1 because it was found'],
    ['withdrawn', 'hugo', 'withdraw INC-101 1'],
    ['shown to be approved', 'otto', 'approve INC-101 1'],
  ])('is not %s by a sentence that names this one', async (_what, by, sentence) => {
    await bot.type('hana', '#helpdesk', 'withdraw INC-101');
    await bot.type('hana', '#helpdesk', 'block device INC-101 2');
    expect((await bot.type(by, '#approvals', sentence)).text).toContain('Nothing about phone 1 of INC-101 waits');
    const waits = await bot.db.selectFrom('approval').select('subjectId').where('state', '=', 'waiting').execute();
    expect(waits).toEqual([{ subjectId: '101-2' }]);
  });
});

it('an unlocking that somebody made void by locking again is not said to be approved', async () => {
  await bot.type('sasha', '#security', 'lock wipes because five at once');
  await bot.type('ada', '#security', 'unlock wipes because a real case');
  const button = bot.action('#approvals', 'ines', 'Approve');
  await bot.type('otto', '#security', 'lock wipes because they go on');
  expect((await bot.press('ines', '#approvals', button)).text).toMatch(/^Unlock all wipes is void: somebody locked/);
  expect((await bot.type('sasha', '#security', 'status')).text).toContain('All wipes are locked');
});

it('what waits beyond a list is said to', async () => {
  const waiting = await bot.db.selectFrom('approval').selectAll().executeTakeFirstOrThrow();
  const { id: _id, payload, ...row } = waiting;
  const other = { ...row, payload: JSON.stringify(payload) };
  const more = Array.from({ length: 20 }, (_each, index) => ({ ...other, subjectId: String(100 + index) }));
  await bot.db.insertInto('approval').values(more).execute();
  const listed = (await bot.type('otto', '#approvals', 'approvals')).text;
  expect(listed.match(/asked by/g)).toHaveLength(20);
  expect(listed).toContain('… and more, which expire later');
});

describe('a button shown for a withdrawn account-only wipe', () => {
  it.each(['on the card', 'in a private answer'])(
    '%s never approves the full one; it is shown, and then decided',
    async (where) => {
      const typed = await bot.type('otto', '#approvals', 'approve INC-101');
      const stale =
        where === 'on the card'
          ? bot.action('#approvals', 'ada', 'Approve')
          : (buttonIn(typed.answer, 'Approve') ?? '');
      await bot.type('hana', '#helpdesk', 'withdraw INC-101');
      await ask(bot, { scope: 'full' });

      const pressed = await bot.press('otto', '#approvals', stale);
      expect(pressed.text).toContain('This was withdrawn. Nothing was decided. This waits now');
      expect(pressed.text).toMatch(/wipe iPhone 15 …\w{4} · full/);
      expect(await wipeStates(bot)).toEqual(['withdrawn', 'awaiting-approval']);
      await decide(bot, 'otto', pressed);
      await bot.until(async () => (await asked(bot)) === 1);
      expect(await bot.db.selectFrom('wipe').select('scope').where('requestedAt', 'is not', null).execute()).toEqual([
        { scope: 'full' },
      ]);
    },
  );
});

it.each([
  ['of the list', async () => bot.type('otto', '#approvals', 'approvals')],
  [
    'minted before buttons carried what they show',
    async () => {
      await bot.db
        .updateTable('storedAction')
        .set({ args: JSON.stringify({ approval: 1 }) })
        .where('label', '=', 'Approve')
        .execute();
      return undefined;
    },
  ],
])('a button %s shows and does not decide', async (_which, ready) => {
  const listed = await ready();
  const button =
    listed === undefined
      ? bot.action('#approvals', 'otto', 'Approve')
      : (listed.answer.private?.blocks ?? []).flatMap((block) => (block.kind === 'buttons' ? block.buttons : []))[0]
          ?.action;
  const shown = await bot.press('otto', '#approvals', button ?? '');
  expect(shown.text).toMatch(/Approve\? INC-101 · .*[\s\S]*Why: Left in a taxi\./);
  expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
  await bot.press('otto', '#approvals', buttonIn(shown.answer, 'Approve') ?? '');
  expect(await asked(bot)).toBe(1);
});

it('a button whose content is another than what is stored is refused, and shows what is stored', async () => {
  const button = bot.action('#approvals', 'otto', 'Approve');
  await bot.db
    .updateTable('storedAction')
    .set({ args: JSON.stringify({ approval: 1, content: 'another' }) })
    .where('id', '=', button)
    .execute();
  const pressed = await bot.press('otto', '#approvals', button);
  expect(pressed.text).toContain('This is not what you were shown, so nothing was decided. This waits now');
  expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
});

it('what somebody approved is in the audit by the hash of what they read', async () => {
  await approve(bot, 'otto');
  const { payloadHash } = await bot.db.selectFrom('approval').select('payloadHash').executeTakeFirstOrThrow();
  const entries = await bot.db.selectFrom('audit').select('data').where('action', '=', 'approval.approved').execute();
  expect(entries).toEqual([{ data: expect.objectContaining({ payloadHash }) }]);
});

it('a phone that renames itself does not change what waits, nor keep it from being approved', async () => {
  const row = await bot.db
    .selectFrom('incidentDevice')
    .select('facts')
    .where('number', '=', 1)
    .executeTakeFirstOrThrow();
  await bot.db
    .updateTable('incidentDevice')
    .set({ facts: JSON.stringify({ ...(row.facts as object), name: 'Totally harmless' }) })
    .where('number', '=', 1)
    .execute();
  const shown = await bot.type('otto', '#approvals', 'approve INC-101');
  expect(shown.text).toContain('wipe iPhone 15');
  await bot.press('otto', '#approvals', buttonIn(shown.answer, 'Approve') ?? '');
  expect(await asked(bot)).toBe(1);
});
