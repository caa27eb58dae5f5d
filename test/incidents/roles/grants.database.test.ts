/** A role that is given later decides nothing for a day: the real organisation is played by a second lab. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Policy } from '../../../src/policy.ts';
import { type TestBot, testBot } from '../../setup/bot.ts';
import { approve, ask, asked, lost, wipeStates } from '../scenes.ts';

const dayMs = 24 * 60 * 60_000;
let bot: TestBot;

beforeAll(async () => {
  bot = await testBot({ organisation: 'real' });
  await grant('Hugo', 'approver');
  await grant('Bob', 'security');
  await lost(bot, 'alice.ng');
});
afterAll(() => bot.close());

async function grant(name: string, role: 'approver' | 'security' | 'admin'): Promise<void> {
  const { current } = bot.policy;
  const people = current.people.map((person) =>
    person.name === name ? { ...person, roles: [...person.roles, role] } : person,
  );
  await bot.setPolicy(Policy.parse({ ...current, people }));
}

const roleEvents = () =>
  bot.db
    .selectFrom('audit')
    .select(['action', 'actorIdentity', 'data'])
    .where('action', 'like', 'policy.%')
    .orderBy('seq')
    .execute();

describe('a policy change', () => {
  it('is audited with who and what, and names no address', async () => {
    const events = await roleEvents();
    expect(events.map((event) => event.action)).toEqual(['policy.first-seen', 'policy.changed', 'policy.changed']);
    const [, changed] = events;
    const hugo = await bot.db
      .selectFrom('person')
      .select('guid')
      .where('alias', '=', 'hugo')
      .where('organisation', '=', 'real')
      .executeTakeFirstOrThrow();
    expect(changed?.actorIdentity).toBe('process:test');
    expect(changed?.data).toMatchObject({
      why: 'reload',
      sections: ['people'],
      people: [{ person: hugo.guid, granted: ['approver'], taken: [] }],
    });
    expect(JSON.stringify(events)).not.toContain('@');
    expect(bot.messagesIn('#security').filter((text) => text.includes('policy changed'))).toHaveLength(2);
  });

  it('is not told again when nothing is different', async () => {
    await bot.setPolicy(bot.policy.current);
    expect(await roleEvents()).toHaveLength(3);
  });
});

describe('a new role', () => {
  it('decides nothing and breaks no glass, and gets no private copy', async () => {
    await ask(bot);
    expect((await approve(bot, 'hugo')).text).toContain('new and decides nothing for 24 hours');
    expect((await ask(bot, { by: 'bob', command: 'break-glass', scope: 'full' })).text).toContain(
      'new and decides nothing for 24 hours',
    );
    expect((await bot.type('bob', '#security', 'restore Otto because it is right')).text).toContain(
      'new and decides nothing',
    );
    expect(bot.messagesIn('hugo')).toEqual([]);
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
  });

  it('may stop everything all the same', async () => {
    expect((await bot.type('bob', '#security', 'lock wipes because it is right')).text).toContain(
      'All wipes are locked',
    );
    await bot.type('ada', '#helpdesk', 'unlock wipes because over');
    await bot.click('ines', '#approvals', 'Approve');
  });

  it('decides once two admins have accepted it, neither of them its holder', async () => {
    expect((await bot.type('hugo', '#helpdesk', 'accept role Hugo')).text).toContain('for admins');
    expect((await bot.type('ada', '#helpdesk', 'accept role Hugo')).text).toContain('A second admin');
    expect((await bot.type('ada', '#helpdesk', 'accept role Hugo')).text).toContain('second admin must too');
    expect((await approve(bot, 'hugo')).text).toContain('new and decides nothing');
    expect((await bot.type('ines', '#helpdesk', 'accept role Hugo')).text).toContain('decides from now on');
    await approve(bot, 'hugo');
    expect(await asked(bot)).toBe(1);
  });

  it('of an admin accepts nobody', async () => {
    await grant('Sasha', 'admin');
    expect((await bot.type('sasha', '#security', 'accept role Bob')).text).toContain(
      'two admins whose own role is not new',
    );
  });

  it('decides after 24 hours', async () => {
    bot.clock.advance(dayMs + 1000);
    await bot.runner.settle();
    await bot.type('bob', '#security', 'review INC-101 because nothing');
    expect((await bot.type('bob', '#security', 'restore Otto because it is right')).text).toContain('Nothing suspends');
  });

  it('begins anew when it was taken away and given again', async () => {
    const { current } = bot.policy;
    const without = current.people.map((person) =>
      person.name === 'Hugo' ? { ...person, roles: ['helpdesk' as const] } : person,
    );
    await bot.setPolicy(Policy.parse({ ...current, people: without }));
    await grant('Hugo', 'approver');
    const incident = await lost(bot, 'bob');
    await ask(bot, { incident, scope: 'full' });
    expect((await approve(bot, 'hugo', incident)).text).toContain('new and decides nothing');
  });
});
