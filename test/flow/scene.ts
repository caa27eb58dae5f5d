/** Steps that conversations share. What people see is asserted where it is said. */

import { type LabLedgerEntry, labLedger } from '../../src/exchange/lab/operations.ts';
import type { FormValues } from '../../src/message/model.ts';
import { pressed, reportLost } from '../incidents/scenes.ts';
import type { TestBot } from '../setup/bot.ts';
import type { Turn } from '../setup/conversation.ts';

export const helpdesk = '#helpdesk';
export const approvals = '#approvals';
export const security = '#security';

export type Scope = 'full' | 'account-only' | 'outlook-app';

/** Opens an incident in #helpdesk; answers its number. */
export async function lost(bot: TestBot, person = 'alice.ng', by = 'hana'): Promise<number> {
  await reportLost(bot, person, by);
  const row = await bot.db.selectFrom('incident').select('number').orderBy('number', 'desc').executeTakeFirstOrThrow();
  return row.number;
}

/** The incident's card as it stands in #helpdesk. */
export function card(bot: TestBot, incident: number): string {
  const found = bot
    .messagesIn(helpdesk)
    .find((text) => /^(\S+ )?(LAB[^·]*· )?INC-\d+ · /.test(text) && text.includes(`INC-${incident} · `));
  if (found === undefined) throw new Error(`no card of INC-${incident}\n${bot.everything()}`);
  return found;
}

/** `wipe INC-n <device>`, and its form filled in. */
export async function propose(
  bot: TestBot,
  incident: number,
  device: number | string,
  scope: Scope,
  more: { by?: string; values?: FormValues } = {},
): Promise<Turn> {
  const { by = 'hana', values = {} } = more;
  const asked = await bot.type(by, helpdesk, `wipe INC-${incident} ${device}`);
  if (asked.answer.form === undefined) return asked;
  const typed = asked.answer.form.fields.find((field) => field.kind === 'typed');
  return bot.submit(by, helpdesk, {
    scope,
    reason: 'Left in a taxi',
    how: 'manager',
    ...(scope === 'full' ? { told: true } : {}),
    ...(scope !== 'account-only' && typed?.kind === 'typed' ? { typed: typed.show } : {}),
    ...values,
  });
}

/** Proposed by Hana, approved by Otto, asked of Exchange. */
export async function asked(bot: TestBot, incident: number, device: number, scope: Scope): Promise<void> {
  await propose(bot, incident, device, scope);
  await pressed(bot, 'otto', bot.action(approvals, 'otto', 'Approve'));
}

export async function wipeState(bot: TestBot, incident: number, device = 1): Promise<string> {
  const row = await bot.db
    .selectFrom('wipe')
    .select('state')
    .where('incidentNumber', '=', incident)
    .where('deviceNumber', '=', device)
    .orderBy('id', 'desc')
    .executeTakeFirst();
  return row?.state ?? 'none';
}

export function reaches(bot: TestBot, incident: number, state: string, device = 1): () => Promise<boolean> {
  return async () => (await wipeState(bot, incident, device)) === state;
}

export async function holdOf(bot: TestBot, incident: number): Promise<string> {
  const row = await bot.db
    .selectFrom('incident')
    .select('hold')
    .where('number', '=', incident)
    .executeTakeFirstOrThrow();
  return row.hold;
}

/** What Exchange was asked to change, without what it refused. */
export async function done(bot: TestBot, cmdlet?: string): Promise<LabLedgerEntry[]> {
  const rows = await labLedger(bot.db);
  return rows.filter((row) => row.outcome === 'done' && (cmdlet === undefined || row.cmdlet === cmdlet));
}

export async function deviceGuid(bot: TestBot, incident: number, device = 1): Promise<string> {
  const row = await bot.db
    .selectFrom('incidentDevice')
    .select('deviceGuid')
    .where('incidentNumber', '=', incident)
    .where('number', '=', device)
    .executeTakeFirstOrThrow();
  return row.deviceGuid;
}
