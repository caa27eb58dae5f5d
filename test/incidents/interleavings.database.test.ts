/**
 * Two bots on one real PostgreSQL, and people who say random things at the same moment: whatever comes between what, no wipe is
 * issued on a closed incident or on what its approvers were not shown, nothing waits on a closed incident, and rows are locked in one
 * order.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyAudit } from '../../src/audit/verify.ts';
import { type TestBot, testBot } from '../setup/bot.ts';
import { countingIds } from '../setup/clock.ts';
import { type Conversation, createConversation } from '../setup/conversation.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';
import { type LockWatch, watchLocks } from '../setup/lock-order.ts';
import { runs } from '../setup/runs.ts';
import { approve, buttonIn, deny, resetAnyway } from './scenes.ts';
import { checkTrust } from './trust-check.ts';

let database: TestDatabase;
let bots: readonly [TestBot, TestBot];
let locks: LockWatch;
beforeAll(async () => {
  database = await testDatabase({ poolSize: 12 });
  bots = [await testBot({ database }), await testBot({ database, ids: countingIds(1_000_000) })];
  locks = watchLocks();
});
afterAll(async () => {
  locks.stop();
  await bots[0].runner.settle();
  await bots[0].close();
});

const helpdesk = ['hana', 'hugo', 'sasha'] as const;
const deciders = ['otto', 'ada'] as const;
const owners = ['alice.ng', 'alice.moreau', 'bob'] as const;

const kinds = [
  ...['report', 'lost', 'found-it', 'still-have', 'kept'],
  ...['wipe', 'wipe', 'wipe', 'break-glass', 'block', 'remove'],
  ...['approve', 'approve', 'approve', 'stale', 'deny', 'withdraw'],
  ...['found', 'close', 'reset-anyway', 'lost-approver', 'restore'],
  ...['lock', 'unlock', 'work', 'work', 'work'],
] as const;
type Step = { kind: (typeof kinds)[number]; bot: 0 | 1; pick: number; scope: 'full' | 'account-only' };

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...kinds),
  bot: fc.constantFrom(0, 1),
  pick: fc.nat({ max: 11 }),
  scope: fc.constantFrom('full', 'account-only'),
});
/** What is said at the same moment, and how many minutes pass then. */
const moment = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 5 }),
  minutes: fc.constantFrom(0, 0, 0, 1, 3, 16),
});

const quiet = { settle: false };
const verified = { reason: 'So it is.', how: 'In person.' };
/** Buttons that were shown once, by whom. */
const remembered: { by: string; action: string }[] = [];

async function perform({ kind, bot: which, pick, scope }: Step): Promise<void> {
  const bot = bots[which];
  // One of them delivers, too: each has a chat of its own, in which it knows its messages again.
  const worker = bots[0].runner;
  // A conversation of its own: what one is shown is not what another presses.
  const talk = createConversation({ adapter: bot.adapter, clock: bot.clock, ids: bot.ids, settle: async () => {} });
  const by = helpdesk[pick % helpdesk.length] ?? 'hana';
  const decider = deciders[pick % deciders.length] ?? 'otto';
  const owner = owners[pick % owners.length] ?? 'bob';
  const incidents = await bot.db.selectFrom('incident').select('number').orderBy('number', 'desc').limit(4).execute();
  const n = incidents[pick % Math.max(1, incidents.length)]?.number ?? 101;
  switch (kind) {
    case 'report':
      await talk.type(owner, undefined, 'i lost my phone', quiet);
      return;
    case 'lost':
      await talk.type(by, '#helpdesk', `lost device ${owner}`, quiet);
      return;
    case 'found-it':
      await talk.type(owner, undefined, 'found it', quiet);
      return;
    case 'still-have':
      await talk.type(owner, undefined, 'i still have 1', quiet);
      return;
    case 'kept':
      return form(talk, by, `verify kept INC-${n} 1`, verified);
    case 'wipe':
    case 'break-glass':
      return propose(talk, kind, kind === 'wipe' ? by : 'sasha', n, scope);
    case 'block':
    case 'remove':
      await talk.type(by, '#helpdesk', `${kind} device INC-${n} 1`, quiet);
      return;
    case 'approve': {
      const waiting = await bot.db
        .selectFrom('approval')
        .select('incidentNumber')
        .where('state', '=', 'waiting')
        .where('subjectKind', '=', 'wipe')
        .orderBy('id')
        .execute();
      const waits = waiting[pick % Math.max(1, waiting.length)]?.incidentNumber ?? n;
      const shown = await talk.type(decider, '#approvals', `approve INC-${waits} 1`, quiet);
      const action = buttonIn(shown.answer, 'Approve');
      if (action !== undefined) remembered.push({ by: decider, action });
      await approve(talk, decider, waits, 1, quiet);
      return;
    }
    case 'stale': {
      const old = remembered[pick % Math.max(1, remembered.length)];
      if (old === undefined) return;
      const { answer } = await talk.press(old.by, '#approvals', old.action, quiet);
      const typed = answer.form?.fields.find((field) => field.kind === 'typed');
      if (typed?.kind === 'typed') await talk.submit(old.by, '#approvals', { typed: typed.show }, quiet);
      return;
    }
    case 'deny':
      await deny(talk, decider, n, 'no reason', quiet);
      return;
    case 'withdraw':
      await talk.type(by, '#helpdesk', `withdraw INC-${n}`, quiet);
      return;
    case 'found':
      return form(talk, by, `found INC-${n}`, verified);
    case 'close':
      return form(talk, by, `close INC-${n}`, { stillErased: true });
    case 'reset-anyway':
      await resetAnyway(talk, by, n, quiet);
      return;
    case 'lost-approver':
      return reportOtto(talk);
    case 'restore':
      await talk.type('ines', '#security', 'restore otto because they stand before me', quiet);
      return;
    case 'lock':
      if (pick === 0) await talk.type('ada', '#security', 'lock wipes because it is right', quiet);
      return;
    case 'unlock': {
      await talk.type('ada', '#security', 'unlock wipes because it is right', quiet);
      const listed = await talk.type('ines', '#approvals', 'approvals', quiet);
      const show = buttonIn(listed.answer, 'Show: Unlock all wipes');
      if (show === undefined) return;
      const action = buttonIn((await talk.press('ines', '#approvals', show, quiet)).answer, 'Approve');
      if (action !== undefined) await talk.press('ines', '#approvals', action, quiet);
      return;
    }
    case 'work':
      for (let done = 0; done < 6; done += 1) {
        await worker.runOne((due) => due[(pick + done) % Math.max(1, due.length)]);
      }
      return;
  }
}

async function form(talk: Conversation, by: string, said: string, values: Record<string, string | boolean>) {
  const { answer } = await talk.type(by, '#helpdesk', said, quiet);
  if (answer.form !== undefined) await talk.submit(by, '#helpdesk', values, quiet);
}

async function reportOtto(talk: Conversation): Promise<void> {
  const { answer } = await talk.type('hana', '#helpdesk', 'lost device otto', quiet);
  const action = buttonIn(answer, 'Report the phone of Otto Lindqvist');
  if (action !== undefined) await talk.press('hana', '#helpdesk', action, quiet);
}

async function propose(talk: Conversation, command: string, by: string, n: number, scope: string): Promise<void> {
  const { answer } = await talk.type(by, '#helpdesk', `${command} INC-${n} 1`, quiet);
  const typed = answer.form?.fields.find((field) => field.kind === 'typed');
  if (answer.form === undefined) return;
  const show = typed?.kind === 'typed' ? typed.show : '';
  await talk.submit(by, '#helpdesk', { scope, reason: 'So it is.', how: 'manager', told: true, typed: show }, quiet);
}

async function expectPromises(): Promise<void> {
  const report = await checkTrust(database.db, bots[0].policy.current);
  expect(report.broken).toEqual([]);
  expect(locks.inversions).toEqual([]);
}

/** The brake forgets, and two admins unlock: so much is issued in a day. */
async function newDay(): Promise<void> {
  const [bot] = bots;
  await bot.runner.settle();
  for (const each of bots) each.clock.set(new Date(bot.clock.now().getTime() + 25 * 60 * 60_000));
  await bot.runner.settle();
  await bot.type('sasha', '#security', 'lock wipes because a new day');
  await bot.type('ada', '#security', 'unlock wipes because a new day');
  await bot.click('ines', '#approvals', 'Approve');
  await bot.type('ines', '#security', 'restore otto because a new day');
}

const days = runs(3, 20);

it(`promises hold over ${days} days of people who speak at once`, { timeout: 240_000 + days * 60_000 }, async () => {
  const seed = Number(process.env.FC_SEED ?? 20_260_303);
  const day = fc.array(moment, { minLength: 12, maxLength: 25 });
  let issued = 0;
  const live = async (moments: readonly { steps: Step[]; minutes: number }[]): Promise<void> => {
    await newDay();
    for (const { steps, minutes } of moments) {
      await Promise.all(steps.map(perform));
      for (const each of bots) each.clock.advance(minutes * 60_000);
    }
    await bots[0].runner.settle();
    await expectPromises();
    issued = (await checkTrust(database.db, bots[0].policy.current)).issued;
  };
  await fc.assert(fc.asyncProperty(day, live), { numRuns: days, endOnFailure: true, seed });
  // Who is faster is chance: where nobody got a wipe through, more days follow.
  for (const moments of fc.sample(day, { numRuns: 20, seed: seed + 1 })) if (issued === 0) await live(moments);
  // Wipes did happen, or nothing was proven.
  expect(issued).toBeGreaterThan(0);
  expect((await verifyAudit(database.db)).problems).toEqual([]);
});
