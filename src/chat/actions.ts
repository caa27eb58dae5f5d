/**
 * Stored actions: what a button does stays in the store, and only an unguessable id reaches a chat platform. The same intent
 * on the same subject keeps its id however often it is rendered, so an old copy of a card and a new one share one effect.
 */
import { type Kysely, type Selectable, sql } from 'kysely';
import { canonicalHash, canonicalJson } from '../ground/canonical.ts';
import type { Ids } from '../ground/clock.ts';
import type { Answer, Block, DraftAnswer, DraftForm, DraftMessage, Form, Intent, Message } from '../message/model.ts';
import type { Subject } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import type { StoredActionTable } from '../store/tables/chat.ts';

type StoredAction = Selectable<StoredActionTable>;

/** What minting needs; `db` may be a transaction. */
type MintContext = { db: Kysely<Database>; subject: Subject; ids: Ids; now: Date };

/** Commands whose click is answered with a form, for platforms that open a dialog only when it was asked for at once. */
export const formCommands: ReadonlySet<string> = new Set([
  'wipe',
  'deny',
  'close',
  'found',
  'give-up',
  'cancel-wipe',
  'break-glass',
  'verify-kept',
  'restore',
  'reset-anyway',
  'opened-by-mistake',
]);

/** An intent with the label of its button: what makes it the same button again. */
type Labelled = { intent: Intent; label: string };

export async function mintMessage(minting: MintContext, draft: DraftMessage): Promise<Message> {
  const idOf = await actionIds(minting, labelledIn(draft.blocks));
  return { ...draft, blocks: draft.blocks.map((block) => mintBlock(block, idOf)) };
}

export async function mintForm(minting: MintContext, draft: DraftForm): Promise<Form> {
  const submit = { intent: draft.submit.action, label: draft.submit.label };
  const idOf = await actionIds(minting, [submit]);
  return { ...draft, submit: { ...draft.submit, action: idOf(submit) } };
}

export async function mintAnswer(minting: MintContext, draft: DraftAnswer): Promise<Answer> {
  return {
    ...(draft.private === undefined ? {} : { private: await mintMessage(minting, draft.private) }),
    ...(draft.form === undefined ? {} : { form: await mintForm(minting, draft.form) }),
    ...(draft.fieldErrors === undefined ? {} : { fieldErrors: draft.fieldErrors }),
  };
}

/** The action behind a button, used or not; undefined when there is none of this id. */
export async function findAction(db: Kysely<Database>, id: string): Promise<StoredAction | undefined> {
  return await db.selectFrom('storedAction').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Compare-and-set in the transaction of the effect: false when the effect has happened before. */
export async function markUsed(tx: Kysely<Database>, id: string, used: { by: string; at: Date }): Promise<boolean> {
  const marked = await tx
    .updateTable('storedAction')
    .set({ usedAt: used.at, usedBy: used.by })
    .where('id', '=', id)
    .where('usedAt', 'is', null)
    .returning('id')
    .executeTakeFirst();
  return marked !== undefined;
}

function labelledIn(blocks: readonly Block<Intent>[]): Labelled[] {
  return blocks.flatMap((block) =>
    block.kind === 'buttons' ? block.buttons.map(({ action, label }) => ({ intent: action, label })) : [],
  );
}

function mintBlock(block: Block<Intent>, idOf: (labelled: Labelled) => string): Block {
  if (block.kind !== 'buttons') return block;
  return {
    ...block,
    buttons: block.buttons.map((button) => ({
      ...button,
      action: idOf({ intent: button.action, label: button.label }),
      ...(formCommands.has(button.action.command) ? { opensForm: true as const } : {}),
    })),
  };
}

async function actionIds(minting: MintContext, wanted: readonly Labelled[]): Promise<(labelled: Labelled) => string> {
  const known = new Map<string, string>();
  let missing = new Map(wanted.map((labelled) => [keyOf(labelled), labelled]));
  while (missing.size > 0) {
    for (const [key, id] of await storedIds(minting, missing)) known.set(key, id);
    // Another process minted the same button at this moment: it is there when asked again.
    missing = new Map([...missing].filter(([key]) => !known.has(key)));
  }
  return (labelled) => known.get(keyOf(labelled)) ?? '';
}

/** Ids of these buttons by key; those that are new get one. All in one question, because a card has many. */
async function storedIds(
  { db, subject, ids, now }: MintContext,
  wanted: ReadonlyMap<string, Labelled>,
): Promise<[key: string, id: string][]> {
  const rows = [...wanted].map(([key, { intent, label }]) => ({
    key,
    id: ids.token(),
    command: intent.command,
    args: canonicalJson(intent.args),
    epoch: String(intent.epoch ?? ''),
    label,
  }));
  const found = await sql<{ key: string; id: string }>`
    with wanted as (
      select key, id, command, args::jsonb as args, epoch, label
      from unnest(
        ${rows.map(({ key }) => key)}::text[], ${rows.map(({ id }) => id)}::text[],
        ${rows.map(({ command }) => command)}::text[], ${rows.map(({ args }) => args)}::text[],
        ${rows.map(({ epoch }) => epoch)}::text[], ${rows.map(({ label }) => label)}::text[]
      ) as button (key, id, command, args, epoch, label)),
    known as (
      select wanted.key, stored.id
      from wanted join stored_action as stored on stored.subject = ${subject} and stored.command = wanted.command
        and md5(stored.args::text) = md5(wanted.args::text) and stored.epoch = wanted.epoch and stored.label = wanted.label),
    minted as (
      insert into stored_action (id, subject, command, args, epoch, label, created_at)
      select id, ${subject}, command, args, epoch, label, ${now} from wanted where key not in (select key from known)
      -- In one order everywhere: two that mint the same buttons wait for each other, and never in a circle.
      order by key
      on conflict do nothing
      returning id)
    select key, id from known union all select wanted.key, id from minted join wanted using (id)`.execute(db);
  return found.rows.map(({ key, id }) => [key, id]);
}

function keyOf({ intent, label }: Labelled): string {
  return canonicalHash([intent.command, intent.args, String(intent.epoch ?? ''), label]);
}
