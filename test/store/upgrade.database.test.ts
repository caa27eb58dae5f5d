/** A database as 0.1.0 wrote it (test/fixtures/databases), brought to this version: nothing in it has become unreadable. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobs } from '../../jobs/index.ts';
import { readCheckpoints } from '../../src/audit/checkpoint.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import type { AnyCommand } from '../../src/commands/command.ts';
import { commands, labCommands } from '../../src/commands/index.ts';
import { parseEvent } from '../../src/incidents/incident/timeline-event.ts';
import { transition } from '../../src/incidents/wipe/machine.ts';
import { outcomeWord } from '../../src/incidents/wipe/state.ts';
import { renderPlainText } from '../../src/message/plain.ts';
import { isLane } from '../../src/queue/lanes.ts';
import { projections } from '../../src/start/registries.ts';
import { migrations } from '../../src/store/migrations/index.ts';
import { type OldDatabase, restoreDatabase } from '../fixtures/databases/restore.ts';
import { buttonIn } from '../incidents/scenes.ts';
import { examplePolicy, type TestBot, testBot } from '../setup/bot.ts';
import { countingIds } from '../setup/clock.ts';
import { namesInSources } from './source-names.ts';

const everyCommand: readonly AnyCommand[] = [...commands, ...labCommands];

let old: OldDatabase;
beforeAll(async () => {
  old = await restoreDatabase('0.1.0');
});
afterAll(() => old.close());

/** What is wrong with which row; a check answers a sentence, or nothing. */
async function wrong<Row>(
  rows: readonly Row[],
  name: (row: Row) => string,
  check: (row: Row) => string | undefined | Promise<string | undefined>,
): Promise<string[]> {
  expect(rows.length).toBeGreaterThan(0);
  const found: string[] = [];
  for (const row of rows) {
    try {
      const sentence = await check(row);
      if (sentence !== undefined) found.push(`${name(row)}: ${sentence}`);
    } catch (error) {
      found.push(`${name(row)}: ${String(error)}`);
    }
  }
  return found;
}

/** Whether the card of a subject (`incident:104`) can be shown. */
async function unshown(subject: string, place = 'console:#helpdesk'): Promise<string | undefined> {
  const [kind = '', id = ''] = subject.split(/:(.*)/s);
  const projection = projections.find((each) => each.kind === kind);
  if (projection === undefined) return `no projection is called ${kind}`;
  const message = await projection.render({ db: old.db, id, place, now: old.takenAt, policy: examplePolicy() });
  if (message === undefined) return 'there is nothing to show';
  return renderPlainText(message, { timeZone: 'UTC', now: old.takenAt }).includes('undefined')
    ? 'it says "undefined"'
    : undefined;
}

function unknownCommand(id: string): string | undefined {
  return everyCommand.some((command) => command.id === id) ? undefined : `no command is called ${id}`;
}

describe('the store', () => {
  it('has run every migration', async () => {
    const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(old.db);
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(migrations).toSorted());
  });

  it('holds an audit whose chain is whole, and for which the checkpoints of then vouch', async () => {
    const checkpoints = readCheckpoints(old.checkpoints, [old.publicKey]);
    const verdict = await verifyAudit(old.db, { checkpoints });
    expect(verdict.problems).toEqual([]);
    expect(verdict.vouchedUpTo).toBeGreaterThan(100);
  });
});

describe('cards', () => {
  it('show every incident', async () => {
    const rows = await old.db.selectFrom('incident').select('number').orderBy('number').execute();
    const subject = ({ number }: { number: number }) => `incident:${number}`;
    expect(await wrong(rows, subject, (row) => unshown(subject(row)))).toEqual([]);
  });

  it('show every approval', async () => {
    const rows = await old.db.selectFrom('approval').select('id').orderBy('id').execute();
    const subject = ({ id }: { id: number }) => `approval:${id}`;
    expect(await wrong(rows, subject, (row) => unshown(subject(row)))).toEqual([]);
  });

  it('show whatever stands in a place', async () => {
    const rows = await old.db.selectFrom('card').select(['subject', 'place']).orderBy('id').execute();
    const name = ({ subject, place }: { subject: string; place: string }) => `card of ${subject} in ${place}`;
    expect(await wrong(rows, name, ({ subject, place }) => unshown(subject, place))).toEqual([]);
  });

  it('show the home page of everybody', async () => {
    const rows = await old.db.selectFrom('chatIdentity').select('identity').orderBy('identity').execute();
    const subject = ({ identity }: { identity: string }) => `home:${identity}`;
    expect(await wrong(rows, subject, (row) => unshown(subject(row), row.identity))).toEqual([]);
  });

  it('wait for messages whose buttons are known', async () => {
    const rows = await old.db.selectFrom('delivery').select(['id', 'draft']).where('draft', 'is not', null).execute();
    const problems = await wrong(
      rows,
      ({ id }) => `delivery ${id}`,
      ({ draft }) => {
        if (draft === null) return undefined;
        renderPlainText(draft, { timeZone: 'UTC', now: old.takenAt });
        const buttons = draft.blocks.flatMap((block) => (block.kind === 'buttons' ? block.buttons : []));
        return buttons.map(({ action }) => unknownCommand(action.command)).find((sentence) => sentence !== undefined);
      },
    );
    expect(problems).toEqual([]);
  });
});

describe('timelines', () => {
  it('hold only kinds that the sources write or look for', async () => {
    const named = namesInSources();
    const rows = await old.db
      .selectFrom('incidentEvent')
      .select(['id', 'incidentNumber', 'kind'])
      .orderBy('id')
      .execute();
    const problems = await wrong(
      rows,
      ({ id, incidentNumber }) => `event ${id} of INC-${incidentNumber}`,
      ({ kind }) => (named(kind) ? undefined : `no source speaks of ${kind}`),
    );
    expect(problems).toEqual([]);
  });

  it('hold only events whose kind and data this version reads', async () => {
    const rows = await old.db.selectFrom('incidentEvent').selectAll().orderBy('id').execute();
    const problems = await wrong(
      rows,
      ({ id, kind }) => `event ${id} (${kind})`,
      (row) => (parseEvent(row).kind === 'unknown' ? 'it is not read' : undefined),
    );
    expect(problems).toEqual([]);
  });

  it('lead every wipe through states that are known', async () => {
    const wipes = await old.db.selectFrom('wipe').select(['id', 'state']).orderBy('id').execute();
    const steps = await old.db
      .selectFrom('wipeTransition')
      .select(['wipeId', 'fromState', 'toState', 'event'])
      .execute();
    expect(steps.map(({ event }) => event)).toContain('claimed');
    expect(steps.map(({ event }) => event)).not.toContain('taken-for-issuing');
    const rows = [
      ...wipes,
      ...steps.flatMap(({ wipeId, fromState, toState }) => [
        { id: wipeId, state: toState },
        ...(fromState === null ? [] : [{ id: wipeId, state: fromState }]),
      ]),
    ];
    const problems = await wrong(
      rows,
      ({ id }) => `wipe ${id}`,
      ({ state }) => {
        transition(state, { kind: 'voided' });
        return typeof outcomeWord(state) === 'string' ? undefined : `no word for ${state}`;
      },
    );
    expect(problems).toEqual([]);
    expect(new Set(wipes.map(({ state }) => state)).size).toBe(16);
  });
});

describe('what waits', () => {
  it('is work of the registry, in the lane of its job, with a payload that parses', async () => {
    const rows = await old.db.selectFrom('work').selectAll().where('state', '=', 'waiting').orderBy('id').execute();
    const problems = await wrong(
      rows,
      ({ id, job }) => `work ${id} (${job})`,
      ({ job: name, lane, payload }) => {
        const job = jobs.find((each) => each.name === name);
        if (job === undefined) return 'no job is called so';
        // Wipes run one at a time, and only a process with a chat delivers; what else 0.1.0 wished for is done in either lane.
        const fits = job.lane === lane || (!['wipes', 'deliveries'].includes(job.lane) && isLane(lane));
        if (!fits) return `the lane is ${job.lane}, not ${lane}`;
        return job.payload.safeParse(payload).error?.message;
      },
    );
    expect(problems).toEqual([]);
    // Work of every job that 0.1.0 had.
    expect(new Set(rows.map(({ job }) => job)).size).toBeGreaterThan(20);
  });

  it('is begun by buttons whose commands are registered and take what is stored', async () => {
    const rows = await old.db.selectFrom('storedAction').selectAll().orderBy('createdAt').orderBy('id').execute();
    const problems = await wrong(
      rows,
      ({ id, subject, command }) => `stored action ${id} of ${subject} (${command})`,
      ({ command: id, args }) =>
        unknownCommand(id) ?? everyCommand.find((command) => command.id === id)?.args.safeParse(args).error?.message,
    );
    expect(problems).toEqual([]);
    expect(new Set(rows.map(({ usedAt }) => usedAt === null))).toEqual(new Set([true, false]));
  });
});

describe('the bot goes on', () => {
  let bot: TestBot;
  beforeAll(async () => {
    bot = await testBot({ database: old, startAt: old.takenAt, ids: countingIds(1_000_000) });
    // The platform still shows what was posted then.
    const cards = await old.db
      .selectFrom('card')
      .select(['ref', 'place', 'postKey'])
      .where('ref', 'is not', null)
      .execute();
    for (const { ref, place, postKey } of cards) {
      const message = { tone: 'neutral', blocks: [] } as const;
      if (ref !== null)
        bot.adapter.posted.push({ ref, kind: 'post', target: place, key: postKey, message, versions: [message] });
    }
    await bot.runner.settle();
  });

  /** Presses the button of a card that was posted then: what waits is shown again, and approved by the button under it. */
  async function approveOnOldCard(persona: string, approval: number): Promise<void> {
    const { id } = await bot.db
      .selectFrom('storedAction')
      .select('id')
      .where('subject', '=', `approval:${approval}`)
      .where('label', '=', 'Approve')
      .orderBy('createdAt')
      .executeTakeFirstOrThrow();
    const shown = await bot.press(persona, '#approvals', id);
    await bot.press(persona, '#approvals', buttonIn(shown.answer, 'Approve') ?? '');
  }

  async function approvalOf(kind: 'wipe' | 'unlock', subject?: number): Promise<number> {
    let rows = bot.db
      .selectFrom('approval')
      .select('id')
      .where('subjectKind', '=', kind)
      .where('state', '=', 'waiting');
    if (subject !== undefined) rows = rows.where('subjectId', '=', String(subject));
    return (await rows.executeTakeFirstOrThrow()).id;
  }

  async function stateOf(wipe: number): Promise<string> {
    const row = await bot.db.selectFrom('wipe').select('state').where('id', '=', wipe).executeTakeFirstOrThrow();
    return row.state;
  }

  async function wipeIn(state: 'approved' | 'awaiting-approval'): Promise<number> {
    const rows = bot.db.selectFrom('wipe').select('id').where('state', '=', state).orderBy('id', 'desc');
    return (await rows.executeTakeFirstOrThrow()).id;
  }

  it('where wipes are unlocked by the old card, and what was held is asked of Exchange', async () => {
    const held = await wipeIn('approved');
    await approveOnOldCard('ines', await approvalOf('unlock'));
    expect(await stateOf(held)).toBe('requested');
  });

  it('where the waiting wipe is approved on the old card, asked of Exchange once, and acknowledged', async () => {
    const wipe = await wipeIn('awaiting-approval');
    const { deviceGuid } = await bot.db
      .selectFrom('wipe')
      .select('deviceGuid')
      .where('id', '=', wipe)
      .executeTakeFirstOrThrow();
    await approveOnOldCard('otto', await approvalOf('wipe', wipe));
    expect(await stateOf(wipe)).toBe('requested');
    const asked = bot.db
      .selectFrom('labLedger')
      .select('name')
      .where('target', '=', deviceGuid)
      .where('at', '>=', old.takenAt);
    expect(await asked.execute()).toEqual([{ name: 'Clear-MobileDevice' }]);
    await bot.until(async () => (await stateOf(wipe)) === 'acknowledged', 60);
  });

  it('giving nothing up, with an audit that is still whole', async () => {
    const ended = await bot.db
      .selectFrom('work')
      .select(['id', 'job', 'lastError'])
      .where((eb) => eb.or([eb('state', '=', 'given-up'), eb('lastError', 'is not', null)]))
      .execute();
    expect(ended).toEqual([]);
    const lost = await bot.db
      .selectFrom('card')
      .select(['subject', 'place', 'problem'])
      .where('dead', '=', true)
      .execute();
    expect(lost).toEqual([]);
    const checkpoints = readCheckpoints(old.checkpoints, [old.publicKey]);
    expect((await verifyAudit(bot.db, { checkpoints })).problems).toEqual([]);
  });
});
