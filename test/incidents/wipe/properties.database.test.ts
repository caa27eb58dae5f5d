/**
 * Random actors, clocks and commands against the real store, with the work that they set going run in any order: no
 * interleaving lets one person alone cause a wipe except break-glass, exceeds the brake, or issues under a lock.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyAudit } from '../../../src/audit/verify.ts';
import { type TestBot, testBot } from '../../setup/bot.ts';
import { runs } from '../../setup/runs.ts';
import { approve, buttonIn, deny, reportLost } from '../scenes.ts';
import { checkTrust } from '../trust-check.ts';

let bot: TestBot;
beforeAll(async () => {
  bot = await testBot();
});
afterAll(() => bot.close());

const people = ['hana', 'hugo', 'otto', 'ada', 'ines', 'sasha', 'bob', 'alice.ng'] as const;
const owners = ['alice.ng', 'alice.moreau', 'bob', 'renee', 'otto', 'ada', 'sasha', 'victoria', 'hana'] as const;

type Step =
  | { kind: 'report' | 'wipe' | 'break-glass' | 'approve' | 'deny' | 'withdraw'; by: string; which: number }
  | { kind: 'lock' | 'unlock' | 'approve-unlock'; by: string }
  | { kind: 'restore'; by: string; whom: string }
  | { kind: 'work'; pick: number; count: number }
  | { kind: 'time'; minutes: number };

/** Mostly those who may, and now and then anybody. */
const mostly = (...those: (typeof people)[number][]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...those) }, { weight: 1, arbitrary: fc.constantFrom(...people) });
const by = mostly('hana', 'hugo', 'sasha');
const decider = mostly('otto', 'ada');
const admin = mostly('ada', 'ines');
const which = fc.nat({ max: 8 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('report' as const), by, which }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('wipe' as const), by, which }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('break-glass' as const), by: mostly('sasha', 'ines'), which }),
  },
  { weight: 9, arbitrary: fc.record({ kind: fc.constant('approve' as const), by: decider, which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('deny' as const, 'withdraw' as const), by, which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lock' as const), by: decider }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('unlock' as const, 'approve-unlock' as const), by: admin }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restore' as const), by: admin, whom: by }) },
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant('work' as const),
      pick: fc.nat(),
      count: fc.integer({ min: 1, max: 30 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('time' as const), minutes: fc.constantFrom(1, 1, 4, 11, 31) }),
  },
);

const quiet = { settle: false };

async function perform(each: Step): Promise<void> {
  switch (each.kind) {
    case 'report':
      await reportLost(bot, owners[each.which] ?? 'bob', each.by, quiet);
      return;
    case 'wipe':
    case 'break-glass':
      await propose(each.kind, each.by, each.which);
      return;
    case 'approve':
    case 'deny': {
      const waiting = await bot.db
        .selectFrom('approval')
        .select('incidentNumber')
        .where('state', '=', 'waiting')
        .where('subjectKind', '=', 'wipe')
        .orderBy('id')
        .execute();
      const chosen = waiting[each.which % Math.max(1, waiting.length)];
      if (chosen === undefined) return;
      const incident = chosen.incidentNumber ?? 0;
      if (each.kind === 'approve') await approve(bot, each.by, incident, undefined, quiet);
      else await deny(bot, each.by, incident, 'no reason', quiet);
      return;
    }
    case 'withdraw': {
      const incident = await openIncident(each.which);
      if (incident !== undefined) await bot.type(each.by, '#helpdesk', `withdraw INC-${incident}`, quiet);
      return;
    }
    case 'lock':
      await bot.type(each.by, '#security', 'lock wipes because it is right', quiet);
      return;
    case 'unlock':
      await bot.type(each.by, '#security', 'unlock wipes because it is right', quiet);
      return;
    case 'approve-unlock': {
      const listed = await bot.type(each.by, '#approvals', 'approvals', quiet);
      const show = buttonIn(listed.answer, 'Show: Unlock all wipes');
      if (show === undefined) return;
      const shown = await bot.press(each.by, '#approvals', show, quiet);
      const button = buttonIn(shown.answer, 'Approve');
      if (button !== undefined) await bot.press(each.by, '#approvals', button, quiet);
      return;
    }
    case 'restore':
      await bot.type(each.by, '#security', `restore ${each.whom} because it is right`, quiet);
      return;
    case 'work':
      for (let done = 0; done < each.count; done += 1) {
        await bot.runner.runOne((due) => due[(each.pick + done) % Math.max(1, due.length)]);
      }
      return;
    case 'time':
      bot.clock.advance(each.minutes * 60_000);
      return;
  }
}

async function openIncident(nth: number): Promise<number | undefined> {
  const open = await bot.db
    .selectFrom('incident')
    .select('number')
    .where('state', '=', 'open')
    .orderBy('number')
    .execute();
  return open[nth % Math.max(1, open.length)]?.number;
}

async function propose(command: 'wipe' | 'break-glass', who: string, nth: number): Promise<void> {
  const incident = await openIncident(nth);
  if (incident === undefined) return;
  const opened = await bot.type(who, '#helpdesk', `${command} INC-${incident} 1`, quiet);
  const form = opened.answer.form;
  if (form === undefined) return;
  const scope = form.fields.find((field) => field.kind === 'choice' && field.id === 'scope');
  const typed = form.fields.find((field) => field.kind === 'typed');
  const values = {
    scope: scope?.kind === 'choice' ? (scope.options[0]?.value ?? 'full') : 'full',
    reason: 'So it is.',
    how: 'manager',
    told: true,
    typed: typed?.kind === 'typed' ? typed.show : '',
  };
  await bot.submit(who, '#helpdesk', values, quiet);
}

/** A new day for each run: nobody is missing a phone, the brake has forgotten, and two admins have unlocked. */
async function newDay(): Promise<void> {
  await bot.runner.settle();
  bot.clock.advance(25 * 60 * 60_000);
  await bot.runner.settle();
  await bot.db
    .updateTable('incident')
    .set({ state: 'closed', closedAt: bot.clock.now() })
    .where('state', '=', 'open')
    .execute();
  await bot.type('sasha', '#security', 'lock wipes because a new day');
  await bot.type('ada', '#security', 'unlock wipes because a new day');
  await bot.click('ines', '#approvals', 'Approve');
  for (const owner of owners) await reportLost(bot, owner);
  for (const name of ['otto', 'ada', 'hana']) await bot.type('ines', '#security', `restore ${name} because a new day`);
  await bot.type('ines', '#security', 'restore sasha because a new day');
}

/** Each of some dozen commands. */
const days = runs(2, 5);

it(`promises hold over ${days} days of random people`, { timeout: 240_000 + days * 60_000 }, async () => {
  let issued = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 50, maxLength: 80 }), async (steps) => {
      await newDay();
      for (const each of steps) await perform(each);
      await bot.runner.settle();
      const report = await checkTrust(bot.db, bot.policy.current);
      expect(report.broken).toEqual([]);
      issued = report.issued;
    }),
    { numRuns: days, endOnFailure: true, seed: Number(process.env.FC_SEED ?? 20_260_302) },
  );
  // Wipes did happen, or nothing was proven.
  expect(issued).toBeGreaterThan(days);
  expect((await verifyAudit(bot.db)).problems).toEqual([]);
});
