/** People in words of their own: what is answered, asked back by button, passed on, and never done by a misreading. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approve, ask, buttonIn, lost } from '../incidents/scenes.ts';
import { type TestBot, testBot } from '../setup/bot.ts';

let bot: TestBot;
beforeAll(async () => {
  bot = await testBot();
});
afterAll(() => bot.close());

async function cases(): Promise<number> {
  return (await bot.db.selectFrom('incident').select('number').execute()).length;
}

describe('never a guess', () => {
  it('the beginning of a name opens nothing and suspends nobody: it offers a button', async () => {
    const said = await bot.type('hana', '#helpdesk', 'lost device ot');
    expect(said.text).toContain('only the beginning of a name');
    expect(await cases()).toBe(0);
    expect(await bot.db.selectFrom('suspension').select('id').execute()).toEqual([]);
    expect(buttonIn(said.answer, 'Otto Lindqvist')).toBeDefined();
  });

  it.each([
    ['hi, bob has lost his phone', 'Bob Tanaka has lost their phone?', 'Open a case'],
    ['user alice moreau’s phone got stolen in the tube', 'The phone of Alice Moreau was stolen?', 'It is only lost'],
    ['freeze everything', 'Stop all wipes?', 'Stop all wipes'],
    ['alice left her phone in a taxi', 'Whose phone is lost?', 'Alice Ng'],
  ])('"%s" is asked back', async (sentence, question, label) => {
    const by = sentence.startsWith('freeze') ? 'otto' : 'hana';
    const said = await bot.type(by, by === 'otto' ? '#approvals' : '#helpdesk', sentence);
    expect(said.text).toContain(question);
    expect(buttonIn(said.answer, label)).toBeDefined();
    expect(buttonIn(said.answer, 'No')).toBeDefined();
    expect(await cases()).toBe(0);
    expect((await bot.click(by, by === 'otto' ? '#approvals' : '#helpdesk', 'No')).text).toContain(
      'Then I did nothing',
    );
    expect((await bot.type('hana', '#helpdesk', 'status')).text).toContain('Wipes are not locked');
  });

  it.each(['lost signal in the tunnel, back now', 'lost signal', 'lost the plot'])(
    '"%s" is about nobody: no report is offered for it, and no name looked up',
    async (sentence) => {
      const said = await bot.type('hana', '#helpdesk', sentence);
      expect(said.text).toContain('I did not understand, and did nothing');
      expect(said.text).not.toContain('I know no one called');
      expect(await cases()).toBe(0);
    },
  );

  it('a name that may be of somebody whom the directory does not know yet is looked up', async () => {
    expect((await bot.type('hana', '#helpdesk', 'lost device wilma flint')).text).toContain(
      'I know no one called “wilma flint”',
    );
  });

  it.each([
    ['Tom Fisher lost his phone', 'Tom O’Brien', 'Open a case'],
    ['renee@example.com says her mobile was stolen', 'Renée Dubois', 'It is only lost'],
    ['what phones does Victoria Stone have?', 'Who is meant?', 'Victoria Stern'],
    ['when did renee@example.com last sync?', 'Who is meant?', 'Renée Dubois'],
  ])('"%s" names nobody quite: it is asked', async (sentence, shown, label) => {
    const said = await bot.type('hana', '#helpdesk', sentence);
    expect(said.text.replaceAll("'", '’')).toContain(shown);
    expect(buttonIn(said.answer, label)).toBeDefined();
    expect(await cases()).toBe(0);
  });

  it('an address that nobody has opens nothing', async () => {
    const said = await bot.type('hana', '#helpdesk', 'nobody.here@example.com lost her phone');
    expect(said.text).toContain('nobody.here@example.com');
    expect(await cases()).toBe(0);
  });

  it('what a button cannot give is said in full', async () => {
    const said = await bot.type('sasha', '#security', 'You can lift the freeze now, thank you.');
    expect(said.text).toContain('Say it with your reason');
    expect(said.text).toContain('unlock wipes because');
  });

  it('where nothing fits, three things in words are offered, and no pattern', async () => {
    const said = await bot.type('hana', '#helpdesk', 'make me a sandwich');
    expect(said.text).toContain('I did not understand, and did nothing');
    expect(said.text).not.toMatch(/[<|]/);
  });
});

describe('a user', () => {
  it('learns whom to call about somebody else or another thing', async () => {
    expect((await bot.type('bob', undefined, 'karl lost his phone')).text).toContain('call the helpdesk for them');
    expect((await bot.type('bob', undefined, 'I lost my laptop')).text).toContain('For the laptop, call the helpdesk');
    expect((await bot.type('bob', undefined, "can I reset karl's password?")).text).toContain('only about your own');
    expect(await cases()).toBe(0);
  });

  it('asks about their own password, and what else they say reaches the helpdesk', async () => {
    expect((await bot.type('bob', undefined, 'can i change my password?')).text).toContain('no lost phone of yours');
    const asked = await bot.type('bob', undefined, 'help my phone got nicked');
    await bot.press('bob', undefined, buttonIn(asked.answer, 'Report it as stolen') ?? '');
    expect(await cases()).toBe(1);
    const own = await bot.type('bob', undefined, 'can i change my password?');
    expect(own.text).toContain('Not yet. Please do not change your password yourself.');
    expect(own.text).not.toContain('log in');

    expect((await bot.type('bob', undefined, 'I changed my password')).text).toContain('I have passed it on');
    expect(bot.find('#helpdesk', 'I changed my password')).toContain('The owner writes, from chat');
  });
});

describe('the question for which the bot exists', () => {
  it('is answered with that hold: not yet, why and until when; then yes, and since when', async () => {
    expect((await bot.type('hana', '#helpdesk', 'reset password mei')).text).toContain(
      'I know of no lost phone of Mei Lin',
    );
    const n = await lost(bot, 'alice.ng');
    for (const sentence of [
      'reset alice.ng’s password',
      'is it safe to reset alice ngs password',
      `password INC-${n}`,
    ]) {
      const said = await bot.type('hana', '#helpdesk', sentence);
      expect(said.text).toContain("Not yet. No wipe of Alice's phone is on its way");
      expect(said.text).toContain('at the latest');
    }
    await ask(bot, { incident: n });
    await approve(bot, 'otto', n);
    expect((await bot.type('otto', '#approvals', 'alice ng password?')).text).toContain('has a wipe on its way');

    const form = await bot.type('hana', '#helpdesk', `reset anyway INC-${n}`);
    expect(form.text).toContain('Not yet.');
    expect((await bot.submit('hana', '#helpdesk', { reason: '' })).text).toContain('Say why');
    await bot.submit('hana', '#helpdesk', { reason: 'Somebody reads their mail', lost: true });
    expect((await bot.type('hana', '#helpdesk', 'can i reset alice.ng’s password?')).text).toMatch(
      /Yes, since .+Somebody reads their mail/,
    );
  });
});

describe('without a number', () => {
  it('what can be taken back is offered for a case that one chooses', async () => {
    const said = await bot.type('hana', '#helpdesk', 'undo');
    expect(said.text).toContain('Which case?');
    expect(buttonIn(said.answer, 'INC-101 · Bob Tanaka')).toBeDefined();
    expect((await bot.type('hana', '#helpdesk', 'undo INC-101')).text).toContain('What do you take back?');
  });

  it('in a thread it is the case of that thread', async () => {
    const { ref } = await bot.db
      .selectFrom('card')
      .select('ref')
      .where('subject', '=', 'incident:101')
      .where('ref', 'is not', null)
      .executeTakeFirstOrThrow();
    const say = async (text: string) => {
      const said = await bot.adapter.say({
        eventKey: `thread-${text}`,
        sender: { identity: 'console:hana', displayName: 'Hana' },
        place: 'console:#helpdesk',
        thread: ref ?? '',
        input: { kind: 'sentence', text },
      });
      return said.kind === 'stored' ? JSON.stringify(await said.answer) : '';
    };
    expect(await say('what now')).toContain('INC-101');
    expect(await say('undo')).toContain('INC-101');
    expect(await say('can I reset the password')).toContain('Not yet.');
    expect(await say('close it')).toContain('Close a case: INC-101?');
  });
});
