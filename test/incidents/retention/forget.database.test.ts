/** A person is forgotten by two admins: their words go, the chain and the decisions stay, and a backup does not bring them back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AuditSeal, openSeal } from '../../../src/audit/checkpoint.ts';
import { type ForgottenList, forgottenList } from '../../../src/incidents/retention/forgotten.ts';
import { Policy } from '../../../src/policy.ts';
import { examplePolicy, type TestBot, testBot } from '../../setup/bot.ts';
import { watchLocks } from '../../setup/lock-order.ts';
import { approve, ask, buttonIn, decide, lost } from '../scenes.ts';

let folder: string;
let seal: AuditSeal;
let forgotten: ForgottenList;
let bot: TestBot;
let alice: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mislaid-forget-'));
  seal = await openSeal({ folder });
  forgotten = forgottenList(folder);
  bot = await testBot({ seal, forgotten });
  const row = bot.db.selectFrom('person').select('guid').where('displayName', '=', 'Alice Ng');
  alice = (await row.executeTakeFirstOrThrow()).guid;
  await lost(bot, 'alice.ng');
  await ask(bot, { reason: 'Left in the secret taxi.' });
  await approve(bot, 'otto');
});
afterEach(async () => {
  await bot.close();
  await rm(folder, { recursive: true });
});

/** The case is over: the phone acknowledged, and somebody closed it. */
async function over(): Promise<void> {
  await bot.db.updateTable('wipe').set({ state: 'acknowledged', exchangeHolds: false }).execute();
  const closed = {
    state: 'closed',
    closedAt: bot.clock.now(),
    hold: 'closed',
    closeReason: 'Alice Ng has a new phone',
  } as const;
  await bot.db.updateTable('incident').set(closed).execute();
}

const ask2 = () => bot.type('ada', '#security', 'forget alice.ng because she left and asked for it');

/** What an admin is shown of the request. */
async function show(by: string) {
  const list = await bot.type(by, '#security', 'approvals');
  const button = buttonIn(list.answer, 'Show: Forget Alice Ng: erase what is kept of them');
  return button === undefined ? list : await bot.press(by, '#security', button);
}

async function forget(): Promise<void> {
  expect((await ask2()).text).toContain('one of them must approve');
  const shown = await show('ines');
  expect(shown.text).toContain('she left and asked for it');
  const decided = await decide(bot, 'ines', shown);
  expect(decided.text).toContain('Approved');
}

/** Every text of the database, of every table: what a reader of it finds. What policy.yaml lists is there as long as it lists it. */
async function everything(): Promise<string> {
  const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' and table_name not like 'lab\\_%' and table_name not like 'log\\_%'`.execute(
    bot.db,
  );
  const texts: string[] = [];
  for (const { name } of rows) {
    const all = await sql<{ text: string }>`select t::text as text from ${sql.table(name)} t`.execute(bot.db);
    texts.push(
      ...all.rows.map(({ text }) => `${name}: ${text}`).filter((text) => !text.startsWith('setting: (policy:')),
    );
  }
  return texts.join('\n');
}

describe('a person who is forgotten', () => {
  it('is nowhere any more: no name, no address, no reason', async () => {
    await over();
    expect(await everything()).toMatch(/secret taxi/);
    const locks = watchLocks();
    await forget();
    locks.stop();
    expect(locks.inversions).toEqual([]);

    const left = (await everything()).split('\n').filter((line) => /secret taxi|Alice Ng|alice\.ng/i.test(line));
    expect(left).toEqual([]);
  });

  it('leaves a chain that fits, with the content erased, and who decided', async () => {
    await over();
    await forget();
    await bot.type('sasha', '#security', 'audit verify');

    const said = bot.messagesIn('sasha').at(-1) ?? '';
    expect(said).toContain('The audit is whole');
    expect(said).toMatch(/\d+ entries: signature valid, content erased/);
    const decisions = await bot.db
      .selectFrom('audit')
      .select(['actorGuid', 'data'])
      .where('action', '=', 'approval.approved')
      .execute();
    expect(decisions[0]?.data).toMatchObject({ kind: 'wipe', payloadHash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(await bot.db.selectFrom('approvalDecision').selectAll().execute()).toHaveLength(2);
    expect((await bot.type('sasha', '#security', 'audit INC-101')).text).toContain('What was said was erased.');
    expect((await bot.type('sasha', '#security', 'status INC-101')).text).toContain('Somebody who was forgotten');
  });

  it('takes nobody else along', async () => {
    await lost(bot, 'bob');
    await over();
    await forget();
    expect(await everything()).toMatch(/Bob/);
    expect((await bot.type('sasha', '#security', 'audit INC-102')).text).not.toContain('erased');
  });

  it('is forgotten again when a backup is put back, by the list that is kept apart', async () => {
    await over();
    await forget();
    const list = await forgotten.read();
    expect(list).toMatchObject([{ person: alice }]);

    const second = await testBot({ seal, forgotten, startAt: bot.clock.now() });
    try {
      await sql`update person set guid = ${alice}, refreshed_at = 'epoch' where display_name = 'Alice Ng'`.execute(
        second.db,
      );
      await second.store.change((change) => change.enqueue('prune', {}, { key: 'start' }));
      await second.runner.settle();
      const row = await second.db
        .selectFrom('person')
        .select('displayName')
        .where('guid', '=', alice)
        .executeTakeFirst();
      expect(row?.displayName).toBe('Somebody who was forgotten');
    } finally {
      await second.close();
    }
  });
});

describe('nobody is forgotten', () => {
  it('by one admin alone, nor by the helpdesk', async () => {
    await over();
    await ask2();
    expect((await decide(bot, 'ada', await show('ada'))).text).not.toContain('Approved');
    expect((await bot.type('hana', '#helpdesk', 'forget alice.ng because of me')).text).not.toContain(
      'asked the other admins',
    );
    expect(await everything()).toMatch(/secret taxi/);
  });

  it.each([
    ['they have an open incident', async () => undefined, 'open incident: INC-101'],
    [
      'Exchange still holds a request',
      async () => {
        await over();
        await bot.db.updateTable('wipe').set({ state: 'given-up', exchangeHolds: true }).execute();
      },
      'by a request of INC-101',
    ],
    [
      'a review is due',
      async () => {
        await over();
        const wipe = await bot.db.selectFrom('wipe').select('id').executeTakeFirstOrThrow();
        const row = { wipeId: wipe.id, incidentNumber: 101, actorGuid: 'x', actorIdentity: 'console:ada' };
        await bot.db
          .insertInto('wipeReview')
          .values({ ...row, dueAt: bot.clock.now(), closedAt: null, closedBy: null, finding: null })
          .execute();
      },
      'review of a break-glass wipe is due',
    ],
  ])('while %s', async (_what, prepare, said) => {
    await prepare();
    expect((await ask2()).text).toContain(said);
    expect(await bot.db.selectFrom('approval').select('id').where('subjectKind', '=', 'forget').execute()).toEqual([]);
  });

  it('with one mailbox while a phone of another mailbox of theirs is lost; then with all of them', async () => {
    const listed = examplePolicy().people.filter(({ name }) => name !== 'Bob');
    const people = listed.map((person) =>
      person.name === 'Alice Ng' ? { ...person, mailboxes: [person.mailbox, 'bob@contoso.example'] } : person,
    );
    await bot.setPolicy(Policy.parse({ ...examplePolicy(), people }));
    await over();
    await lost(bot, 'bob');
    expect((await ask2()).text).toContain('open incident: INC-102');
    await over();
    await ask2();
    const shown = await show('ines');
    expect(shown.text).toContain('1 other mailbox of theirs');
    expect((await decide(bot, 'ines', shown)).text).toContain('Approved');
    const left = await bot.db.selectFrom('person').select('guid').where('displayName', '=', 'Bob Tanaka').execute();
    expect(left).toEqual([]);
    expect((await forgotten.read()).length).toBe(2);
  });

  it('who still holds a role, by which others are told or decide', async () => {
    expect((await bot.type('ada', '#security', 'forget sasha because she is in the way')).text).toContain(
      'They hold roles',
    );
    expect(await bot.db.selectFrom('approval').select('id').where('subjectKind', '=', 'forget').execute()).toEqual([]);
  });

  it('whose phone is reported lost after it was asked for', async () => {
    await over();
    await ask2();
    const shown = await show('ines');
    await lost(bot, 'alice.ng', 'hugo');

    expect((await decide(bot, 'ines', shown)).text).toContain('open incident');
    expect(await everything()).toMatch(/secret taxi/);
  });
});
