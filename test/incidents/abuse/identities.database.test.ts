/** Who is one person is one person, however many accounts, addresses and groups he has. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Policy } from '../../../src/policy.ts';
import { examplePolicy, type TestBot, testPair } from '../../setup/bot.ts';
import { acceptPolicy, approve, ask, asked, lost, wipeStates } from '../scenes.ts';

let bot: TestBot;
beforeAll(async () => {
  const policy = examplePolicy();
  bot = await testPair({
    policy: Policy.parse({
      ...policy,
      helpdeskGroups: ['G-HELPDESK'],
      people: [
        ...policy.people.filter((person) => person.name !== 'Hana'),
        // Hana may approve as well, and has a second account and a second entry under another address of her mailbox.
        {
          name: 'Hana',
          mailbox: 'hana@contoso.example',
          identities: ['console:hana', 'slack:T1/UHANA'],
          roles: ['helpdesk', 'approver'],
        },
        { name: 'H', mailbox: 'Hana@MAIL.contoso.example', identities: ['console:h'], roles: ['approver'] },
      ],
    }),
  });
  await lost(bot, 'alice.ng');
  await ask(bot);
});
afterAll(() => bot.close());

describe('self-approval', () => {
  it.each([
    ['through the same account', 'hana'],
    ['through a second chat identity', 'slack:T1/UHANA'],
    ['through an alias of the own mailbox', 'h'],
  ])('%s is refused, and names who can decide', async (_how, by) => {
    const refused = await approve(bot, by);
    expect(refused.text).toContain('You asked for this, so someone else must approve it.');
    expect(refused.text).toContain('Otto Lindqvist or Ada Romero can decide');
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
  });
});

describe('a group added to oneself', () => {
  it('gives nothing where identities are not managed', async () => {
    const bob = { groups: ['G-HELPDESK'] };
    expect((await bot.type('bob', '#helpdesk', 'wipe INC-101 1', { sender: bob })).text).toContain('in the hands of');
    expect((await bot.type('bob', '#approvals', 'approve INC-101', { sender: bob })).text).toContain('in the hands of');
  });

  it('gives helpdesk at most where they are, and never a decision', async () => {
    await bot.setPolicy({ ...bot.policy.current, identitiesManaged: true });
    for (const admin of ['ada', 'ines']) await acceptPolicy(bot, admin);
    await bot.advance(1);
    const bob = { groups: ['G-HELPDESK', 'approvers', 'admins'] };
    expect((await bot.type('bob', '#approvals', 'approve INC-101', { sender: bob })).text).toContain(
      'Only somebody with the role approver may decide this',
    );
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
  });
});

describe("a second account claiming a helpdesk person's e-mail", () => {
  it('holds nothing, and security is told once', async () => {
    const claim = { sender: { email: 'hana@contoso.example' } };
    for (const text of ['wipe INC-101 1', 'approve INC-101', 'whoami']) {
      expect((await bot.type('mallory', '#helpdesk', text, claim)).text).toContain('claims to be a person whom I know');
    }
    expect(bot.messagesIn('#security').filter((text) => text.includes('console:mallory'))).toHaveLength(1);
  });

  it('does not become an approver by being listed for the same mailbox without cooling off', async () => {
    expect(await asked(bot)).toBe(0);
    const refusals = await bot.db
      .selectFrom('audit')
      .select('action')
      .where('action', '=', 'identity.refused')
      .execute();
    expect(refusals).toHaveLength(1);
  });
});
