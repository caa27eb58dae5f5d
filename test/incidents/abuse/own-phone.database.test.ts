/**
 * Whose phone it is decides nothing about it, whatever they hold: the report of a second person with rights takes nothing from them yet,
 * and the lost phone may speak in their name. Of one human with several mailboxes every phone is their own.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Policy } from '../../../src/policy.ts';
import { examplePolicy, type TestBot, testPair } from '../../setup/bot.ts';
import { approve, ask, asked, lost, wipeStates } from '../scenes.ts';

let bot: TestBot;

const own = 'This is about your own phone';

/** The example policy, in which this person has Mei's mailbox, too. */
function withMailboxOfMei(name: string): Policy {
  const policy = examplePolicy();
  const people = policy.people.map((person) =>
    person.name === name ? { ...person, mailboxes: [person.mailbox, 'mei@contoso.example'] } : person,
  );
  return Policy.parse({ ...policy, people });
}

async function incidentOf(number: number) {
  return await bot.db
    .selectFrom('incident')
    .select(['state', 'hold'])
    .where('number', '=', number)
    .executeTakeFirstOrThrow();
}

/** Sasha's phone is the second of a person with rights that Hana reports: Sasha keeps them until somebody gives the word. */
async function reportSecond(): Promise<number> {
  bot = await testPair();
  await lost(bot, 'otto');
  const incident = await lost(bot, 'sasha');
  expect((await bot.type('sasha', '#security', 'whoami')).text).toContain('You hold: user, security');
  return incident;
}

describe('the thief with the phone of a second person with rights, who keeps them until somebody gives the word', () => {
  let incident: number;
  beforeAll(async () => {
    incident = await reportSecond();
  });
  afterAll(() => bot.close());

  it.each([
    ['close the case', () => `close INC-${incident}`],
    ['say that it was found', () => `found INC-${incident} because it is here`],
    ['leave the phone out', () => `verify kept INC-${incident} 1`],
    ['close the hold', () => `reset anyway INC-${incident}`],
    ['release the hold', () => `release hold INC-${incident} because it is right`],
    ['put off the next steps', () => `keep waiting INC-${incident} 24h`],
    ['block the phone', () => `block device INC-${incident} 1`],
    ['unblock the phone', () => `unblock device INC-${incident} 1`],
    ['remove the phone', () => `remove device INC-${incident} 1`],
  ])('does not %s', async (_what, sentence) => {
    expect((await bot.type('sasha', '#security', sentence())).text).toContain(own);
    expect(await incidentOf(incident)).toEqual({ state: 'open', hold: 'open' });
    expect(await bot.db.selectFrom('approval').select('id').execute()).toEqual([]);
  });
});

describe('what was asked for about the phone of such a person', () => {
  let incident: number;
  beforeEach(async () => {
    incident = await reportSecond();
  });
  afterEach(() => bot.close());

  it('they do not withdraw, typed or by the button; who asked does', async () => {
    await ask(bot, { incident, device: 1, scope: 'full' });
    expect((await bot.type('sasha', '#security', `withdraw INC-${incident}`)).text).toContain(own);
    expect((await bot.click('sasha', '#helpdesk', 'Withdraw')).text).toContain(own);
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
    await bot.type('hana', '#helpdesk', `withdraw INC-${incident}`);
    expect(await wipeStates(bot)).toEqual(['withdrawn']);
  });

  it('they do not cancel or give up while it is on its way', async () => {
    await ask(bot, { incident, device: 1, scope: 'full' });
    await approve(bot, 'ada', incident);
    for (const sentence of [`cancel wipe INC-${incident} because it is here`, `give up INC-${incident} because so`])
      expect((await bot.type('sasha', '#security', sentence)).text).toContain(own);
    await bot.advance(0);
    expect(await asked(bot)).toBe(1);
    expect((await wipeStates(bot))[0]).not.toBe('cancelled');
  });
});

describe('one human with several mailboxes', () => {
  afterEach(() => bot.close());

  it('does not end a report that waits by naming the other mailbox, nor confirm it, and hears nothing of it', async () => {
    bot = await testPair({ policy: withMailboxOfMei('Sasha') });
    await lost(bot, 'otto');
    const incident = await lost(bot, 'mei');
    expect(bot.find('ines', `INC-${incident} waits for the word`)).toContain('Mei Lin');
    expect(bot.messagesIn('sasha').filter((text) => text.includes(`INC-${incident}`))).toEqual([]);
    expect((await bot.type('sasha', '#security', 'restore mei because it is here')).text).toContain(
      'Nobody restores themselves',
    );
    expect((await bot.type('sasha', '#security', `confirm report INC-${incident}`)).text).toContain(
      'Nobody restores themselves',
    );
    expect((await bot.type('ines', '#security', `confirm report INC-${incident}`)).text).toContain('holds only');
  });

  it('does not verify that the phone of the other mailbox is kept, nor close its case', async () => {
    bot = await testPair({ policy: withMailboxOfMei('Hana') });
    const incident = await lost(bot, 'mei', 'hugo');
    await bot.type('sasha', '#security', 'restore hana because she called');
    expect((await bot.type('hana', '#helpdesk', `verify kept INC-${incident} 1`)).text).toContain(own);
    expect((await bot.type('hana', '#helpdesk', `close INC-${incident}`)).text).toContain(own);
  });

  it('does not accept the new role of the other mailbox', async () => {
    const policy = withMailboxOfMei('Ada');
    bot = await testPair({ organisation: 'real', policy });
    const people = policy.people.map((person) =>
      person.name === 'Ada' ? { ...person, identities: [...person.identities, 'slack:T1/UADA'] } : person,
    );
    await bot.setPolicy(Policy.parse({ ...policy, people }));
    for (const name of ['ada', 'mei'])
      expect((await bot.type('ada', '#security', `accept role ${name}`)).text).toContain(
        'Nobody accepts their own role',
      );
    expect((await bot.type('ines', '#security', 'accept role mei')).text).toContain('A second admin');
  });

  it('is a VIP with every mailbox', async () => {
    const policy = examplePolicy();
    const victoria = {
      name: 'Victoria',
      mailbox: ['victoria@contoso.example', 'mei@contoso.example'],
      identities: ['console:victoria'],
      roles: [],
    };
    bot = await testPair({ policy: Policy.parse({ ...policy, people: [...policy.people, victoria] }) });
    const incident = await lost(bot, 'mei');
    await ask(bot, { incident, scope: 'full' });
    expect((await approve(bot, 'otto', incident)).text).toContain('One more person must approve');
    expect(await asked(bot)).toBe(0);
  });

  it('takes back the report of a phone of the other mailbox, as far as an owner does', async () => {
    bot = await testPair({ policy: withMailboxOfMei('Bob') });
    const incident = await lost(bot, 'mei');
    expect((await bot.type('bob', undefined, 'found it')).text).toContain('I have told the helpdesk');
    expect(bot.find('#security', `INC-${incident} · owner says found`)).toContain('not verified');
  });
});
