/** How many questions the database is asked until somebody has their answer: a list asks as many for twenty rows as for one. */
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask, buttonIn, decide, lost } from '../incidents/scenes.ts';
import { type TestBot, testBot } from '../setup/bot.ts';
import { recordStatements } from '../setup/statements.ts';

let bot: TestBot;

/** One incident of which one request waits, and one of which nineteen do. */
beforeAll(async () => {
  bot = await testBot();
  await lost(bot, 'alice.ng');
  await ask(bot);
  await lost(bot, 'bob');
  const columns = sql`organisation, payload, payload_hash, policy_hash, requested_by, requested_via, owner_guid, role,
    needed, state, requested_at, expires_at`;
  await sql`insert into approval (subject_kind, subject_id, incident_number, ${columns})
    select subject_kind, 'copy ' || n, 102, ${columns} from approval, generate_series(1, 19) n`.execute(bot.db);
  for (const persona of ['hana', 'otto', 'sasha']) await bot.type(persona, undefined, 'whoami');
});
afterAll(() => bot.close());

/** What is sent from the command's arrival to its answer, with the beginning and end of each transaction. */
async function statements(say: () => Promise<unknown>): Promise<number> {
  const record = recordStatements();
  try {
    await say();
    return record.sent.length;
  } finally {
    record.stop();
  }
}

const quiet = { settle: false };

it.each([
  ['hana', 'help', 8],
  ['hana', 'whoami', 8],
  ['hana', 'incidents', 8],
  ['hana', 'incidents mine', 8],
  ['hana', 'incidents all', 8],
  ['hana', 'reports', 8],
  ['otto', 'approvals', 8],
  ['otto', 'status', 8],
  // A card and no list: the whole incident, what the logs say of its phones, and its requests.
  ['otto', 'status INC-102', 20],
  // The incident is read once, for the request and for what describes it. It is noted in the audit who was shown what.
  ['otto', 'approve INC-101', 22],
  ['hana', 'hold INC-101', 12],
  ['hana', 'audit INC-101', 17],
] as const)('%s says "%s": at most %i', async (persona, text, most) => {
  // The end of the command before may still be on its way and only adds to what is counted.
  const counts: number[] = [];
  for (let time = 0; time < 3; time += 1)
    counts.push(await statements(() => bot.type(persona, undefined, text, quiet)));
  expect(Math.min(...counts)).toBeLessThanOrEqual(most);
});

it('shows twenty requests', async () => {
  const { answer } = await bot.type('otto', undefined, 'approvals', quiet);
  expect(answer.private?.blocks.filter(({ kind }) => kind === 'text')).toHaveLength(20);
  expect(buttonIn(answer, 'Deny…')).toBeDefined();
});

// What decides is read again under its row locks, once for the decision and once for the wipe that it moves.
it('otto presses "Approve": at most 39', async () => {
  const shown = await bot.type('otto', '#approvals', 'approve INC-101', quiet);
  expect(buttonIn(shown.answer, 'Approve')).toBeDefined();
  let decided = '';
  const sent = await statements(async () => {
    decided = (await decide(bot, 'otto', shown, quiet)).text;
  });
  expect(decided).toContain('Approved');
  expect(sent).toBeLessThanOrEqual(39);
});
