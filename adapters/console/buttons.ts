import type { Identity, MessageRef, Place } from '../../src/ground/addresses.ts';
import type { Button, Message } from '../../src/message/model.ts';
import { rememberedCards } from './limits.ts';

/** Where a message with buttons was shown. `identity`: only he may press it; `place`: where, or in answer to what said where. */
export type Showing = { readonly identity?: Identity; readonly place?: Place; readonly ref?: MessageRef };

export type Pressable = {
  number: number;
  label: string;
  action: string;
  title: string;
  showing: Showing;
  confirm: Button['confirm'];
};

export type Buttons = {
  /** Remembers the buttons of a message as shown (again) and answers their numbers by action. */
  show(showing: Showing, message: Message): ReadonlyMap<string, number>;
  /** Where numbers are unique, also one that its card no longer has: whether it may still be pressed, the core knows. */
  byNumber(number: number, identity: Identity, place: Place | undefined): Pressable | undefined;
  /** One is meant if there is one; several if the words do not tell cards apart. */
  byWords(words: string, identity: Identity, place: Place | undefined, card?: string): readonly Pressable[];
  /** A button that was ever shown, by its action's id: also one that its card no longer has. */
  byAction(action: string): Pressable | undefined;
};

export function createButtons(input: { unique: boolean }): Buttons {
  let last = 0;
  /** Oldest first; what was shown last is last. */
  let cards: { showing: Showing; buttons: readonly Pressable[] }[] = [];
  const ever = new Map<string, Pressable>();
  /** Right only where numbers are unique. */
  const numbered = new Map<number, Pressable>();

  function show(showing: Showing, message: Message): ReadonlyMap<string, number> {
    const before = showing.ref === undefined ? undefined : cards.find((card) => card.showing.ref === showing.ref);
    const known = new Map(before?.buttons.map((button) => [button.action, button.number]));
    const title = message.title ?? '';
    const buttons = message.blocks
      .flatMap((block) => (block.kind === 'buttons' ? block.buttons : []))
      .map((button, index): Pressable => {
        const number = input.unique ? (known.get(button.action) ?? ++last) : index + 1;
        return { number, label: button.label, action: button.action, title, showing, confirm: button.confirm };
      });
    cards = cards.filter((card) => card !== before);
    if (buttons.length > 0) cards = [...cards, { showing, buttons }].slice(-rememberedCards);
    for (const button of buttons) {
      ever.set(button.action, button);
      numbered.set(button.number, button);
    }
    return new Map(buttons.map((button) => [button.action, button.number]));
  }

  function mine(identity: Identity) {
    return cards.filter((card) => isFor(card, identity)).reverse();
  }

  function here(showing: Showing, identity: Identity, place: Place | undefined): boolean {
    return place === undefined ? showing.identity === identity : showing.place === place;
  }

  return {
    show,
    byNumber: (number, identity, place) => {
      if (input.unique) {
        const button = numbered.get(number);
        return button !== undefined && isFor(button, identity) ? button : undefined;
      }
      const seen = mine(identity);
      const newest = seen.find((card) => here(card.showing, identity, place)) ?? seen[0];
      return newest?.buttons.find((button) => button.number === number);
    },
    byWords: (words, identity, place, card) => {
      const seen = mine(identity).flatMap((one) => one.buttons);
      const wanted = seen.filter((button) => card === undefined || names(button.title, card));
      const nearest = wanted.filter((button) => here(button.showing, identity, place));
      for (const among of [nearest, wanted]) {
        for (const test of [same, begins, holds]) {
          const found = among.filter((button) => test(fold(button.label), fold(words)));
          if (found.length > 0) return told(found);
        }
      }
      return [];
    },
    byAction: (action) => ever.get(action),
  };
}

function isFor({ showing }: { readonly showing: Showing }, identity: Identity): boolean {
  return showing.identity === undefined || showing.identity === identity;
}

/**
 * Answers are never edited, so an older one that looks the same is stale; cards stand until they are edited. One action
 * may be on several cards (in the channel and in private): it is one button.
 */
function told(found: readonly Pressable[]): readonly Pressable[] {
  const [newest] = found;
  if (newest === undefined || newest.showing.ref === undefined) return found.slice(0, 1);
  const cards = found.filter((button) => button.showing.ref !== undefined);
  return cards.filter((button, index) => cards.findIndex((other) => other.action === button.action) === index);
}

function names(title: string, card: string): boolean {
  return new RegExp(`\\b${card}\\b`, 'i').test(title);
}

function fold(text: string): string {
  return text.toLowerCase().replaceAll('…', '').replaceAll(/\s+/gu, ' ').trim();
}

function same(label: string, words: string): boolean {
  return label === words;
}

function begins(label: string, words: string): boolean {
  return label.startsWith(words);
}

function holds(label: string, words: string): boolean {
  return words.split(' ').every((word) => label.includes(word));
}
