import type { Identity, MessageRef, Place } from '../../src/ground/addresses.ts';
import type { Button, Message } from '../../src/message/model.ts';
import { rememberedCards } from './limits.ts';

/** Where a message with buttons was shown. `identity`: only they may press it; `place`: where, or in answer to what said where. */
export type Showing = {
  readonly identity?: Identity;
  readonly place?: Place | undefined;
  readonly ref?: MessageRef;
};

export type Pressable = {
  number: number;
  label: string;
  action: string;
  title: string;
  showing: Showing;
  confirm: Button['confirm'];
};

export class Buttons {
  /** Whether each button has a number of its own, or each card counts from 1. */
  readonly #unique: boolean;
  /** Oldest first; what was shown last is last. */
  #cards: { showing: Showing; buttons: readonly Pressable[] }[] = [];
  readonly #ever = new Map<string, Pressable>();
  /** Right only where numbers are unique. */
  readonly #numbered = new Map<number, Pressable>();

  constructor({ unique }: { unique: boolean }) {
    this.#unique = unique;
  }

  /** Remembers the buttons of a message as shown (again) and answers their numbers by action. */
  show(showing: Showing, message: Message): ReadonlyMap<string, number> {
    const before = showing.ref === undefined ? undefined : this.#cards.find((card) => card.showing.ref === showing.ref);
    const known = new Map(before?.buttons.map((button) => [button.action, button.number]));
    const shown = message.blocks.flatMap((block) => (block.kind === 'buttons' ? block.buttons : []));
    const numbers = this.#unique ? this.#numbersFor(shown, { known, isAside: isAside(showing, message) }) : undefined;
    const buttons = shown.map(({ label, action, confirm }, index): Pressable => {
      const number = numbers?.get(action) ?? index + 1;
      return { number, label, action, title: message.title ?? '', showing, confirm };
    });
    this.#cards = this.#cards.filter((card) => card !== before);
    if (buttons.length > 0) this.#cards = [...this.#cards, { showing, buttons }].slice(-rememberedCards);
    for (const button of buttons) {
      this.#ever.set(button.action, button);
      this.#numbered.set(button.number, button);
    }
    return new Map(buttons.map((button) => [button.action, button.number]));
  }

  /** Numbers that no other button has or had. What is called by a number on its card ("3 Galaxy S9") gets that, while it is free. */
  #numbersFor(
    shown: readonly Pick<Button, 'label' | 'action'>[],
    { known, isAside }: { known: ReadonlyMap<string, number>; isAside: boolean },
  ): ReadonlyMap<string, number> {
    const numbers = new Map(known);
    const isFree = (number: number) => !this.#numbered.has(number) && ![...numbers.values()].includes(number);
    for (const { label, action } of shown) {
      const own = labelNumber(label);
      if (own !== undefined && !numbers.has(action) && isFree(own)) numbers.set(action, own);
    }
    let next = isAside ? firstAside : 1;
    for (const { action } of shown) {
      if (numbers.has(action)) continue;
      while (!isFree(next)) next += 1;
      numbers.set(action, next);
    }
    return numbers;
  }

  /** The button that the newest card here calls by this number ("3 Galaxy S9"). */
  byLabelNumber(number: number, identity: Identity, place: Place | undefined): Pressable | undefined {
    if (!this.#unique) return undefined;
    const numbered = this.#mine(identity).find(
      (card) =>
        isHere(card.showing, identity, place) && card.buttons.some(({ label }) => labelNumber(label) !== undefined),
    );
    return numbered?.buttons.find(({ label }) => labelNumber(label) === number);
  }

  /** Where numbers are unique, also one that its card no longer has: whether it may still be pressed, the core knows. */
  byNumber(number: number, identity: Identity, place: Place | undefined): Pressable | undefined {
    if (this.#unique) {
      const button = this.#numbered.get(number);
      return button !== undefined && isFor(button, identity) ? button : undefined;
    }
    const seen = this.#mine(identity);
    const newest = seen.find((card) => isHere(card.showing, identity, place)) ?? seen[0];
    return newest?.buttons.find((button) => button.number === number);
  }

  /** One is meant if there is one; several if the words do not tell cards apart. */
  byWords(words: string, identity: Identity, place: Place | undefined, card?: string): readonly Pressable[] {
    const seen = this.#mine(identity).flatMap((one) => one.buttons);
    const wanted = seen.filter((button) => card === undefined || names(button.title, card));
    const nearest = wanted.filter((button) => isHere(button.showing, identity, place));
    for (const among of [nearest, wanted]) {
      for (const fits of fittings) {
        const found = among.filter((button) => fits(folded(button.label), folded(words)));
        if (found.length > 0) return distinct(found);
      }
    }
    return [];
  }

  /** A button that was ever shown, by its action's id: also one that its card no longer has. */
  byAction(action: string): Pressable | undefined {
    return this.#ever.get(action);
  }

  #mine(identity: Identity) {
    return this.#cards.filter((card) => isFor(card, identity)).reverse();
  }
}

/** How the words that somebody typed fit a label, the best first. */
const fittings: readonly ((label: string, words: string) => boolean)[] = [
  (label, words) => label === words,
  (label, words) => label.startsWith(words),
  (label, words) => words.split(' ').every((word) => label.includes(word)),
];

/** Buttons of alarms and reports begin here, so that the first case has the first numbers whatever was reported before. */
const firstAside = 101;

/** Delivered without being asked for, and about no case. */
function isAside({ ref }: Showing, { title = '' }: Message): boolean {
  return ref !== undefined && !/\bINC-\d+\b/.test(title);
}

/** 3 of "3 Galaxy S9". */
function labelNumber(label: string): number | undefined {
  const digits = /^(\d{1,2})\s/.exec(label)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function isHere(showing: Showing, identity: Identity, place: Place | undefined): boolean {
  return place === undefined ? showing.identity === identity : showing.place === place;
}

function isFor({ showing }: { readonly showing: Showing }, identity: Identity): boolean {
  return showing.identity === undefined || showing.identity === identity;
}

/**
 * Answers are never edited, so an older one that looks the same is stale; cards stand until they are edited. One action
 * may be on several cards (in the channel and in private): it is one button.
 */
function distinct(found: readonly Pressable[]): readonly Pressable[] {
  const [newest] = found;
  if (newest === undefined || newest.showing.ref === undefined) return found.slice(0, 1);
  const cards = found.filter((button) => button.showing.ref !== undefined);
  return cards.filter((button, index) => cards.findIndex((other) => other.action === button.action) === index);
}

function names(title: string, card: string): boolean {
  return new RegExp(`\\b${card}\\b`, 'i').test(title);
}

function folded(text: string): string {
  return text.toLowerCase().replaceAll('…', '').replaceAll(/\s+/gu, ' ').trim();
}
