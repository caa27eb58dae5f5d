/** What tests of whole flows have in common: a wipe proposed and approved in as few words as people need. */
import type { TestBot } from '../setup/bot.ts';
import type { Turn } from '../setup/conversation.ts';

export type Asking = {
  by?: string;
  incident?: number;
  device?: number;
  scope?: 'full' | 'account-only' | 'outlook-app';
  reason?: string;
  /** What is typed to confirm a full wipe; default what the form shows. */
  typed?: string;
  command?: 'wipe' | 'break-glass';
};

/** Opens an incident for a person of the lab; answers its number. */
export async function lost(bot: TestBot, person: string, by = 'hana'): Promise<number> {
  await bot.type(by, '#helpdesk', `lost device ${person}`);
  const row = await bot.db
    .selectFrom('incident')
    .select('number')
    .where('state', '=', 'open')
    .orderBy('number', 'desc')
    .executeTakeFirstOrThrow();
  return row.number;
}

/** Says the command and fills in its form; answers what the form's submission answered, or the refusal of the command. */
export async function ask(bot: TestBot, asking: Asking = {}): Promise<Turn> {
  const { by = 'hana', incident = 101, device = 1, scope = 'account-only', reason = 'Left in a taxi.' } = asking;
  const opened = await bot.type(by, '#helpdesk', `${asking.command ?? 'wipe'} INC-${incident} ${device}`);
  const form = opened.answer.form;
  if (form === undefined) return opened;
  const typed = form.fields.find((field) => field.kind === 'typed');
  const confirms = scope === 'account-only' ? {} : { told: true, typed: asking.typed ?? typed?.show ?? '' };
  return bot.submit(by, '#helpdesk', { scope, reason, how: 'manager', ...confirms });
}

export async function approve(bot: TestBot, by: string, incident = 101, device?: number): Promise<Turn> {
  return bot.type(by, '#approvals', `approve INC-${incident}${device === undefined ? '' : ` ${device}`}`);
}

/** How often Exchange was asked for a wipe. */
export async function asked(bot: TestBot): Promise<number> {
  const rows = await bot.world
    .selectFrom('labLedger')
    .select('id')
    .where('cmdlet', '=', 'clear-mobile-device')
    .where('outcome', '=', 'done')
    .execute();
  return rows.length;
}

export async function wipeStates(bot: TestBot): Promise<string[]> {
  const rows = await bot.db.selectFrom('wipe').select('state').orderBy('id').execute();
  return rows.map((row) => row.state);
}
