/** One person's view of a card: as the store has it now, without the buttons that he may not press. */
import type { Kysely } from 'kysely';
import type { AnyCommand } from '../commands/command.ts';
import type { Actor } from '../directory/actor.ts';
import type { Place } from '../ground/addresses.ts';
import type { Clock, Ids } from '../ground/clock.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Block, Message } from '../message/model.ts';
import type { Policy } from '../policy.ts';
import type { Store } from '../store/port.ts';
import type { Projection } from '../store/projection.ts';
import type { Database } from '../store/schema.ts';
import { findAction, mintMessage } from './actions.ts';
import { resolveActor } from './actor.ts';
import { authorise } from './authorise.ts';
import { markMessage } from './mark.ts';
import type { CardView } from './port.ts';

export type ViewParts = {
  store: Store;
  commands: readonly AnyCommand[];
  projections: readonly Projection[];
  policy: Policy;
  organisation: Organisation;
  clock: Clock;
  ids: Ids;
  mark?: string | undefined;
};

export function createCardView(parts: ViewParts): CardView {
  const { store, projections, organisation, clock, ids, mark } = parts;
  return async ({ sender, ref, key }) => {
    const card = await cardOf(store.db, ref, key);
    if (card === undefined) return undefined;
    // Read anew: policy.yaml may have been reloaded.
    const { policy } = parts;
    const resolved = await resolveActor({ store, policy, organisation, sender, clock });
    if (resolved.kind === 'refused') return undefined;
    const colon = card.subject.indexOf(':');
    const kind = card.subject.slice(0, colon);
    const id = card.subject.slice(colon + 1);
    const now = clock.now();
    const { place } = card;
    const projection = projections.find((each) => each.kind === kind);
    const draft = await projection?.render({ db: store.db, id, place, now, policy });
    if (draft === undefined) return undefined;
    const minted = await mintMessage({ db: store.db, subject: `${kind}:${id}`, ids, now }, draft);
    const message = await forActor(parts, minted, resolved.actor, card.personal ? undefined : place);
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
    if (block.kind !== 'buttons') {
      blocks.push(block);
      continue;
    }
    const mine = [];
    for (const button of block.buttons) if (await mayPress(parts, button.action, actor, place)) mine.push(button);
    if (mine.length > 0) blocks.push({ ...block, buttons: mine });
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
