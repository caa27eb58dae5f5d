/** Protections cannot be loosened quietly: one edit of policy.yaml is told to everybody who must know, and what it loosens waits. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { effectivePolicy } from '../../../src/incidents/roles/policy-changes.ts';
import { Policy, policyHash } from '../../../src/policy.ts';
import { examplePolicy, type TestBot, testPair } from '../../setup/bot.ts';
import { acceptPolicy, approve, ask, asked, buttonIn, lost, wipeStates } from '../scenes.ts';

const day = 24 * 60 * 60_000;
let bot: TestBot;
beforeEach(async () => {
  bot = await testPair();
});
afterEach(() => bot.close());

const edited = (change: Partial<Record<keyof Policy, unknown>>): Policy =>
  Policy.parse({ ...examplePolicy(), ...change });
const everybody = ['#security', 'sasha', 'ada', 'ines'];

/** The edit of the issue: nobody hears, nobody is a VIP, the brake is far away. */
const quiet = () =>
  edited({
    channels: { ...examplePolicy().channels, security: [] },
    vip: [],
    brake: { perRequesterAndDay: 10, perTenMinutes: 20, perDay: 100 },
  });

const accept = (who: string) => acceptPolicy(bot, who);

describe('one edit that empties the security channel and the VIPs and raises the brake', () => {
  it('is told in the old channel and privately to everybody of security and every admin', async () => {
    await bot.setPolicy(quiet());
    await bot.advance(0);
    for (const where of everybody) {
      const told = bot.find(where, 'policy changed');
      expect(told).toContain('by the process user test');
      for (const part of ['channels.security: 1 fewer', 'vip: 1 fewer', 'brake.perDay 20 → 100'])
        expect(told).toContain(part);
      expect(told).toContain('accept policy');
    }
    expect(bot.messagesIn('otto')).toEqual([]);
  });

  it('changes nothing for 24 hours: what security hears, what a VIP takes and when the brake is pulled', async () => {
    await bot.setPolicy(quiet());
    expect(bot.policy.current).toMatchObject({
      channels: { security: ['console:#security'] },
      vip: ['victoria@contoso.example'],
      brake: { perRequesterAndDay: 3, perTenMinutes: 5, perDay: 20 },
    });
    const incident = await lost(bot, 'victoria');
    await ask(bot, { incident });
    await approve(bot, 'otto', incident);
    expect(await asked(bot)).toBe(0);
    expect(bot.find('#security', 'wipe proposed')).toContain('waits for 2 approvers');
  });

  it('holds after 24 hours, which is told again in the old channel', async () => {
    await bot.setPolicy(quiet());
    bot.clock.advance(day - 1000);
    await bot.advance(0);
    expect(bot.policy.current.vip).toEqual(['victoria@contoso.example']);
    await bot.advance(1);
    expect(bot.policy.current).toMatchObject({ channels: { security: [] }, vip: [], brake: { perDay: 100 } });
    for (const where of everybody)
      expect(bot.find(where, 'policy is looser from now on')).toContain('channels.security');
  });

  it('holds once two different admins accepted exactly what they were shown', async () => {
    await bot.setPolicy(quiet());
    expect(await accept('ada')).toContain('A second admin');
    expect(await accept('ada')).toContain('You have accepted this already');
    expect(bot.policy.current.vip).toEqual(['victoria@contoso.example']);
    expect(await accept('ines')).toContain('The policy holds as the file says');
    await bot.advance(1);
    expect(bot.policy.current.vip).toEqual([]);
  });

  it('is not accepted by security, by a suspended admin, or by who was shown another one', async () => {
    await bot.setPolicy(quiet());
    expect(await accept('sasha')).toContain('That is for admins');
    const shown = await bot.type('ada', '#security', 'accept policy');
    await bot.setPolicy(edited({ vip: [], brake: { perDay: 99 } }));
    expect((await bot.press('ada', '#security', buttonIn(shown.answer, 'Accept') ?? '')).text).toContain(
      'was changed since you were shown this',
    );
    await lost(bot, 'ines');
    expect(await accept('ines')).toContain('a device of your own was reported');
    expect(bot.policy.current.vip).toEqual(['victoria@contoso.example']);
  });
});

describe('one human whom an edit makes two', () => {
  const people = (...mailboxes: string[]) =>
    examplePolicy().people.map((person) => (person.name === 'Ada' ? { ...person, mailboxes } : person));
  const mei = { name: 'Mei', mailbox: 'mei@contoso.example', identities: ['slack:T1/UMEI'], roles: ['helpdesk'] };

  it('approves nothing with one mailbox that they ask for with the other, for 24 hours, and everybody is told', async () => {
    await bot.setPolicy(edited({ people: people('ada@contoso.example', 'mei@contoso.example') }));
    await bot.setPolicy(edited({ people: [...people('ada@contoso.example'), mei] }));
    await bot.advance(0);
    for (const where of ['#security', 'sasha', 'ines'])
      expect(bot.find(where, 'Looser')).toContain('mailboxes: 1 fewer');
    const incident = await lost(bot, 'alice.ng');
    await ask(bot, { incident, by: 'slack:T1/UMEI' });
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
    expect((await approve(bot, 'ada', incident)).text).toContain('You asked for this');
    await bot.advance(0);
    bot.clock.advance(day);
    await bot.advance(0);
    expect(bot.policy.current.people.find(({ name }) => name === 'Ada')?.mailboxes).toEqual(['ada@contoso.example']);
  });

  it('has at once what makes one of two', async () => {
    await bot.setPolicy(edited({ people: people('ada@contoso.example', 'mei@contoso.example') }));
    expect(bot.policy.current.people.find(({ name }) => name === 'Ada')?.mailboxes).toHaveLength(2);
  });
});

describe('an edit in small steps', () => {
  it('does not start the clock of one part with that of another, and starts it anew for another value', async () => {
    await bot.setPolicy(edited({ brake: { perDay: 21 } }));
    bot.clock.advance(day - 60_000);
    await bot.setPolicy(edited({ brake: { perDay: 100 } }));
    await bot.advance(2);
    expect(bot.policy.current.brake.perDay).toBe(20);
    bot.clock.advance(day);
    await bot.advance(1);
    expect(bot.policy.current.brake.perDay).toBe(100);
  });

  it('does not keep an acceptance for what came after it', async () => {
    await bot.setPolicy(edited({ brake: { perDay: 21 } }));
    await accept('ada');
    await bot.setPolicy(edited({ brake: { perDay: 100 } }));
    expect(await accept('ines')).toContain('A second admin');
    expect(bot.policy.current.brake.perDay).toBe(20);
  });

  it('is not carried by going back and forth', async () => {
    await bot.setPolicy(edited({ vip: [] }));
    bot.clock.advance(day - 60_000);
    await bot.setPolicy(examplePolicy());
    await bot.setPolicy(edited({ vip: [] }));
    await bot.advance(2);
    expect(bot.policy.current.vip).toEqual(['victoria@contoso.example']);
  });
});

describe('what tightens', () => {
  it('holds at once, and is told', async () => {
    await bot.setPolicy(
      edited({ vip: ['victoria@contoso.example', 'alice.ng@contoso.example'], brake: { perDay: 5 } }),
    );
    expect(bot.policy.current).toMatchObject({
      brake: { perDay: 5 },
      vip: expect.arrayContaining(['alice.ng@contoso.example']),
    });
    await bot.advance(0);
    expect(bot.find('#security', 'policy changed')).toContain('From now on: brake.perDay 20 → 5; vip: 1 more');
  });
});

it.each<[string, Partial<Record<keyof Policy, unknown>>, Partial<Policy>]>([
  [
    'more time to approve',
    { approvals: { expireMinutes: 240 } },
    { approvals: { expireMinutes: 30, executeWithinMinutes: 15, ownersMayAsk: false, stepUp: 'off' } },
  ],
  [
    'owners who may ask',
    { approvals: { ownersMayAsk: true } },
    { approvals: { expireMinutes: 30, executeWithinMinutes: 15, ownersMayAsk: false, stepUp: 'off' } },
  ],
  [
    'groups that count',
    { identitiesManaged: true, helpdeskGroups: ['G'] },
    { identitiesManaged: false, helpdeskGroups: [] },
  ],
  ['another place for commands', { commandChannels: ['console:#lunch'] }, { commandChannels: [] }],
])('%s: a part that loosens waits', async (_what, change, holds) => {
  await bot.setPolicy(edited(change));
  expect(bot.policy.current).toMatchObject(holds);
});

it('all processes agree on what holds, whichever file each of them started with, and after a restart', async () => {
  await bot.setPolicy(quiet());
  const now = bot.clock.now();
  const [old, next] = await Promise.all([
    effectivePolicy(bot.store, examplePolicy(), 'lab', now),
    effectivePolicy(bot.store, quiet(), 'lab', now),
  ]);
  expect(policyHash(old)).toBe(policyHash(next));
  expect(policyHash(next)).toBe(policyHash(bot.policy.current));
});

it('security that is taken off the list is told that it is, with whoever is put in its place', async () => {
  const people = examplePolicy().people.map((person) => {
    if (person.name === 'Sasha') return { ...person, roles: [] };
    return person.name === 'Bob' ? { ...person, roles: ['security'] } : person;
  });
  await bot.setPolicy(edited({ people }));
  await bot.advance(0);
  for (const who of ['sasha', 'bob']) expect(bot.find(who, 'policy changed')).toContain('Bob Tanaka');
});

it('whose phone is reported is not told of the policy in their chats', async () => {
  await lost(bot, 'ada');
  await bot.setPolicy(quiet());
  await bot.advance(0);
  expect(bot.messagesIn('ada').join('\n')).not.toContain('policy changed');
  expect(bot.find('ines', 'policy changed')).toContain('vip');
});

it('a proposal that waits is voided by a policy of other approvals that tightens, not by one that waits itself', async () => {
  const incident = await lost(bot, 'alice.ng');
  await ask(bot, { incident });
  await bot.setPolicy(quiet());
  await approve(bot, 'otto', incident);
  await bot.advance(1);
  expect(await wipeStates(bot)).toEqual(['requested']);
});
