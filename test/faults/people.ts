/** The people of a fault run: they say what has to be said, and say it again where the bot died over it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Input } from '../../src/chat/port.ts';
import type { Answer } from '../../src/message/model.ts';
import { buttonIn } from '../incidents/scenes.ts';
import type { World } from './world.ts';

/** Three requests by Hana and one by Hugo keep below every brake; Victoria's takes two approvers. */
export const cases = [
  { owner: 'alice.ng', phone: 'iPhone 15', by: 'hana', scope: 'account-only', approvers: ['otto'] },
  { owner: 'bob', phone: 'Galaxy', by: 'hugo', scope: 'full', approvers: ['ada'] },
  { owner: 'alice.moreau', phone: 'iPhone 13', by: 'hana', scope: 'account-only', approvers: ['ada'] },
  { owner: 'victoria', phone: 'iPhone 15 Pro', by: 'hana', scope: 'full', approvers: ['otto', 'ada'] },
] as const;
type Case = (typeof cases)[number];

/** A person who got no answer for so long looks what came of it, and says it again where nothing did. */
const answerMs = 15_000;

/** Leads every case up to its approvals; rejects when `signal` ends it before. */
export async function converse(world: World, told: readonly Case[], signal: AbortSignal): Promise<void> {
  for (const { owner, by } of told) {
    await insist(
      signal,
      async () => (await incidentOf(world, owner)) !== undefined,
      () => say(world, by, { kind: 'sentence', text: `lost device ${owner}` }, signal),
    );
  }
  await insist(
    signal,
    async () => (await incidentsWithPhones(world)) === told.length,
    () => pause(200),
  );
  for (const one of told) {
    const number = (await incidentOf(world, one.owner)) ?? 0;
    await insist(
      signal,
      async () => (await decisions(world, number)) !== undefined,
      () => propose(world, one, number, signal),
    );
    for (const approver of one.approvers) {
      const done = async () => (await decisions(world, number))?.includes(`console:${approver}`) === true;
      await insist(signal, done, () => approve(world, approver, number, signal));
    }
  }
}

async function propose(world: World, { by, phone, scope }: Case, number: number, signal: AbortSignal): Promise<void> {
  const asked = await say(world, by, { kind: 'sentence', text: `wipe INC-${number} ${phone}` }, signal);
  await submit(world, by, asked, { scope, reason: 'Left in a taxi', how: 'manager', told: true }, signal);
}

async function approve(world: World, approver: string, number: number, signal: AbortSignal): Promise<void> {
  const shown = await say(world, approver, { kind: 'sentence', text: `approve INC-${number}` }, signal);
  const action = shown === undefined ? undefined : buttonIn(shown, 'Approve');
  if (action === undefined) return;
  const answer = await say(world, approver, { kind: 'click', action }, signal);
  await submit(world, approver, answer, {}, signal);
}

/** Fills in a form as it asks: what must be typed is typed as it is shown. */
async function submit(
  world: World,
  by: string,
  answer: Answer | undefined,
  known: Readonly<Record<string, string | boolean>>,
  signal: AbortSignal,
): Promise<void> {
  const form = answer?.form;
  if (form === undefined) return;
  const values = Object.fromEntries(
    form.fields.flatMap((field): [string, string | boolean][] => {
      if (field.kind === 'typed') return known.scope === 'account-only' ? [] : [[field.id, field.show]];
      const value = known[field.id];
      return value === undefined ? [] : [[field.id, value]];
    }),
  );
  const refused = (await say(world, by, { kind: 'form', action: form.submit.action, values }, signal))?.fieldErrors;
  if (refused !== undefined) throw new Error(`the form was refused: ${JSON.stringify(refused)}`);
}

/** Acts until it is so; a database that is just being killed answers nothing and proves nothing. */
async function insist(signal: AbortSignal, isSo: () => Promise<boolean>, act: () => Promise<unknown>): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    if (await isSo().catch(() => false)) return;
    await act().catch((error: unknown) => {
      if (error instanceof Error && error.message.startsWith('the form was refused')) throw error;
    });
    // What was said just now is perhaps being done.
    for (let look = 0; look < 20 && !signal.aborted; look += 1) {
      if (await isSo().catch(() => false)) return;
      await pause(50);
    }
  }
}

/** What the bot answered; undefined where its process died over it. */
async function say(world: World, persona: string, input: Input, signal: AbortSignal): Promise<Answer | undefined> {
  const incoming = {
    eventKey: randomUUID(),
    sender: { identity: `console:${persona}`, displayName: persona },
    input,
  };
  const { rows } = await sql<{ id: number }>`
    insert into fault.said (incoming) values (${JSON.stringify(incoming)}) returning id`.execute(world.db);
  const id = rows[0]?.id ?? 0;
  let end = performance.now() + answerMs;
  while (performance.now() < end && !signal.aborted) {
    const found = await sql<{ acknowledged: boolean; answer: Answer | null }>`
      select acknowledged, answer from fault.said where id = ${id}`
      .execute(world.db)
      .catch(() => undefined);
    const row = found?.rows[0];
    if (row !== undefined && row.answer !== null) return row.answer;
    // Until it is acknowledged it is sent again and again.
    if (row?.acknowledged !== true) end = performance.now() + answerMs;
    await pause(30);
  }
  return undefined;
}

async function incidentOf({ db }: World, owner: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('incident')
    .innerJoin('person', 'person.guid', 'incident.personGuid')
    .select('incident.number')
    .where('person.alias', '=', owner)
    .executeTakeFirst();
  return row?.number;
}

async function incidentsWithPhones({ db }: World): Promise<number> {
  return (await db.selectFrom('incidentDevice').select('incidentNumber').distinct().execute()).length;
}

/** Who approved the wipe of an incident so far; undefined where none was asked for yet. */
async function decisions({ db }: World, incident: number): Promise<string[] | undefined> {
  const wipe = await db.selectFrom('wipe').select('id').where('incidentNumber', '=', incident).executeTakeFirst();
  if (wipe === undefined) return undefined;
  const rows = await db
    .selectFrom('approvalDecision')
    .innerJoin('approval', 'approval.id', 'approvalDecision.approvalId')
    .select('approvalDecision.identity')
    .where('approval.subjectKind', '=', 'wipe')
    .where('approval.subjectId', '=', String(wipe.id))
    .execute();
  return rows.map(({ identity }) => identity);
}
