import { canonicalJson } from '../../src/ground/canonical.ts';
import type { Block, Message } from '../../src/message/model.ts';
import { visible } from '../../src/message/safe.ts';
import { note } from '../../src/message/text.ts';

/**
 * What of a card is new since it was shown: its title, and only the blocks, steps, fields, rows and items that were not
 * there before. undefined when nothing that a reader would see has changed.
 */
export function changesSince(before: Message, after: Message): Message | undefined {
  if (same(before, after)) return undefined;
  const blocks = after.blocks.flatMap((block, index) => {
    const changed = newOf(block, before.blocks);
    const heading = after.blocks[index - 1];
    // New items of a list mean nothing without what they are about: the phone whose line stands above them.
    return block.kind === 'list' && changed.length > 0 && heading?.kind === 'text' && isIn(heading, before.blocks)
      ? [heading, ...changed]
      : changed;
  });
  const remark = pressable(before) && !pressable(after) ? [note('Its buttons are gone.')] : [];
  const title = after.title === undefined ? 'Updated' : `${visible(after.title)} · updated`;
  return { title, tone: after.tone, blocks: [...blocks, ...remark] };
}

function newOf(block: Block, before: readonly Block[]): Block[] {
  if (isIn(block, before)) return [];
  switch (block.kind) {
    case 'steps': {
      const old = before.flatMap((one) => (one.kind === 'steps' ? one.steps : []));
      return kept(block.steps, old, (steps) => ({ ...block, steps }));
    }
    case 'fields': {
      const old = before.flatMap((one) => (one.kind === 'fields' ? one.fields : []));
      return kept(block.fields, old, (fields) => ({ ...block, fields }));
    }
    case 'list': {
      const old = before.flatMap((one) => (one.kind === 'list' ? one.items : []));
      // An ordered list keeps its numbers only as a whole.
      return block.ordered === true ? [block] : kept(block.items, old, (items) => ({ ...block, items }));
    }
    case 'table': {
      const old = before.flatMap((one) => (one.kind === 'table' ? one.rows : []));
      return kept(block.rows, old, (rows) => ({ ...block, rows }));
    }
    case 'text':
    case 'image':
    case 'buttons':
      return [block];
  }
}

function isIn(block: Block, blocks: readonly Block[]): boolean {
  return blocks.some((other) => same(other, block));
}

function kept<Item>(now: readonly Item[], before: readonly Item[], make: (items: readonly Item[]) => Block): Block[] {
  const items = now.filter((item) => !before.some((old) => same(old, item)));
  return items.length === 0 ? [] : [make(items)];
}

function pressable(message: Message): boolean {
  return message.blocks.some((block) => block.kind === 'buttons' && block.buttons.length > 0);
}

/** Key order does not matter: a message may have been through the store. */
function same(one: unknown, other: unknown): boolean {
  return canonicalJson(one) === canonicalJson(other);
}
