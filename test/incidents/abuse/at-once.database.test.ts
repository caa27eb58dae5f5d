/** Two things at the same moment: whichever comes first, the second sees it, because both look under the incident's lock. */
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { issueWipe } from '../../../src/incidents/wipe/issue-wipe.ts';
import { type TestBot, testPair } from '../../setup/bot.ts';
import { eventually } from '../../setup/eventually.ts';
import { type LockWatch, watchLocks } from '../../setup/lock-order.ts';
import { approve, ask, asked, buttonIn, lost, resetAnyway, wipeStates } from '../scenes.ts';

let bot: TestBot;
let locks: LockWatch;
beforeEach(async () => {
  bot = await testPair();
  locks = watchLocks();
});
afterEach(async () => {
  locks.stop();
  await bot.close();
  expect(locks.inversions).toEqual([]);
});

const quiet = { settle: false };

/** Starts both while somebody else holds the incident, or Otto's row, in this order, and lets them go on once both wait. */
async function atOnce(rows: 'incident' | 'person', ...both: (() => Promise<unknown>)[]): Promise<void> {
  let running: Promise<unknown>[] = [];
  await bot.db.transaction().execute(async (tx) => {
    const held = tx.selectFrom(rows).selectAll().forUpdate();
    await (rows === 'person' ? held.where(sql`display_name`, '=', 'Otto Lindqvist') : held).execute();
    for (const [index, start] of both.entries()) {
      running = [...running, start()];
      await eventually(async () => expect(await waiting()).toBe(index + 1));
    }
  });
  await Promise.all(running);
  await bot.runner.settle();
}

async function waiting(): Promise<number> {
  const { rows } = await sql<{ waiting: number }>`
    select count(*)::int as waiting from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`.execute(bot.db);
  return rows[0]?.waiting ?? 0;
}

/** A closed incident has nothing that waits or may still be issued. */
async function expectNothingLeft(): Promise<void> {
  const closed = await bot.db
    .selectFrom('incident')
    .leftJoin('wipe', 'wipe.incidentNumber', 'incident.number')
    .leftJoin('approval', 'approval.incidentNumber', 'incident.number')
    .select(['incident.number', 'wipe.state as wipe', 'approval.state as approval'])
    .where('incident.state', '=', 'closed')
    .where((eb) =>
      eb.or([
        eb('wipe.state', 'in', ['awaiting-approval', 'approved', 'issuing']),
        eb('approval.state', 'in', ['waiting', 'approved']),
      ]),
    )
    .execute();
  expect(closed).toEqual([]);
}

/** The form is filled in before; its submission is what happens at once. */
async function wipeForm(): Promise<() => Promise<unknown>> {
  await bot.type('hana', '#helpdesk', 'wipe INC-101 1', quiet);
  return () => bot.submit('hana', '#helpdesk', { scope: 'account-only', reason: 'In a taxi.', how: 'manager' }, quiet);
}

describe.each([
  [
    'the owner takes the report back',
    () => bot.type('alice.ng', undefined, 'i lost my phone'),
    () => bot.type('alice.ng', undefined, 'found it', quiet),
  ],
  ['the helpdesk closes it', () => lost(bot, 'alice.ng'), () => bot.type('hugo', '#helpdesk', 'close INC-101', quiet)],
] as const)('a wipe is proposed while %s', (_what, opened, ending) => {
  it.each(['wipe first', 'wipe second'])(
    '%s: no closed incident has a wipe that waits, and none is issued',
    async (order) => {
      await opened();
      const wipe = await wipeForm();
      await atOnce('incident', ...(order === 'wipe first' ? [wipe, ending] : [ending, wipe]));
      await expectNothingLeft();
      await approve(bot, 'otto');
      const { state } = await bot.db.selectFrom('incident').select('state').executeTakeFirstOrThrow();
      expect([state, await asked(bot)]).toEqual(order === 'wipe first' ? ['open', 1] : ['closed', 0]);
    },
  );
});

it.each(['approved first', 'approved second'])(
  'approved while the helpdesk says found, %s: nothing is issued',
  async (order) => {
    await lost(bot, 'alice.ng');
    await ask(bot);
    const shown = await bot.type('otto', '#approvals', 'approve INC-101');
    await bot.type('hugo', '#helpdesk', 'found INC-101');
    const yes = () => bot.press('otto', '#approvals', buttonIn(shown.answer, 'Approve') ?? '', quiet);
    const found = () => bot.submit('hugo', '#helpdesk', { reason: 'In their bag.', how: 'In person.' }, quiet);
    await atOnce('incident', ...(order === 'approved first' ? [yes, found] : [found, yes]));
    expect(await wipeStates(bot)).toEqual(['withdrawn']);
    expect(await asked(bot)).toBe(0);
  },
);

it.each(['claimed first', 'claimed second'])(
  'issued while the helpdesk says found, %s: it is asked of Exchange and said so, or taken back',
  async (order) => {
    await lost(bot, 'alice.ng');
    await ask(bot);
    await approve(bot, 'otto', 101, undefined, quiet);
    await bot.type('hugo', '#helpdesk', 'found INC-101', quiet);
    const said: string[] = [];
    const found = async () => {
      said.push((await bot.submit('hugo', '#helpdesk', { reason: 'In their bag.', how: 'In person.' }, quiet)).text);
    };
    const issue = () => issueWipe(bot.jobContext(), 1);
    await atOnce('incident', ...(order === 'claimed first' ? [issue, found] : [found, issue]));
    expect(await asked(bot)).toBe(order === 'claimed first' ? 1 : 0);
    expect(said.join()).toContain(order === 'claimed first' ? 'a wipe is on its way' : 'the hold is closed');
  },
);

it.each(['reported first', 'reported second'])(
  'an approver approves while their own phone is reported, %s: no right of a suspended person is used',
  async (order) => {
    await lost(bot, 'alice.ng');
    await ask(bot);
    const shown = await bot.type('otto', '#approvals', 'approve INC-101');
    const yes = () => bot.press('otto', '#approvals', buttonIn(shown.answer, 'Approve') ?? '', quiet);
    const asking = await bot.type('hugo', '#helpdesk', 'lost device otto');
    const report = () =>
      bot.press('hugo', '#helpdesk', buttonIn(asking.answer, 'Report the phone of Otto Lindqvist') ?? '', quiet);
    await atOnce('person', ...(order === 'reported first' ? [report, yes] : [yes, report]));
    await bot.runner.settle();
    expect(await asked(bot)).toBe(0);
    expect(await wipeStates(bot)).toEqual([order === 'reported first' ? 'awaiting-approval' : 'voided']);
  },
);

it.each(['block first', 'block second'])(
  'a phone is blocked while its wipe is proposed, %s: the block waits for a second person',
  async (order) => {
    await lost(bot, 'alice.ng');
    await resetAnyway(bot, 'hana');
    const wipe = await wipeForm();
    const block = () => bot.type('hugo', '#helpdesk', 'block device INC-101 1', quiet);
    await atOnce('incident', ...(order === 'block first' ? [block, wipe] : [wipe, block]));
    const blocks = await bot.db.selectFrom('approval').select('subjectKind').execute();
    expect(blocks.filter(({ subjectKind }) => subjectKind === 'block-device')).toHaveLength(
      order === 'block first' ? 0 : 1,
    );
  },
);

it('a phone that is verified as kept after its wipe was proposed and approved is not wiped', async () => {
  await lost(bot, 'alice.ng');
  await ask(bot);
  await approve(bot, 'otto', 101, undefined, quiet);
  await bot.db.updateTable('incidentDevice').set({ keptVerifiedBy: 'somebody' }).where('number', '=', 1).execute();
  await bot.runner.settle();
  expect(await asked(bot)).toBe(0);
  expect(await wipeStates(bot)).toEqual(['voided']);
});

it('what was asked for under another policy is decided under none', async () => {
  await lost(bot, 'alice.ng');
  await ask(bot);
  const current = bot.policy.current;
  await bot.setPolicy({ ...current, approvals: { ...current.approvals, expireMinutes: 29 } });
  expect((await approve(bot, 'otto')).text).toMatch(/is void: The policy changed since this was asked for/);
  expect(await wipeStates(bot)).toEqual(['voided']);
});
