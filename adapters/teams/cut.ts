/**
 * Making a card fit: every block says how large it is and how it looks within fewer bytes. Large blocks give way first, so that
 * a long table never costs the sentence under it; what is left out is announced.
 */
import type { CardElement, TextRun } from './card.ts';
import { block } from './rich-text.ts';

export type Shrinkable = {
  readonly elements: readonly CardElement[];
  /** The same in at most about so many bytes, with what is missing announced. */
  within(bytes: number): readonly CardElement[];
};

/** What an announced cut takes. */
const announcement = 160;
/** A block is not worth showing with less. */
const leastBytes = 400;

export function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}

/** All blocks within `room` bytes together, and how many did not get any. */
export function fitInto(blocks: readonly Shrinkable[], room: number): { elements: CardElement[]; left: number } {
  const sizes = blocks.map((each) => bytesOf(each.elements));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total <= room) return { elements: blocks.flatMap((each) => [...each.elements]), left: 0 };
  const most = Math.max(1, Math.floor(room / leastBytes));
  const kept = blocks.length > most && largestShare(sizes, room) < leastBytes ? blocks.slice(0, most) : blocks;
  const share = largestShare(sizes.slice(0, kept.length), room);
  const elements = kept.flatMap((each, index) =>
    (sizes[index] ?? 0) <= share ? [...each.elements] : [...each.within(share)],
  );
  return { elements, left: blocks.length - kept.length };
}

/** The bytes that each block may have at most so that all fit: small blocks take what they need, large ones share the rest. */
function largestShare(sizes: readonly number[], room: number): number {
  let left = room;
  const ascending = [...sizes].sort((a, b) => a - b);
  for (const [index, size] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - index));
    if (size > share) return share;
    left -= size;
  }
  return left;
}

/** Rows, items or steps: as many as fitInto, then `… 12 more`. `join` makes elements of those that stay. */
export function rows<Row>(
  all: readonly Row[],
  join: (some: readonly Row[]) => readonly CardElement[],
  what: string,
): Shrinkable {
  return {
    elements: join(all),
    within: (bytes) => {
      const empty = bytesOf(join([]));
      let used = empty + announcement;
      let count = 0;
      for (const row of all) {
        used += bytesOf(join([row])) - empty;
        if (used > bytes) break;
        count += 1;
      }
      return [...join(all.slice(0, count)), more(all.length - count, what)];
    },
  };
}

/** A paragraph, cut with a visible `…` within its text. */
export function paragraphOf(runs: readonly TextRun[], rest: Parameters<typeof block>[1] = {}): Shrinkable {
  return {
    elements: runs.length === 0 ? [] : [block(runs, rest)],
    within: (bytes) => [block(cutRuns(runs, bytes - announcement), rest)],
  };
}

export function more(count: number, what: string): CardElement {
  return block([{ type: 'TextRun', text: `… ${count} more ${what}`, isSubtle: true }], { spacing: 'small' });
}

function cutRuns(runs: readonly TextRun[], bytes: number): TextRun[] {
  const kept: TextRun[] = [];
  let left = bytes;
  for (const run of runs) {
    const size = bytesOf(run) + 1;
    if (size <= left) {
      kept.push(run);
      left -= size;
      continue;
    }
    const room = left - (size - bytesOf(run.text));
    kept.push({ ...run, text: `${cutText(run.text, room)}…` });
    return kept;
  }
  return kept;
}

/** At most so many bytes of JSON, never half a character. */
export function cutText(text: string, bytes: number): string {
  let left = bytes;
  let end = 0;
  for (const character of text) {
    left -= bytesOf(character) - 2;
    if (left < 0) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** At most so many characters, with a visible `…` where something was cut. */
export function shortened(text: string, characters: number): string {
  const all = [...text];
  return all.length <= characters ? text : `${all.slice(0, characters - 1).join('')}…`;
}
