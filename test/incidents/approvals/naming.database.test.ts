/** Whatever is said of something that waits names its object: what, whose, which phone, which scope, who asked and why. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestBot, testBot } from '../../setup/bot.ts';
import { approve, ask, lost } from '../scenes.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testBot();
  await lost(bot, 'alice.ng');
});
afterEach(() => bot.close());

const first = /Alice Ng · wipe iPhone 15 …\w{4} · account-only/;
const third = /Alice Ng · wipe Galaxy S9 …\w{4} · full/;

/** Labels of the buttons of the last answer. */
function labels(turn: Awaited<ReturnType<TestBot['type']>>): string[] {
  return (turn.answer.private?.blocks ?? []).flatMap((block) =>
    block.kind === 'buttons' ? block.buttons.map(({ label }) => label) : [],
  );
}

describe('two proposals that wait on one incident', () => {
  beforeEach(async () => {
    await ask(bot, { device: 1, reason: 'Left in a taxi.' });
    await ask(bot, { device: 3, scope: 'full', reason: 'Stolen at the airport.' });
  });

  it.each(['approve', 'deny', 'withdraw'])('are offered by `%s` by what they are, within a button', async (command) => {
    const turn = await bot.type(command === 'withdraw' ? 'hana' : 'otto', '#approvals', `${command} INC-101`);
    expect(labels(turn)).toEqual([expect.stringMatching(first), expect.stringMatching(third)]);
    for (const label of labels(turn)) expect(label.length).toBeLessThanOrEqual(75);
    expect(turn.text).toMatch(/account-only — asked by Hana Novak, expires .*: “Left in a taxi\.”/);
    expect(turn.text).toMatch(/full — asked by Hana Novak, expires .*: “Stolen at the airport\.”/);
  });

  it('are listed by `approvals` and on the home page with who asked and why', async () => {
    const listed = (await bot.type('otto', '#approvals', 'approvals')).text;
    expect(listed).toMatch(/account-only — asked by Hana Novak, expires .*: “Left in a taxi\.”/);
    expect(listed).toMatch(third);
  });

  it('are withdrawn, denied and approved with an answer and notices that say which', async () => {
    expect((await bot.type('hana', '#helpdesk', 'withdraw INC-101 1')).text).toMatch(
      /^Withdrawn: Alice Ng · wipe iPhone 15 …\w{4} · account-only\. Nothing was asked of Exchange\.$/,
    );
    expect(bot.find('#security', 'was withdrawn')).toMatch(first);
    expect(bot.find('#helpdesk', 'was withdrawn')).toMatch(first);

    const form = await bot.type('otto', '#approvals', 'deny INC-101');
    expect(form.text).toMatch(third);
    expect((await bot.submit('otto', '#approvals', { reason: 'It was found.' })).text).toMatch(
      /^Denied: Alice Ng · wipe Galaxy S9 …\w{4} · full\./,
    );
    expect(bot.find('#security', 'was denied')).toMatch(third);

    await ask(bot, { device: 1 });
    expect((await approve(bot, 'otto')).text).toMatch(/^Approved: Alice Ng · wipe iPhone 15 …\w{4} · account-only\./);
    expect(bot.find('#security', 'wipe approved by Otto Lindqvist')).toMatch(first);
  });

  it('are withdrawn and cancelled on the card by buttons that say which', async () => {
    const card = bot.find('#helpdesk', 'INC-101 ·');
    expect(card).toMatch(/\[Withdraw wipe of 1 iPhone 15 …\w{4}\]/);
    expect(card).toMatch(/\[Withdraw wipe of 3 Galaxy S9 …\w{4}\]/);
    await approve(bot, 'otto', 101, 1);
    await approve(bot, 'otto', 101, 3);
    const which = await bot.type('hana', '#helpdesk', 'cancel wipe INC-101');
    expect(labels(which)).toEqual([expect.stringMatching(first), expect.stringMatching(third)]);
    const form = await bot.click('hana', '#helpdesk', labels(which)[1] ?? '');
    expect(form.text).toMatch(third);
  });
});

it('a block, a removal and an unlock are named, too', async () => {
  const block = await bot.type('hana', '#helpdesk', 'block device INC-101 1');
  expect(block.text).toMatch(/Alice Ng · block phone 1 iPhone 15 …\w{4}/);
  const remove = await bot.type('hana', '#helpdesk', 'remove device INC-101 3');
  expect(remove.text).toMatch(/Alice Ng · remove phone 3 Galaxy S9 …\w{4}/);
  const turn = await bot.type('otto', '#approvals', 'approve INC-101');
  expect(labels(turn)).toEqual([expect.stringMatching(/block phone 1/), expect.stringMatching(/remove phone 3/)]);
  await bot.type('ada', '#security', 'lock wipes because of a test');
  await bot.type('ada', '#security', 'unlock wipes because the test is over');
  expect((await bot.type('otto', '#approvals', 'approvals')).text).toMatch(
    /Unlock all wipes — asked by Ada Romero, expires .*: “the test is over”/,
  );
});

it('a long name is cut, and never what tells two requests apart', async () => {
  await bot.db
    .updateTable('person')
    .set({ displayName: 'Alice Wilhelmina Ng of the very long name' })
    .where('displayName', '=', 'Alice Ng')
    .execute();
  const { number, facts } = await bot.db
    .selectFrom('incidentDevice')
    .select(['number', 'facts'])
    .where('number', '=', 1)
    .executeTakeFirstOrThrow();
  const named = { ...(facts as object), name: 'A phone whose name goes on and on until nobody can read it any more' };
  await bot.db
    .updateTable('incidentDevice')
    .set({ facts: JSON.stringify(named) })
    .where('number', '=', number)
    .execute();
  await ask(bot, { device: 1 });
  await ask(bot, { device: 3, scope: 'full' });
  const [label = ''] = labels(await bot.type('otto', '#approvals', 'approve INC-101'));
  expect(label.length).toBeLessThanOrEqual(75);
  expect(label).toMatch(/^Alice Wilhelmina Ng of… · wipe A phone.*… …\w{4} · account-only$/);
});
