/** What tests of whole flows have in common: a wipe proposed and approved in as few words as people need. */
import type { Answer } from '../../src/message/model.ts';
import type { TestBot } from '../setup/bot.ts';
import type { Conversation, SayOptions, Turn } from '../setup/conversation.ts';

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

/** Reports a phone, and confirms it where the report takes rights from its owner; answers what was said last. */
export async function reportLost(
  talk: Conversation,
  person: string,
  by = 'hana',
  options: SayOptions = {},
): Promise<Turn> {
  const said = await talk.type(by, '#helpdesk', `lost device ${person}`, options);
  const rows = (said.answer.private?.blocks ?? []).flatMap((block) => (block.kind === 'buttons' ? block.buttons : []));
  const confirm = rows.find((button) => button.label.startsWith('Report the phone of'));
  return confirm === undefined ? said : talk.press(by, '#helpdesk', confirm.action, options);
}

/** Opens an incident for a person of the lab; answers its number. */
export async function lost(bot: TestBot, person: string, by = 'hana'): Promise<number> {
  await reportLost(bot, person, by);
  const row = await bot.db
    .selectFrom('incident')
    .select('number')
    .where('state', '=', 'open')
    .orderBy('number', 'desc')
    .executeTakeFirstOrThrow();
  return row.number;
}

/** A scope that the first phone of the incident can have. */
export async function scopeOf(bot: TestBot, incident: number): Promise<NonNullable<Asking['scope']>> {
  const row = await bot.db
    .selectFrom('incidentDevice')
    .select('facts')
    .where('incidentNumber', '=', incident)
    .where('number', '=', 1)
    .executeTakeFirstOrThrow();
  return row.facts.client === 'outlook' ? 'outlook-app' : 'full';
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

/**
 * Says `approve`, reads what is shown and presses the button under it, and types what its form asks for; answers that, or what was
 * answered instead of showing.
 */
export async function approve(
  talk: Conversation,
  by: string,
  incident = 101,
  device?: number,
  options: SayOptions = {},
): Promise<Turn> {
  const said = `approve INC-${incident}${device === undefined ? '' : ` ${device}`}`;
  const shown = await talk.type(by, '#approvals', said, options);
  return decide(talk, by, shown, options);
}

/** Presses the button that approves what was shown, and types what its form asks for. */
export async function decide(talk: Conversation, by: string, shown: Turn, options: SayOptions = {}): Promise<Turn> {
  const button = buttonIn(shown.answer, 'Approve');
  return button === undefined ? shown : pressed(talk, by, button, options);
}

/** The same by the button of this action. */
export async function pressed(talk: Conversation, by: string, button: string, options: SayOptions = {}): Promise<Turn> {
  const turn = await talk.press(by, '#approvals', button, options);
  const typed = turn.answer.form?.fields.find((field) => field.kind === 'typed');
  return typed?.kind === 'typed' ? talk.submit(by, '#approvals', { typed: typed.show }, options) : turn;
}

/** Says `reset anyway` and fills in its form. */
export async function resetAnyway(
  talk: Conversation,
  by: string,
  incident = 101,
  options: SayOptions = {},
): Promise<Turn> {
  const asked = await talk.type(by, '#helpdesk', `reset anyway INC-${incident}`, options);
  if (asked.answer.form === undefined) return asked;
  return talk.submit(by, '#helpdesk', { reason: 'Somebody is using the account', lost: true }, options);
}

/** Says `deny`, reads what waits and presses the button under it; answers that, or what was answered instead. */
export async function deny(
  talk: Conversation,
  by: string,
  incident: number,
  why = 'nobody was called back',
  options: SayOptions = {},
): Promise<Turn> {
  const said = await talk.type(by, '#approvals', `deny INC-${incident} because ${why}`, options);
  const button = buttonIn(said.answer, 'Deny');
  return button === undefined ? said : talk.press(by, '#approvals', button, options);
}

/** The action behind a button of a private answer. */
export function buttonIn(answer: Answer, label: string): string | undefined {
  const blocks = answer.private?.blocks ?? [];
  const row = blocks.flatMap((block) => (block.kind === 'buttons' ? block.buttons : []));
  return row.find((button) => button.label === label)?.action;
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

/** Reads what policy.yaml loosens and accepts it; answers what was said last. */
export async function acceptPolicy(talk: Conversation, who: string): Promise<string> {
  const shown = await talk.type(who, '#security', 'accept policy');
  const button = buttonIn(shown.answer, 'Accept');
  return button === undefined ? shown.text : (await talk.press(who, '#security', button)).text;
}
