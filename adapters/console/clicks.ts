import type { Identity, Place } from '../../src/ground/addresses.ts';
import type { Buttons, Pressable } from './buttons.ts';

export type ButtonChoice =
  | { readonly kind: 'button'; readonly button: Pressable }
  | { readonly kind: 'none'; readonly sentence: string }
  | { readonly kind: 'several'; readonly sentence: string };

export type Clicks = {
  numbered(number: number, identity: Identity, place: Place | undefined): ButtonChoice;
  /** By the words on it, or by its action's id, which scripts read from --json. */
  named(words: string, identity: Identity, place: Place | undefined, card?: string): ButtonChoice;
  /** Asks, where the button wants it, and answers whether it did: the next line is the answer. */
  wantsConfirming(button: Pressable, identity: Identity): boolean;
  confirming(identity: Identity): Pressable | undefined;
  /** Takes the answer; asked once. */
  confirmed(identity: Identity, text: string): boolean;
};

export function createClicks(input: {
  buttons: Buttons;
  /** A script is not asked. */
  asksToConfirm: boolean;
  ask(sentence: string): void;
}): Clicks {
  const { buttons } = input;
  const asked = new Map<Identity, Pressable>();

  return {
    numbered: (number, identity, place) => {
      const button = buttons.byNumber(number, identity, place);
      return button === undefined ? none(`There is no button ${number} here.`) : { kind: 'button', button };
    },
    named: (words, identity, place, card) => {
      const known = buttons.byAction(words);
      if (known !== undefined) return { kind: 'button', button: known };
      const found = buttons.byWords(words, identity, place, card);
      const [one, ...more] = found;
      if (one === undefined) return none(`There is no button called "${words}" here.`);
      return more.length === 0 ? { kind: 'button', button: one } : several(one, found);
    },
    wantsConfirming: (button, identity) => {
      if (button.confirm === undefined || !input.asksToConfirm) return false;
      asked.set(identity, button);
      input.ask(`${button.confirm.title} ${button.confirm.text} ${button.confirm.ok}? y/n`);
      return true;
    },
    confirming: (identity) => asked.get(identity),
    confirmed: (identity, text) => {
      asked.delete(identity);
      return /^y(es)?$/i.test(text.trim());
    },
  };
}

function none(sentence: string): ButtonChoice {
  return { kind: 'none', sentence };
}

function several(one: Pressable, found: readonly Pressable[]): ButtonChoice {
  const choices = found.map((button) => `"${button.label}" on ${button.title || 'a card without a title'}`);
  const sentence = `Which one? ${choices.join(' · ')}. Say it with the number of the incident: press ${one.label} INC-…`;
  return { kind: 'several', sentence };
}
