/** Suspension that cannot be abused: neither by whoever holds the stolen phone, nor by one who reports everybody else's. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { personByAddress } from '../../../src/directory/find.ts';
import { restoreFromHost } from '../../../src/incidents/roles/host-restore.ts';
import { Policy } from '../../../src/policy.ts';
import { examplePolicy, type TestBot, testPair } from '../../setup/bot.ts';
import { approve, ask, asked, buttonIn, lost, reportLost, wipeStates } from '../scenes.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testPair();
});
afterEach(() => bot.close());

const suspended = 'a device of your own was reported';
const incidents = async (): Promise<number> => (await bot.db.selectFrom('incident').select('number').execute()).length;

describe("the thief with an approver's phone", () => {
  it('does not get the role back by taking the report back from that phone', async () => {
    const said = await bot.type('otto', undefined, 'I lost my phone');
    expect(said.text).toContain(suspended);
    expect((await bot.type('otto', undefined, 'found it')).text).toMatch(
      /taken back your report INC-101.*You are suspended/,
    );
    const incident = await lost(bot, 'alice.ng');
    await ask(bot, { incident });
    expect((await approve(bot, 'otto', incident)).text).toContain(suspended);
    expect((await bot.type('otto', undefined, 'whoami')).text).toContain('until security or an admin restores you');
  });

  it('does not get the role back when the helpdesk closes the case, and the helpdesk is told', async () => {
    await lost(bot, 'otto');
    await bot.type('hana', '#helpdesk', 'close INC-101 because it lay under his desk');
    expect(bot.find('#helpdesk', 'INC-101 is closed')).toContain(
      'Otto Lindqvist stays suspended until security or an admin says',
    );
    const incident = await lost(bot, 'alice.ng');
    await ask(bot, { incident });
    expect((await approve(bot, 'otto', incident)).text).toContain(suspended);
    await bot.type('sasha', '#security', 'restore otto because he called from his desk');
    await approve(bot, 'otto', incident);
    expect(await asked(bot)).toBe(1);
  });

  it('is told nothing of who is asked, who is left and how it ends for others', async () => {
    await lost(bot, 'sasha');
    expect(bot.messagesIn('sasha')).toEqual([]);
    for (const name of ['ada', 'ines'])
      expect(bot.find(name, 'Sasha Petrov is suspended as security')).toContain('INC-101');
  });

  it('reads no more what waited for their decision, nor what becomes of it, until they are restored', async () => {
    const incident = await lost(bot, 'alice.ng');
    await ask(bot, { incident });
    expect(bot.find('otto', 'Approve?')).toContain('Left in a taxi.');
    await lost(bot, 'otto');
    expect(bot.messagesIn('otto').join()).not.toMatch(/taxi|Alice/);
    await bot.type('sasha', '#security', 'restore otto because he called');
    expect(bot.find('otto', 'Approve?')).toContain('Left in a taxi.');
    await lost(bot, 'otto', 'hugo');
    await approve(bot, 'ada', incident);
    expect(bot.messagesIn('otto').join()).not.toMatch(/taxi|Alice|Ada/);
  });

  it('hears privately of nothing that nobody has decided, as somebody of security', async () => {
    await lost(bot, 'sasha');
    const incident = await lost(bot, 'alice.ng');
    await ask(bot, { incident });
    await bot.advance(16);
    expect(bot.find('#security', 'nobody has decided')).toContain('Alice Ng');
    expect(bot.messagesIn('sasha')).toEqual([]);
  });

  it.each([
    ['approves', 'ada', (n: number) => `approve INC-${n}`],
    ['breaks the glass', 'ada', (n: number) => `break-glass INC-${n} 1`],
    ['unlocks', 'ada', () => 'unlock wipes because it is right'],
    ['restores', 'ada', () => 'restore otto because it is right'],
    ['accepts a role', 'ada', () => 'accept role Otto'],
    ['gives the word on a report', 'ada', (n: number) => `confirm report INC-${n}`],
    ['releases a hold', 'ada', (n: number) => `release hold INC-${n} because it is right`],
    ['closes a case', 'ada', (n: number) => `close INC-${n}`],
  ])('no longer %s', async (_what, who, sentence) => {
    const incident = await lost(bot, 'alice.ng');
    await ask(bot, { incident });
    await lost(bot, who);
    expect((await bot.type(who, '#helpdesk', sentence(incident))).text).toContain(suspended);
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
  });

  it('whose click was on its way when the phone was reported decides nothing', async () => {
    const incident = await lost(bot, 'alice.ng');
    await ask(bot, { incident });
    const button = bot.action('#approvals', 'otto', 'Approve');
    const [, pressed] = await Promise.all([
      reportLost(bot, 'otto', 'hugo', { settle: false }),
      bot.press('otto', '#approvals', button, { settle: false }),
    ]);
    await bot.advance(1);
    // Either the click came first and the approval fell with the report, or it was refused: nothing is wiped by it.
    expect(await asked(bot), pressed.text).toBe(0);
  });

  it('pulls the lock, is said to be suspended, and one other person lifts it', async () => {
    const incident = await lost(bot, 'otto');
    await ask(bot, { incident });
    await bot.type('otto', undefined, 'lock wipes because I do not want this');
    expect(bot.find('#security', 'all wipes are locked')).toContain('by Otto Lindqvist, who is suspended (INC-101)');
    await approve(bot, 'ada', incident);
    expect(await asked(bot)).toBe(0);
    expect((await bot.type('otto', undefined, 'unlock wipes because fine')).text).toContain('for security and admins');
    expect((await bot.type('hana', '#helpdesk', 'unlock wipes because fine')).text).toContain(
      'for security and admins',
    );
    expect((await bot.type('sasha', '#security', 'unlock wipes because it is the stolen phone')).text).toContain(
      'Wipes are unlocked',
    );
    expect(bot.find('#security', 'wipes are unlocked')).toContain('by Sasha Petrov alone');
    await bot.advance(1);
    expect(await asked(bot)).toBe(1);
  });

  it('does not pull it a second time after it was lifted', async () => {
    await lost(bot, 'otto');
    await bot.type('otto', undefined, 'lock wipes');
    await bot.type('sasha', '#security', 'unlock wipes because it is the stolen phone');
    expect((await bot.type('otto', undefined, 'lock wipes')).text).toContain('you cannot pull it again');
    expect((await bot.type('hana', '#helpdesk', 'status')).text).toContain('Wipes are not locked');
  });

  it('does not turn a lock of two into a lock of one by pulling it again', async () => {
    await bot.type('sasha', '#security', 'lock wipes because Sales is being wiped');
    await lost(bot, 'otto');
    await bot.type('otto', undefined, 'lock wipes because me, too');
    expect((await bot.type('ada', '#helpdesk', 'unlock wipes because fine')).text).toContain(
      'one of them must approve',
    );
    expect((await bot.type('hana', '#helpdesk', 'status')).text).toContain('Sales is being wiped');
  });

  it('is not helped by whoever reported: the reporter does not lift that lock alone', async () => {
    await lost(bot, 'otto', 'sasha');
    await bot.type('otto', undefined, 'lock wipes');
    expect((await bot.type('sasha', '#security', 'unlock wipes because fine')).text).toContain('That is for admins');
    expect((await bot.type('ines', '#security', 'unlock wipes because fine')).text).toContain('Wipes are unlocked');
  });

  it('cannot make the report end by being reported again and found again', async () => {
    await lost(bot, 'otto');
    await bot.type('otto', undefined, 'I lost my phone');
    await bot.type('otto', undefined, 'found it');
    await bot.type('hana', '#helpdesk', 'close INC-101');
    await bot.type('otto', undefined, 'I lost my phone');
    await bot.type('otto', undefined, 'found it');
    expect((await bot.type('otto', undefined, 'whoami')).text).toContain('You hold: user\n');
  });
});

describe('one helpdesk person who reports everybody with rights', () => {
  it('sees before what the report does, and nothing is done without the confirmation', async () => {
    const said = await bot.type('hana', '#helpdesk', 'lost device otto');
    expect(said.text).toContain('Otto Lindqvist can approve wipes.');
    expect(said.text).toContain('takes that from them at once');
    expect(await incidents()).toBe(0);
    await bot.press('hana', '#helpdesk', buttonIn(said.answer, 'Report the phone of Otto Lindqvist') ?? '');
    expect(await incidents()).toBe(1);
  });

  it('suspends the first; security and every admin hear who, by whom, what is lost and who is left', async () => {
    await lost(bot, 'otto');
    for (const where of ['#security', 'sasha', 'ada', 'ines']) {
      const told = bot.find(where, 'Otto Lindqvist is suspended as approver');
      expect(told).toContain('Hana Novak reported a phone of theirs');
      expect(told).toContain('not approve wipes');
      expect(told).toContain('Ada Romero can still approve wipes: what needs more of them waits.');
      expect(told).toContain('INC-101');
    }
    for (const who of ['hugo', 'otto', 'hana']) expect(bot.messagesIn(who).join('\n')).not.toContain('suspended');
  });

  it('has the second wait for the word of somebody else, and the third and the fourth', async () => {
    await lost(bot, 'otto');
    const second = await reportLost(bot, 'ada');
    expect(second.text).toContain('INC-102 waits for the word of security or an admin, other than you');
    await reportLost(bot, 'ines');
    await reportLost(bot, 'sasha');
    expect(await bot.db.selectFrom('suspension').select('state').orderBy('id').execute()).toEqual(
      ['active', 'waiting', 'waiting', 'waiting'].map((state) => ({ state })),
    );
    const incident = await lost(bot, 'alice.ng');
    await ask(bot, { incident });
    await approve(bot, 'ada', incident);
    expect(await asked(bot)).toBe(1);
    expect((await bot.type('sasha', '#security', 'restore otto because nonsense')).text).toContain(
      'holds all roles again',
    );
    expect(bot.messagesIn('ada').join('\n')).not.toContain('INC-102 waits');
  });

  it('takes nothing more by reporting both at the same moment from two places', async () => {
    const [one, other] = await Promise.all([
      bot.type('hana', '#helpdesk', 'lost device otto', { settle: false }),
      bot.type('hana', '#approvals', 'lost device ada', { settle: false }),
    ]);
    await Promise.all([
      bot.press('hana', '#helpdesk', buttonIn(one.answer, 'Report the phone of Otto Lindqvist') ?? '', {
        settle: false,
      }),
      bot.press('hana', '#approvals', buttonIn(other.answer, 'Report the phone of Ada Romero') ?? '', {
        settle: false,
      }),
    ]);
    const rows = await bot.db.selectFrom('suspension').select('state').execute();
    expect(rows.map(({ state }) => state).sort()).toEqual(['active', 'waiting']);
  });

  it('does not give the word, nor does the person concerned; somebody else of security or admin does', async () => {
    await lost(bot, 'otto', 'sasha');
    await lost(bot, 'ada', 'sasha');
    expect((await bot.type('sasha', '#security', 'confirm report INC-102')).text).toContain(
      'You reported the phone of Ada Romero',
    );
    expect((await bot.type('ada', '#security', 'confirm report INC-102')).text).toContain(
      'Somebody else of security or an admin must',
    );
    await bot.type('ines', '#security', 'confirm report INC-102');
    expect((await bot.type('ada', '#helpdesk', 'unlock wipes because fine')).text).toContain(suspended);
    expect(bot.find('#security', 'Ada Romero is suspended')).toContain('Ines Duarte says that the report is right');
  });

  it('does not restore whom they reported; nobody restores themselves; the helpdesk restores nobody', async () => {
    await lost(bot, 'otto', 'sasha');
    expect((await bot.type('sasha', '#security', 'restore otto because a mistake')).text).toContain(
      'You reported the phone of Otto Lindqvist (INC-101), so somebody else',
    );
    expect((await bot.type('hana', '#helpdesk', 'restore otto because a mistake')).text).toContain(
      'for security and admins',
    );
    expect((await bot.type('ines', '#security', 'restore otto because a mistake')).text).toContain(
      'holds all roles again',
    );
  });

  it('has a report of the same person wait after it was found wrong', async () => {
    await lost(bot, 'otto');
    await bot.type('sasha', '#security', 'restore otto because nonsense');
    await reportLost(bot, 'otto');
    const incident = await lost(bot, 'alice.ng');
    await ask(bot, { incident });
    await approve(bot, 'otto', incident);
    expect(await asked(bot)).toBe(1);
  });

  it('is no brake for the owner: whoever reports their own phone is suspended at once, as the second, too', async () => {
    await lost(bot, 'otto', 'sasha');
    await bot.type('sasha', undefined, 'I lost my phone');
    expect((await bot.type('sasha', '#security', 'restore otto because fine')).text).toContain(suspended);
    // And it counts as nobody's first report of somebody else.
    await bot.type('ada', undefined, 'I lost my phone');
    expect((await bot.type('ada', '#security', 'restore otto because fine')).text).toContain(suspended);
  });

  it('is a second person for the second report: two reporters suspend two', async () => {
    await lost(bot, 'otto', 'hana');
    await lost(bot, 'ada', 'hugo');
    expect((await bot.type('ada', '#helpdesk', 'unlock wipes because fine')).text).toContain(suspended);
    expect(bot.find('#security', 'Ada Romero is suspended')).toContain('Nobody can still approve wipes');
  });

  it('starts over a day later', async () => {
    await lost(bot, 'otto');
    await bot.type('sasha', '#security', 'restore otto because nonsense');
    bot.clock.advance(25 * 60 * 60_000);
    await lost(bot, 'ada');
    expect((await bot.type('ada', '#helpdesk', 'unlock wipes because fine')).text).toContain(suspended);
  });
});

describe('the last way out', () => {
  it('is on the host: under the name of its user, audited and told everywhere, and not to the phone that may be stolen', async () => {
    for (const [who, by] of [
      ['otto', 'hana'],
      ['ada', 'hugo'],
      ['ines', 'ines'],
      ['sasha', 'sasha'],
    ] as const) {
      if (who === by) await bot.type(who, undefined, 'I lost my phone');
      else await lost(bot, who, by);
    }
    const sasha = await personByAddress(bot.db, 'lab', 'sasha@contoso.example');
    if (sasha === undefined) throw new Error('no sasha');
    const input = { person: sasha, processUser: 'root', reason: 'nobody is left' };
    const incidents = await bot.store.change((change) => restoreFromHost(change, bot.policy.current, input));
    expect(incidents).toHaveLength(1);
    await bot.advance(0);
    for (const where of ['#security', '#helpdesk', '#approvals'])
      expect(bot.find(where, 'Sasha Petrov has their roles back')).toContain(
        'by the user root of the host: nobody is left',
      );
    for (const who of ['ada', 'ines', 'otto', 'sasha'])
      expect(bot.messagesIn(who).join()).not.toContain('has their roles back');
    expect((await bot.type('sasha', '#security', 'restore ada because she called')).text).toContain(
      'holds all roles again',
    );
    const entry = await bot.db
      .selectFrom('audit')
      .select('actorIdentity')
      .where('action', '=', 'roles.restored-on-host')
      .execute();
    expect(entry).toEqual([{ actorIdentity: 'process:root' }]);
    expect(await bot.store.change((change) => restoreFromHost(change, bot.policy.current, input))).toEqual([]);
  });
});

describe('whoever is more than one', () => {
  it('is suspended as helpdesk by group, too, and their proposal falls', async () => {
    await bot.close();
    bot = await testPair({
      policy: Policy.parse({ ...examplePolicy(), helpdeskGroups: ['G-HELPDESK'], identitiesManaged: true }),
    });
    const karl = { sender: { email: 'karl@contoso.example', groups: ['G-HELPDESK'] } };
    const incident = await lost(bot, 'alice.ng');
    await bot.type('sasha', '#security', 'lock wipes because wait');
    await bot.type('slack:T1/UKARL', undefined, `wipe INC-${incident} 1`, karl);
    await bot.submit('slack:T1/UKARL', undefined, { scope: 'account-only', reason: 'Taxi.', how: 'manager' }, karl);
    await approve(bot, 'otto', incident);
    expect(await wipeStates(bot)).toEqual(['approved']);
    const said = await bot.type('hana', '#helpdesk', 'lost device karl');
    expect(said.text).toContain('ask for wipes and close incidents');
    await bot.press(
      'hana',
      '#helpdesk',
      (said.answer.private?.blocks ?? []).flatMap((block) => (block.kind === 'buttons' ? block.buttons : []))[0]
        ?.action ?? '',
    );
    expect((await bot.type('slack:T1/UKARL', undefined, `close INC-${incident}`, karl)).text).toContain(suspended);
    await bot.type('ada', '#helpdesk', 'unlock wipes because over');
    await bot.click('ines', '#approvals', 'Approve');
    await bot.advance(1);
    expect(await asked(bot)).toBe(0);
    expect(await wipeStates(bot)).toEqual(['voided']);
  });

  it('is suspended with all mailboxes that policy lists for them', async () => {
    await bot.close();
    const policy = examplePolicy();
    const people = policy.people.map((person) =>
      person.name === 'Otto' ? { ...person, mailboxes: ['otto@contoso.example', 'karl@contoso.example'] } : person,
    );
    bot = await testPair({ policy: Policy.parse({ ...policy, people }) });
    const own = await lost(bot, 'karl');
    const incident = await lost(bot, 'alice.ng');
    await ask(bot, { incident });
    expect((await approve(bot, 'otto', incident)).text).toContain(suspended);
    await bot.type('sasha', '#security', 'restore otto because he called');
    await approve(bot, 'otto', incident);
    expect(await asked(bot)).toBe(1);
    // Nor do they approve with one mailbox a wipe of what belongs to another.
    await ask(bot, { incident: own, scope: 'full' });
    expect((await approve(bot, 'otto', own)).text).toContain('about your own device');
  });
});
