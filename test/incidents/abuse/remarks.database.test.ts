/** What comes while a request waits is said wherever it is shown, and nobody decides on an older showing of it; repetitions and syncs keep nobody from it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { record } from '../../../src/incidents/incident/timeline.ts';
import { type TestBot, testPair } from '../../setup/bot.ts';
import { approve, ask, asked, buttonIn, decide, lost, resetAnyway, wipeStates } from '../scenes.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testPair();
});
afterEach(() => bot.close());

describe.each(['full', 'outlook-app'] as const)('a wipe of scope %s', (scope) => {
  const device = scope === 'full' ? 1 : 2;
  beforeEach(async () => {
    await lost(bot, 'alice.ng');
    await ask(bot, { scope, device });
  });

  it('is approved in a form that says all, by typing which phone', async () => {
    const form = await bot.click('otto', '#approvals', 'Approve');
    expect(form.answer.form?.fields).toEqual([expect.objectContaining({ kind: 'typed', required: true })]);
    for (const line of ['Alice Ng · wipe', 'Asked by Hana Novak', 'Why: Left in a taxi.', 'Erases:', 'As read'])
      expect(form.text).toContain(line);
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);

    const typed = form.answer.form?.fields.find((field) => field.kind === 'typed');
    const exactly = typed?.kind === 'typed' ? typed.show : '';
    for (const wrong of ['', 'yes', exactly.slice(0, -4)]) {
      expect((await bot.submit('otto', '#approvals', { typed: wrong })).text).toBe(`typed: Type exactly: ${exactly}`);
    }
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
    expect((await bot.submit('otto', '#approvals', { typed: exactly })).text).toMatch(/^Approved: Alice Ng · wipe/);
    expect(await asked(bot)).toBe(1);
  });

  it('is not approved by a click on the submit button of the form, nor by a form that names another phone', async () => {
    const form = await bot.click('otto', '#approvals', 'Approve');
    const submit = form.answer.form?.submit.action ?? '';
    expect((await bot.press('otto', '#approvals', submit)).answer.form).toBeDefined();
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
    await bot.submit('otto', '#approvals', { typed: 'Galaxy S9 0000', content: 'x', approval: '2' });
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
  });

  it('is in the audit as shown to whoever decided, by the hash of what they read', async () => {
    await approve(bot, 'otto', 101, device);
    const of = async (action: string) =>
      (await bot.db.selectFrom('audit').select(['actorGuid', 'data']).where('action', '=', action).execute()).map(
        ({ actorGuid, data }) => ({ actorGuid, shown: data?.shown }),
      );
    const [decided] = await of('approval.approved');
    expect(decided?.shown).toMatch(/^[0-9a-f]{64}$/);
    expect(await of('approval.shown')).toContainEqual(decided);
  });
});

it('an account-only wipe is a card, and its button asks once more, with what is erased', async () => {
  await lost(bot, 'alice.ng');
  await ask(bot);
  const shown = await bot.type('otto', '#approvals', 'approve INC-101');
  const button = (shown.answer.private?.blocks ?? [])
    .flatMap((block) => (block.kind === 'buttons' ? block.buttons : []))
    .find(({ label }) => label === 'Approve');
  expect(button?.confirm?.text).toMatch(/^Alice Ng · wipe iPhone 15 …\w{4} · account-only\. It erases work mail/);
});

describe('while a request waits', () => {
  beforeEach(async () => {
    await bot.type('alice.ng', undefined, 'i lost my phone');
    await ask(bot);
  });

  async function accountIs(enabled: boolean): Promise<void> {
    await bot.db.updateTable('person').set({ accountEnabled: enabled }).where('displayName', '=', 'Alice Ng').execute();
  }

  const remarks = [
    ['the owner says found', () => bot.type('alice.ng', undefined, 'found it'), 'The owner says that it was found'],
    [
      'the owner says that this phone is at hand',
      () => bot.type('alice.ng', undefined, 'i still have 1'),
      'this phone is still at hand',
    ],
    ['the hold is closed', () => resetAnyway(bot, 'hana'), 'The hold was closed'],
    ['the account is disabled', () => accountIs(false), 'The account is disabled'],
  ] as const;

  it.each(remarks)('%s: an earlier showing decides nothing, once', async (_what, happens, said) => {
    const typed = await bot.type('otto', '#approvals', 'approve INC-101');
    const before = buttonIn(typed.answer, 'Approve') ?? '';
    await happens();

    const stale = await bot.press('otto', '#approvals', before);
    expect(stale.text).toContain('This changed since you read it, so nothing was decided.');
    expect(stale.text).toContain(said);
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);

    // Once more the same: it is shown, and keeps nobody from deciding.
    await happens();
    expect((await decide(bot, 'otto', stale)).text).toMatch(/^Approved:/);
  });

  it.each(remarks.slice(0, 3))(
    '%s: every copy says so, the list, and a reply under each',
    async (_what, happens, said) => {
      await happens();
      for (const where of ['#approvals', 'otto', 'ada']) expect(bot.find(where, 'Approve? INC-101')).toContain(said);
      for (const where of ['#approvals', 'otto', 'ada']) {
        expect(bot.messagesIn(where).filter((text) => text.includes('Read the request again'))).toHaveLength(1);
      }
      await happens();
      expect(bot.messagesIn('otto').filter((text) => text.includes('Read the request again'))).toHaveLength(1);
      expect((await bot.type('otto', '#approvals', 'approvals')).text).toContain(said);
    },
  );

  it('a denial of an older showing is refused, too, and one of the new showing is taken', async () => {
    const form = await bot.click('otto', '#approvals', 'Deny…');
    expect(form.answer.form).toBeDefined();
    await bot.type('alice.ng', undefined, 'found it');
    const stale = await bot.submit('otto', '#approvals', { reason: 'Not needed.' });
    expect(stale.text).toContain('This changed since you read it');
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
    await bot.press('otto', '#approvals', buttonIn(stale.answer, 'Deny…') ?? '');
    expect((await bot.submit('otto', '#approvals', { reason: 'Not needed.' })).text).toMatch(/^Denied:/);
  });

  it('a sync, and what the owner says of another phone, make nothing stale', async () => {
    const typed = await bot.type('otto', '#approvals', 'approve INC-101');
    await bot.advance(6);
    await bot.type('alice.ng', undefined, 'i still have 3');
    expect((await decide(bot, 'otto', typed)).text).toMatch(/^Approved:/);
  });

  it('what was said before it was asked for is no news', async () => {
    await bot.type('hana', '#helpdesk', 'withdraw INC-101');
    await bot.type('alice.ng', undefined, 'found it');
    await ask(bot);
    const typed = await bot.type('otto', '#approvals', 'approve INC-101');
    expect((await decide(bot, 'otto', typed)).text).toMatch(/^Approved:/);
  });

  it('another request in Exchange for this phone is one, for another phone it is none', async () => {
    const { deviceGuid } = await bot.db
      .selectFrom('incidentDevice')
      .select('deviceGuid')
      .where('number', '=', 1)
      .executeTakeFirstOrThrow();
    const seen = (device: string) =>
      bot.store.change((change) =>
        record(change, {
          incident: 101,
          kind: 'outside-wipe.seen',
          by: null,
          data: { device, scope: 'full', requestedAt: null },
        }),
      );
    const typed = await bot.type('otto', '#approvals', 'approve INC-101');
    await seen('another');
    expect(bot.find('otto', 'Approve? INC-101')).not.toContain('Somebody else asked');
    await seen(deviceGuid);
    expect((await decide(bot, 'otto', typed)).text).toContain('Somebody else asked Exchange for a wipe of this phone');
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
  });

  it('a click after it was decided says what was decided', async () => {
    const [otto, ada] = ['otto', 'ada'].map((who) => bot.action('#approvals', who, 'Approve'));
    await bot.press('ada', '#approvals', ada ?? '');
    for (const button of [otto, ada]) {
      expect((await bot.press('otto', '#approvals', button ?? '')).text).toMatch(
        /^Alice Ng · wipe iPhone 15 …\w{4} · account-only\. This is approved already|was approved and carried out/,
      );
    }
    expect(await asked(bot)).toBe(1);
  });
});
