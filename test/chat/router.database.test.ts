import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { mintMessage } from '../../src/chat/actions.ts';
import { resolveActor } from '../../src/chat/actor.ts';
import { Inbox } from '../../src/chat/inbox.ts';
import type { Sender } from '../../src/chat/port.ts';
import { Router, type RouterParts } from '../../src/chat/router.ts';
import { type AnyCommand, type CommandContext, defineCommand } from '../../src/commands/command.ts';
import { helpCommand } from '../../src/commands/me/help.ts';
import { whoamiCommand } from '../../src/commands/me/whoami.ts';
import { MislaidError } from '../../src/ground/errors.ts';
import { Approvals } from '../../src/incidents/approvals/approvals.ts';
import type { Answer, Block, DraftAnswer } from '../../src/message/model.ts';
import { button, buttons, paragraph } from '../../src/message/text.ts';
import { type TestStore, testStore } from '../setup/store.ts';
import { addPeople, incoming, openIncident, policy, sender } from './people.ts';

let at: TestStore;
const seen: { id: string; args: unknown; context: CommandContext }[] = [];
const handled: string[] = [];
/** What the next run of `wipe` does after its effect. */
let afterEffect: () => Promise<void> = async () => {};

beforeAll(async () => {
  at = await testStore();
  await addPeople(at);
});
afterAll(() => at.close());
beforeEach(async () => {
  for (const table of ['chatIdentity', 'incident', 'delivery', 'inbox', 'setting', 'storedAction'] as const) {
    await at.db.deleteFrom(table).execute();
  }
  at.audited.length = 0;
  seen.length = 0;
  handled.length = 0;
  afterEffect = async () => {};
});

const lost = defineCommand({
  id: 'lost-device',
  topic: 'me',
  patterns: ['lost device <person>'],
  examples: ['lost device alice'],
  args: z.object({ person: z.string().min(1) }),
  roles: ['helpdesk', 'security'],
  effect: 'report',
  summary: 'Open an incident',
  run: async (context, args) => {
    seen.push({ id: 'lost-device', args, context });
    return { private: { tone: 'neutral', blocks: [paragraph('opened')] } };
  },
});

/** Its effect is a row of its own in `setting`, so that tests count effects. */
const wipe = defineCommand({
  id: 'wipe',
  topic: 'me',
  patterns: ['wipe <incident> because <reason...>'],
  examples: ['wipe INC-104 because stolen'],
  args: z.object({
    incident: z.number().int().positive(),
    reason: z.string().min(3, 'Say why in a few words.').optional(),
  }),
  roles: ['helpdesk'],
  effect: 'destroy',
  summary: 'Ask for a wipe',
  run: async (context, args) => {
    seen.push({ id: 'wipe', args, context });
    if (args.reason === undefined) {
      return {
        form: {
          id: 'wipe',
          title: 'Wipe',
          fields: [{ kind: 'text', id: 'reason', label: 'Why', multiline: true, maxLength: 200, required: true }],
          submit: { label: 'Propose', action: { command: 'wipe', args: { incident: args.incident } } },
        },
      };
    }
    await context.store.change(async ({ tx }) => {
      await tx
        .insertInto('setting')
        .values({ key: `effect-${seen.length}`, value: '{}' })
        .execute();
      await afterEffect();
    });
    return {};
  },
});

const report = defineCommand({
  id: 'report-lost',
  topic: 'me',
  patterns: ['i lost my phone'],
  examples: ['I lost my phone'],
  args: z.object({}),
  roles: ['user'],
  effect: 'report',
  anyPlace: true,
  summary: 'Report your own phone',
  run: async () => ({
    private: { tone: 'neutral', blocks: [buttons(button('It is the iPhone', 'lost-device', { person: 'alice' }))] },
  }),
});

const lock = defineCommand({
  id: 'lock-wipes',
  topic: 'me',
  patterns: ['lock wipes'],
  examples: ['lock wipes'],
  args: z.object({}),
  roles: ['admin', 'helpdesk'],
  whileSuspended: true,
  effect: 'change',
  summary: 'Stop every wipe',
  run: async (context, args) => {
    seen.push({ id: 'lock-wipes', args, context });
    return {};
  },
});

const all: readonly AnyCommand[] = [lost, wipe, report, lock, helpCommand, whoamiCommand];

function desk(more: Partial<RouterParts> = {}) {
  const { store, db, clock, ids } = at;
  const log = pino({ level: 'silent' });
  const router = new Router({
    store,
    approvals: new Approvals([]),
    evidence: [],
    commands: all,
    policy,
    organisation: 'lab',
    clock,
    ids,
    log,
    metrics: { commandHandled: (command, outcome) => handled.push(`${command}:${outcome}`) },
    ...more,
  });
  // What is said is stored, however long the machine takes over it: only one test here is about time.
  return new Inbox({ store, db, clock, router, log, insertTimeoutMs: 60_000 });
}

async function answerTo(
  said: string | Parameters<typeof incoming>[0],
  from: Sender | string,
  place?: string,
  more = {},
) {
  const what = typeof said === 'string' ? { kind: 'sentence' as const, text: said } : said;
  const who = typeof from === 'string' ? sender(from) : from;
  const reception = await desk(more).onCommand(incoming(what, who, place));
  if (reception.kind !== 'stored') throw new Error(`it was ${reception.kind}`);
  return await reception.answer;
}

function words(answer: Answer | DraftAnswer): string {
  const blocks: readonly Block<unknown>[] = answer.private?.blocks ?? [];
  return blocks
    .flatMap((block) => (block.kind === 'text' ? block.text : []))
    .map((span) => ('text' in span ? span.text : ''))
    .join('');
}

const effects = async () => (await at.db.selectFrom('setting').select('key').execute()).length;
const inbox = () => at.db.selectFrom('inbox').selectAll().orderBy('id').execute();
const decisions = () => at.audited.map(({ action, data }) => [action, data.code ?? data.command]);

async function buttonFor(command: string, args: Record<string, unknown>): Promise<string> {
  const message = await mintMessage(
    { db: at.db, subject: 'incident:104', ids: at.ids, now: at.clock.now() },
    { tone: 'neutral', blocks: [buttons(button('Press', command, args))] },
  );
  const block = message.blocks[0];
  return block?.kind === 'buttons' ? (block.buttons[0]?.action ?? '') : '';
}

describe('a command', () => {
  test('is parsed, allowed, run, answered and marked', async () => {
    const answer = await answerTo('lost device alice', 'console:hana', 'console:#helpdesk', { mark: 'LAB' });
    expect(answer.private?.title).toBe('LAB');
    expect(words(answer)).toBe('opened');
    expect(seen[0]).toMatchObject({
      args: { person: 'alice' },
      context: { place: 'console:#helpdesk', via: 'sentence', organisation: 'lab' },
    });
    expect(await inbox()).toMatchObject([{ state: 'handled', command: 'lost-device', outcome: 'done' }]);
    expect(handled).toEqual(['lost-device:done']);
    expect(at.audited).toMatchObject([
      { action: 'command.allowed', data: { command: 'lost-device', via: 'sentence', place: 'console:#helpdesk' } },
    ]);
  });

  test('that destroys is recorded in the transaction of its effect', async () => {
    await answerTo('wipe INC-104 because stolen', 'console:hana');
    expect(await effects()).toBe(1);
    expect(at.audited).toMatchObject([{ action: 'command.allowed', incident: 104, data: { effect: 'destroy' } }]);
    expect(JSON.stringify(at.audited)).not.toContain('stolen');
  });

  test('that only reads leaves nothing in the audit', async () => {
    await answerTo('whoami', 'console:hana');
    expect(at.audited).toEqual([]);
  });

  test.each([
    [
      'by a user',
      'wipe INC-104 because stolen',
      sender('slack:T1/UA', { email: 'alice@contoso.example' }),
      undefined,
      'role-missing',
      /Wipes are in the hands of helpdesk\. You can say: I lost my phone · whoami · help/,
    ],
    [
      'where others read along',
      'lost device alice',
      sender('console:hana'),
      'console:#general',
      'place-not-named',
      /private conversation/,
    ],
    [
      'by a stranger',
      'lost device alice',
      sender('slack:T9/U', { outsider: 'stranger' }),
      undefined,
      'outsider',
      /other organisations/,
    ],
  ])('%s is refused, and changes nothing', async (_, text, from, place, code, sentence) => {
    expect(words(await answerTo(text, from, place))).toMatch(sentence);
    expect(seen).toEqual([]);
    expect(at.audited).toMatchObject([{ action: 'command.refused', data: { code } }]);
    expect(await inbox()).toMatchObject([{ state: 'handled', outcome: code }]);
  });

  test('refused to somebody who reported his own phone tells him of his report', async () => {
    const number = await openIncident(at, 'alice', true);
    const alice = sender('slack:T1/UA', { email: 'alice@contoso.example' });
    expect(words(await answerTo('wipe INC-104 because stolen', alice))).toContain(
      `I have passed your report on: INC-${number}.`,
    );
  });

  test('that harms nobody may be typed anywhere', async () => {
    for (const text of ['help', 'whoami', 'I lost my phone']) {
      const answer = await answerTo(text, 'console:hana', 'console:#general');
      expect(answer.private).toBeDefined();
    }
    expect(handled).toEqual(['help:done', 'whoami:done', 'report-lost:done']);
  });

  test('from a suspended person is refused, but for the lock', async () => {
    await openIncident(at, 'hana');
    expect(words(await answerTo('wipe INC-104 because stolen', 'console:hana'))).toMatch(
      /a device of your own was reported \(INC-\d+\)/,
    );
    await answerTo('lock wipes', 'console:hana');
    expect(seen.map(({ id }) => id)).toEqual(['lock-wipes']);
    expect(decisions()).toEqual([
      ['command.refused', 'suspended'],
      ['command.allowed', 'lock-wipes'],
    ]);
  });

  test('on a console beside a real Exchange only reads, but for the lock', async () => {
    const more = { readOnlyPlatforms: ['console:'] };
    expect(words(await answerTo('lost device alice', 'console:hana', undefined, more))).toMatch(/only reads/);
    await answerTo('lock wipes', 'console:ada', undefined, more);
    await answerTo('whoami', 'console:hana', undefined, more);
    expect(handled).toEqual(['lost-device:read-only', 'lock-wipes:done', 'whoami:done']);
  });

  test('with bad arguments gets the reason and an example', async () => {
    expect(words(await answerTo('wipe INC-104 because x', 'console:hana'))).toBe(
      'I understood the command, but not all of it. Say why in a few words. Nothing was done. For example: wipe INC-104 because stolen',
    );
  });

  test('that nobody understands gets only what the person may say here', async () => {
    const none = words(await answerTo('make me a sandwich', 'console:otto', 'console:#general'));
    expect(none).toContain('I did not understand, and did nothing.');
    expect(none).not.toContain('wipe');
    expect(words(await answerTo('lsot device alice', 'console:hana'))).toContain('Did you mean:');
    expect(words(await answerTo('lsot device alice', 'console:otto'))).not.toContain('lost device alice');
    expect(words(await answerTo('x'.repeat(10_000), 'console:hana'))).toMatch(/10,000 characters/);
    expect(words(await answerTo('lost device a\u0000b\uD83D', 'console:hana'))).toMatch(/cannot be seen/);
    expect(seen).toEqual([]);
  });

  test('of a bot gets no answer at all', async () => {
    expect(await answerTo('help', sender('slack:T1/BOT', { outsider: 'bot' }))).toEqual({});
  });
});

describe('an error', () => {
  test('of ours is said in its own words, and nothing stays', async () => {
    afterEffect = async () => {
      throw new MislaidError({ code: 'too-late', message: 'detail', userMessage: 'The approval is void.' });
    };
    expect(words(await answerTo('wipe INC-104 because stolen', 'console:hana'))).toBe('The approval is void.');
    expect(await effects()).toBe(0);
    expect(await inbox()).toMatchObject([{ state: 'handled', command: 'wipe', outcome: 'too-late' }]);
  });

  test('of any other kind gets a reference, and its text is not shown', async () => {
    afterEffect = async () => {
      throw new Error('password hunter2');
    };
    const text = words(await answerTo('wipe INC-104 because stolen', 'console:hana'));
    expect(text).toMatch(/^Something went wrong on my side \(reference C-\d+\); nothing was changed\.$/);
    expect(await effects()).toBe(0);
    expect(handled).toEqual(['wipe:failed']);
  });
});

describe('a click', () => {
  test('is authorised again, and a refused one consumes nothing', async () => {
    const action = await buttonFor('wipe', { incident: 104, reason: 'stolen' });
    expect(words(await answerTo({ kind: 'click', action }, 'console:otto'))).toMatch(/still works for them/);
    await answerTo({ kind: 'click', action }, 'console:hana');
    expect(await effects()).toBe(1);
    expect(seen.map(({ context }) => context.via)).toEqual(['click']);
  });

  test('twice, also at the same moment, has one effect', async () => {
    const action = await buttonFor('wipe', { incident: 104, reason: 'stolen' });
    const answers = await Promise.all([1, 2, 3].map(() => answerTo({ kind: 'click', action }, 'console:hana')));
    expect(await effects()).toBe(1);
    expect(answers.map(words).filter((text) => text.includes('already'))).toHaveLength(2);
  });

  test('whose command failed may be clicked again', async () => {
    const action = await buttonFor('wipe', { incident: 104, reason: 'stolen' });
    afterEffect = async () => {
      throw new Error('lost the database');
    };
    await answerTo({ kind: 'click', action }, 'console:hana');
    afterEffect = async () => {};
    await answerTo({ kind: 'click', action }, 'console:hana');
    expect(await effects()).toBe(1);
  });

  test('on a button that nobody knows says so', async () => {
    expect(words(await answerTo({ kind: 'click', action: 'forged' }, 'console:hana'))).toMatch(/not known any more/);
  });

  test('that reads may be repeated', async () => {
    const action = await buttonFor('whoami', {});
    for (const _ of [1, 2]) {
      expect((await answerTo({ kind: 'click', action }, 'console:hana')).private?.title).toBe('You');
    }
  });
});

describe('a form', () => {
  test('opens, shows problems beside its fields, and takes effect once; it cannot be bent to another incident', async () => {
    const opened = await answerTo(
      { kind: 'click', action: await buttonFor('wipe', { incident: 104 }) },
      'console:hana',
    );
    const action = opened.form?.submit.action ?? '';
    expect(await answerTo({ kind: 'form', action, values: { reason: ' \u202E' } }, 'console:hana')).toEqual({
      fieldErrors: { reason: 'Say why in a few words.' },
    });
    const values = { reason: 'left in\r\na taxi', incident: '105' };
    expect(await answerTo({ kind: 'form', action, values }, 'console:hana')).toEqual({});
    expect(seen.at(-1)?.args).toEqual({ incident: 104, reason: 'left in\na taxi' });
    expect(words(await answerTo({ kind: 'form', action, values }, 'console:hana'))).toMatch(/already/);
    expect(await effects()).toBe(1);
  });
});

test('a shortcut is "lost device" for the author of the message', async () => {
  const { store, clock } = at;
  const alice = sender('slack:T1/UA', { email: 'alice@contoso.example' });
  await resolveActor({ store, policy, organisation: 'lab', sender: alice, clock });
  const by = (author: string) => ({ kind: 'shortcut' as const, author, text: 'my phone is gone' });
  await answerTo(by('slack:T1/UA'), 'slack:T1/UHANA', 'slack:T1/CANY');
  expect(seen[0]).toMatchObject({ args: { person: 'alice@contoso.example' }, context: { via: 'shortcut' } });
  expect(words(await answerTo(by('slack:T1/UNKNOWN'), 'slack:T1/UHANA'))).toMatch(/whose chat account/);
});

test('an opened home page is delivered', async () => {
  expect(await answerTo({ kind: 'home' }, 'slack:T1/UHANA')).toEqual({});
  const rows = await at.db.selectFrom('delivery').select(['kind', 'identity']).execute();
  expect(rows).toEqual([{ kind: 'home', identity: 'slack:T1/UHANA' }]);
});

describe('reception', () => {
  const hana = sender('console:hana');
  const say = (text: string) => incoming({ kind: 'sentence', text }, hana, 'console:#helpdesk');

  test('takes the same event once, also at the same moment', async () => {
    const said = say('wipe INC-104 because stolen');
    const receptions = await Promise.all([1, 2, 3].map(() => desk().onCommand(said)));
    await Promise.all(receptions.map((each) => (each.kind === 'stored' ? each.answer : undefined)));
    expect(receptions.map(({ kind }) => kind).sort()).toEqual(['duplicate', 'duplicate', 'stored']);
    expect(await effects()).toBe(1);
  });

  test('says so when it cannot store in time, and what lands later is never handled', async () => {
    const { store, db, clock, ids } = at;
    const log = pino({ level: 'silent' });
    const router = new Router({
      store,
      approvals: new Approvals([]),
      evidence: [],
      commands: all,
      policy,
      organisation: 'lab',
      clock,
      ids,
      log,
    });
    const slow = new Inbox({ store, db, clock, router, log, insertTimeoutMs: 50 });
    const said = say('wipe INC-104 because stolen');
    const late = await db.transaction().execute(async (tx) => {
      // Whoever holds the table keeps the insert waiting.
      await tx
        .insertInto('inbox')
        .values({ eventKey: said.eventKey, identity: 'x', incoming: '{}', receivedAt: clock.now(), state: 'stored' })
        .execute();
      const reception = await slow.onCommand(said);
      await tx.deleteFrom('inbox').execute();
      return reception;
    });
    expect(late).toMatchObject({ kind: 'not-stored', userMessage: expect.stringMatching(/nothing was done/) });
    await slow.idle();
    expect(await inbox()).toMatchObject([{ state: 'refused' }]);
    await slow.recover();
    expect(await effects()).toBe(0);
    // The platform sends the event again: now it counts.
    const patient = desk();
    const again = await patient.onCommand(said);
    expect(again.kind).toBe('stored');
    await patient.idle();
    expect(await effects()).toBe(1);
  });

  test('survives a database that refuses', async () => {
    const { store, clock, ids } = at;
    const log = pino({ level: 'silent' });
    const router = new Router({
      store,
      approvals: new Approvals([]),
      evidence: [],
      commands: all,
      policy,
      organisation: 'lab',
      clock,
      ids,
      log,
    });
    const closed = await testStore();
    await closed.close();
    const broken = new Inbox({ store, db: closed.db, clock, router, log });
    expect(await broken.onCommand(say('help'))).toMatchObject({ kind: 'not-stored' });
    await broken.idle();
  });

  describe('after a restart', () => {
    async function stored(text: string, minutesAgo: number, said?: Parameters<typeof incoming>[0]): Promise<void> {
      const what = incoming(said ?? { kind: 'sentence', text }, hana, 'console:#helpdesk');
      await at.db
        .insertInto('inbox')
        .values({
          eventKey: what.eventKey,
          identity: hana.identity,
          incoming: JSON.stringify(what),
          receivedAt: new Date(at.clock.now().getTime() - minutesAgo * 60_000),
          state: 'stored',
        })
        .execute();
    }
    const told = async () => {
      const rows = await at.db.selectFrom('delivery').select(['identity', 'draft']).orderBy('id').execute();
      return rows.map(({ identity, draft }) => [identity, words(draft === null ? {} : { private: draft })]);
    };

    test('takes up what is young, and of the old only reads, reports and the lock', async () => {
      await stored('wipe INC-104 because stolen', 1);
      await stored('wipe INC-105 because stolen', 3);
      await stored('lost device alice', 30);
      await stored('lock wipes', 30);
      await desk().recover();
      expect(seen.map(({ id, args }) => [id, args])).toEqual([
        ['wipe', { incident: 104, reason: 'stolen' }],
        ['lost-device', { person: 'alice' }],
        ['lock-wipes', {}],
      ]);
      expect((await inbox()).map(({ state }) => state)).toEqual(['handled', 'too-old', 'handled', 'handled']);
      expect(await told()).toEqual([
        ['console:hana', expect.stringMatching(/^I was away .* say it again\.$/)],
        ['console:hana', 'opened'],
      ]);
    });

    test('asks again where a form would have opened, and does not read what it cannot', async () => {
      await stored('', 1, { kind: 'click', action: await buttonFor('wipe', { incident: 104 }) });
      await at.db
        .insertInto('inbox')
        .values({ eventKey: 'old', identity: 'x', incoming: '{"v":0}', receivedAt: at.clock.now(), state: 'stored' })
        .execute();
      await desk().recover();
      expect(await told()).toEqual([
        ['console:hana', 'I was away when you said this. Please press the button or say it again.'],
      ]);
      expect((await inbox()).map(({ state }) => state)).toEqual(['handled', 'too-old']);
    });

    test('in two processes at once has one effect', async () => {
      await stored('wipe INC-104 because stolen', 1);
      await Promise.all([desk().recover(), desk().recover()]);
      expect(await effects()).toBe(1);
      expect(await inbox()).toMatchObject([{ state: 'handled', outcome: 'done' }]);
    });

    test('is not waited for: another process takes up what waited at two looks, once', async () => {
      const other = desk();
      await stored('lost device alice', 0);
      await other.recoverOthers();
      // It may be under way where it was stored.
      expect(seen).toEqual([]);
      await other.recoverOthers();
      expect(seen.map(({ id }) => id)).toEqual(['lost-device']);
      expect(await inbox()).toMatchObject([{ state: 'handled', outcome: 'done' }]);
      await other.recoverOthers();
      expect(seen).toHaveLength(1);
    });

    test('a process leaves alone what it handles itself', async () => {
      const own = desk();
      let go: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        go = resolve;
      });
      afterEffect = () => held;
      const reception = await own.onCommand(say('wipe INC-104 because stolen'));
      await own.recoverOthers();
      await own.recoverOthers();
      go();
      await own.idle();
      expect(reception.kind).toBe('stored');
      expect(seen).toHaveLength(1);
      expect(await effects()).toBe(1);
      expect(await told()).toEqual([]);
    });
  });
});
