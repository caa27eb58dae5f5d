/**
 * Answers that a platform did not take in the turn in which they were asked for: they are stored and delivered like everything else
 * that people are shown, until they arrive.
 */
import type { Kysely } from 'kysely';
import type { Identity } from '../ground/addresses.ts';
import type { Block, DraftMessage, Intent, Message } from '../message/model.ts';
import type { Store } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import { findAction } from './actions.ts';
import type { Undelivered } from './port.ts';

/** The key that a delivery of this answer has: an adapter posts it under the same, so that it is found where it arrived after all. */
export function answerKey(name: string, identity: Identity): string {
  return `${nameOf(name)}@${identity}`;
}

export function createUndelivered({ store }: { store: Store }): (answer: Undelivered) => Promise<void> {
  return async ({ identity, message, name, inDoubt }) => {
    await store.change(async (change) => {
      await change.privately(identity, await draftOf(change.tx, message), nameOf(name));
      if (!inDoubt) return;
      const rows = change.tx.updateTable('delivery').set({ tried: true });
      await rows.where('key', '=', answerKey(name, identity)).execute();
    });
  };
}

function nameOf(name: string): string {
  return `answer:${name}`;
}

/** The message as it was before its buttons were minted; they are minted again when it is sent. */
async function draftOf(db: Kysely<Database>, message: Message): Promise<DraftMessage> {
  const blocks: Block<Intent>[] = [];
  for (const block of message.blocks) {
    if (block.kind !== 'buttons') {
      blocks.push(block);
      continue;
    }
    const buttons = [];
    for (const { opensForm: _minted, ...button } of block.buttons) {
      const stored = await findAction(db, button.action);
      if (stored === undefined) continue;
      const { command, args, epoch } = stored;
      buttons.push({ ...button, action: { command, args, ...(epoch === '' ? {} : { epoch }) } });
    }
    if (buttons.length > 0) blocks.push({ kind: 'buttons', buttons });
  }
  return { ...message, blocks };
}
