/** One person's view of a card: as the store has it now, without the buttons that they may not press. */
import type { Kysely } from 'kysely';
import type { AnyCommand } from '../commands/command.ts';
import type { Actor } from '../directory/actor.ts';
import type { Place } from '../ground/addresses.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Block, Message } from '../message/model.ts';
import type { Store } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import { findAction } from './actions.ts';
import { resolveActor } from './actor.ts';
import { authorise } from './authorise.ts';
import { markMessage } from './mark.ts';
import type { CardView } from './port.ts';
import { type ProjectionParts, renderProjection } from './render-projection.ts';

type ViewParts = ProjectionParts & {
  store: Store;
  commands: readonly AnyCommand[];
  organisation: Organisation;
  mark?: string | undefined;
};

export function createCardView(parts: ViewParts): CardView {
  const { store, organisation, clock, mark } = parts;
  return async ({ sender, ref, key }) => {
    const card = await cardOf(store.db, ref, key);
    if (card === undefined) return undefined;
    // Read anew: policy.yaml may have been reloaded.
    const { policy } = parts;
    const resolved = await resolveActor({ store, policy, organisation, sender, clock });
    if (resolved.kind === 'refused') return undefined;
    const rendered = await renderProjection(parts, card);
    if (rendered === undefined) return undefined;
    const message = await forActor(parts, rendered, resolved.actor, card.personal ? undefined : card.place);
    return { message: markMessage(message, mark), ...(card.ref === null ? {} : { ref: card.ref }) };
  };
}

async function cardOf(db: Kysely<Database>, ref: string, key: string | undefined) {
  const cards = db.selectFrom('card').select(['subject', 'place', 'ref', 'personal']);
  const shown = await cards.where('ref', '=', ref).executeTakeFirst();
  if (shown !== undefined || key === undefined) return shown;
  return await cards.where('postKey', '=', key).executeTakeFirst();
}

async function forActor(parts: ViewParts, message: Message, actor: Actor, place: Place | undefined): Promise<Message> {
  const blocks: Block[] = [];
  for (const block of message.blocks) {
    if (block.kind !== 'buttons') blocks.push(block);
    else {
      const mine = [];
      for (const button of block.buttons) if (await mayPress(parts, button.action, actor, place)) mine.push(button);
      if (mine.length > 0) blocks.push({ ...block, buttons: mine });
    }
  }
  return { ...message, blocks };
}

async function mayPress(parts: ViewParts, action: string, actor: Actor, place: Place | undefined): Promise<boolean> {
  const stored = await findAction(parts.store.db, action);
  const command = parts.commands.find((each) => each.id === stored?.command);
  if (command === undefined) return false;
  const { policy } = parts;
  return authorise({ command, actor, policy, place, readOnlyPlatforms: [] }).kind === 'allowed';
}
