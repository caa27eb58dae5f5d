/**
 * Stored actions: what a button does stays in the store, and only an unguessable id reaches a chat platform. The same intent
 * on the same subject keeps its id however often it is rendered, so an old copy of a card and a new one share one effect.
 */
import type { Kysely, Selectable } from 'kysely';
import { canonicalHash, canonicalJson } from '../canonical.ts';
import type { Ids } from '../clock.ts';
import type { Answer, Block, DraftAnswer, DraftForm, DraftMessage, Form, Intent, Message } from '../message/model.ts';
import type { Subject } from '../store/port.ts';
import type { Database, StoredActionTable } from '../store/schema.ts';

export type StoredAction = Selectable<StoredActionTable>;

/** What minting needs; `db` may be a transaction. */
export type Minting = { db: Kysely<Database>; subject: Subject; ids: Ids; now: Date };

/** Commands whose click is answered with a form, for platforms that open a dialog only when it was asked for at once. */
export const askingCommands: ReadonlySet<string> = new Set([
  'wipe',
  'deny',
  'close',
  'found',
  'give-up',
  'cancel-wipe',
  'break-glass',
  'verify-kept',
]);

/** An intent with the label of its button: what makes it the same button again. */
type Labelled = { intent: Intent; label: string };

export async function mintMessage(minting: Minting, draft: DraftMessage): Promise<Message> {
  const idOf = await actionIds(minting, labelledIn(draft.blocks));
  return { ...draft, blocks: draft.blocks.map((block) => mintBlock(block, idOf)) };
}

export async function mintForm(minting: Minting, draft: DraftForm): Promise<Form> {
  const submit = { intent: draft.submit.action, label: draft.submit.label };
  const idOf = await actionIds(minting, [submit]);
  return { ...draft, submit: { ...draft.submit, action: idOf(submit) } };
}

export async function mintAnswer(minting: Minting, draft: DraftAnswer): Promise<Answer> {
  return {
    ...(draft.private === undefined ? {} : { private: await mintMessage(minting, draft.private) }),
    ...(draft.form === undefined ? {} : { form: await mintForm(minting, draft.form) }),
    ...(draft.fieldErrors === undefined ? {} : { fieldErrors: draft.fieldErrors }),
  };
}

/** The action behind a button, used or not; undefined when there is none of this id. */
export async function takeAction(db: Kysely<Database>, id: string): Promise<StoredAction | undefined> {
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
      ...(askingCommands.has(button.action.command) ? { asks: true as const } : {}),
    })),
  };
}

async function actionIds(minting: Minting, wanted: readonly Labelled[]): Promise<(labelled: Labelled) => string> {
  const known = wanted.length === 0 ? new Map<string, string>() : await storedIds(minting, wanted);
  for (const labelled of wanted) {
    const key = keyOf(labelled);
    if (!known.has(key)) known.set(key, await store(minting, labelled));
  }
  return (labelled) => known.get(keyOf(labelled)) ?? '';
}

async function storedIds({ db, subject }: Minting, wanted: readonly Labelled[]): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('storedAction')
    .select(['id', 'command', 'args', 'epoch', 'label'])
    .where('subject', '=', subject)
    .where('command', 'in', [...new Set(wanted.map(({ intent }) => intent.command))])
    .where('label', 'in', [...new Set(wanted.map(({ label }) => label))])
    .execute();
  return new Map(
    rows.map(({ id, command, args, epoch, label }) => [keyOf({ intent: { command, args, epoch }, label }), id]),
  );
}

async function store(minting: Minting, labelled: Labelled): Promise<string> {
  const { db, subject, ids, now } = minting;
  const { intent, label } = labelled;
  const inserted = await db
    .insertInto('storedAction')
    .values({
      id: ids.token(),
      subject,
      command: intent.command,
      args: canonicalJson(intent.args),
      epoch: String(intent.epoch ?? ''),
      label,
      createdAt: now,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  if (inserted !== undefined) return inserted.id;
  // Another process minted the same button a moment ago: its id is the one.
  const theirs = (await storedIds(minting, [labelled])).get(keyOf(labelled));
  return theirs ?? store(minting, labelled);
}

function keyOf({ intent, label }: Labelled): string {
  return canonicalHash([intent.command, intent.args, String(intent.epoch ?? ''), label]);
}
