/** Where policy asks for step-up, a click is not enough: a code on another chat platform, for exactly what was shown, once. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Policy, parsePolicy } from '../../../src/policy.ts';
import { examplePolicy, type TestBot, testPair } from '../../setup/bot.ts';
import { ask, asked, buttonIn, deny, lost, wipeStates } from '../scenes.ts';

let bot: TestBot;
afterEach(() => bot.close());

/** Otto and Ada, and the admin Ines, have an account in Slack, too; Sasha has none. */
function policyWith(stepUp: Policy['approvals']['stepUp']): Policy {
  const policy = examplePolicy();
  return {
    ...policy,
    approvals: { ...policy.approvals, stepUp },
    people: policy.people.map((person) =>
      ['Otto', 'Ada', 'Ines'].some((name) => person.name.startsWith(name))
        ? { ...person, identities: [...person.identities, `slack:T1/U${person.name.split(' ')[0]?.toUpperCase()}`] }
        : person,
    ),
  };
}

/** Codes that were sent to an account, oldest first. */
async function codesTo(identity: string): Promise<string[]> {
  const rows = await bot.db
    .selectFrom('delivery')
    .select('draft')
    .where('identity', '=', identity)
    .orderBy('id')
    .execute();
  return rows.flatMap(({ draft }) => /"text":"(\d{6})"/.exec(JSON.stringify(draft))?.[1] ?? []);
}

async function open(stepUp: Policy['approvals']['stepUp'], scope: 'full' | 'account-only'): Promise<void> {
  bot = await testPair({ policy: policyWith(stepUp) });
  await lost(bot, 'alice.ng');
  await ask(bot, { scope });
}

/** Otto says approve, reads it and presses; answers what opens. */
async function press(by = 'otto') {
  const shown = await bot.type(by, '#approvals', 'approve INC-101');
  return bot.press(by, '#approvals', buttonIn(shown.answer, 'Approve') ?? '');
}

describe.each([
  ['full', 'full'],
  ['always', 'account-only'],
  [{ wipe: 'always' }, 'account-only'],
] as const)('with stepUp %j, a wipe of scope %s', (stepUp, scope) => {
  beforeEach(() => open(stepUp, scope));

  it('is approved by the code that was sent to the other platform, and by nothing else', async () => {
    const form = await press();
    expect(form.answer.form?.fields.map(({ id }) => id)).toEqual(['code']);
    expect(form.text).toContain('Why: Left in a taxi.');
    expect(await codesTo('console:otto')).toEqual([]);
    const [code = ''] = await codesTo('slack:T1/UOTTO');

    expect((await bot.submit('otto', '#approvals', { code: '' })).text).toContain(
      'That is not the code. 4 tries are left.',
    );
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
    expect((await bot.submit('otto', '#approvals', { code })).text).toMatch(/^Approved: Alice Ng/);
    expect(await asked(bot)).toBe(1);
    const audit = await bot.db.selectFrom('audit').select('data').where('action', '=', 'approval.approved').execute();
    expect(audit).toEqual([{ data: expect.objectContaining({ stepUp: { method: 'code', over: 'slack' } }) }]);
    expect(JSON.stringify(audit)).not.toContain(code);
  });

  it('is not approved after five wrong tries, and security is told once', async () => {
    await press();
    const [code = ''] = await codesTo('slack:T1/UOTTO');
    const wrong = code === '000000' ? '000001' : '000000';
    for (let tries = 0; tries < 5; tries += 1) await bot.submit('otto', '#approvals', { code: wrong });
    expect((await bot.submit('otto', '#approvals', { code })).text).toContain('No code holds for this now');
    expect(bot.messagesIn('#security').filter((text) => text.includes('five wrong codes'))).toHaveLength(1);
    // Asking again brings no new tries before five minutes are over.
    await press();
    expect(await codesTo('slack:T1/UOTTO')).toEqual([code]);
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
  });

  it('is not approved by a code that is older than five minutes', async () => {
    await press();
    const [code = ''] = await codesTo('slack:T1/UOTTO');
    await bot.advance(5);
    expect((await bot.submit('otto', '#approvals', { code })).text).toContain('No code holds for this now');
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
    const again = await press();
    expect(again.answer.form).toBeDefined();
    expect(await codesTo('slack:T1/UOTTO')).toHaveLength(2);
  });

  it('is not approved by a code that was sent to somebody else, nor for what was shown before a remark', async () => {
    await press('ada');
    const [adas = ''] = await codesTo('slack:T1/UADA');
    await press();
    const [code = ''] = await codesTo('slack:T1/UOTTO');
    if (adas !== code) expect((await bot.submit('otto', '#approvals', { code: adas })).text).toContain('not the code');
    await bot.type('alice.ng', undefined, 'found it');
    await bot.db.updateTable('person').set({ accountEnabled: false }).where('displayName', '=', 'Alice Ng').execute();
    expect((await bot.submit('otto', '#approvals', { code })).text).toContain('This changed since you read it');
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
  });

  it('is approved from the second account, too, after the first one asked for a code', async () => {
    await press();
    await press('slack:T1/UOTTO');
    const toConsole = /Your code: \D{0,2}(\d{6})/.exec(bot.find('otto', 'Your code: '))?.[1] ?? '';
    expect((await bot.submit('slack:T1/UOTTO', '#approvals', { code: toConsole })).text).toMatch(/^Approved: Alice Ng/);
    expect(await asked(bot)).toBe(1);
  });

  it('is denied without one', async () => {
    expect((await deny(bot, 'otto', 101, 'it was found')).text).toMatch(/^Denied:/);
  });
});

it('full asks nothing before an account-only wipe', async () => {
  await open('full', 'account-only');
  expect((await press()).text).toMatch(/^Approved:/);
});

it('who has no account on another platform cannot approve where it is asked, and is told why', async () => {
  bot = await testPair({
    policy: {
      ...policyWith('always'),
      people: policyWith('always').people.map((person) =>
        person.name.startsWith('Otto') ? { ...person, identities: ['console:otto'] } : person,
      ),
    },
  });
  await lost(bot, 'alice.ng');
  await ask(bot);
  expect((await press()).text).toContain('policy.yaml lists no account of yours on another');
  expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
});

it.each(['full', 'always', '{ wipe: full }', '{ unlock: always }'])(
  'a policy with stepUp %s that leaves fewer than two who can is refused',
  async (stepUp) => {
    bot = await testPair();
    const people = (accounts: string) => `
people:
  - { name: Otto, mailbox: otto@contoso.example, identities: [${accounts.replaceAll('X', 'OTTO')}], roles: [approver, admin] }
  - { name: Ada, mailbox: ada@contoso.example, identities: [${accounts.replaceAll('X', 'ADA')}], roles: [approver, admin] }
approvals: { stepUp: ${stepUp} }
`;
    expect(() => parsePolicy(people('"console:X"'), 'policy.yaml')).toThrow(/approvals\.stepUp: fewer than two people/);
    expect(() => parsePolicy(people('"slack:T1/UX", "slack:T2/UX"'), 'policy.yaml')).toThrow(/fewer than two people/);
    expect(parsePolicy(people('"console:X", "slack:T1/UX"'), 'policy.yaml').people).toHaveLength(2);
  },
);
