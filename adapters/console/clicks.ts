import type { Identity, Place } from '../../src/ground/addresses.ts';
import type { Buttons, Pressable } from './buttons.ts';

/** The button that is meant, or why none is. */
export type ButtonChoice =
  | { readonly kind: 'button'; readonly button: Pressable }
  | { readonly kind: 'none' | 'several'; readonly sentence: string };

/** Which button somebody means, and whether they still have to confirm it. */
export class Clicks {
  readonly #parts: ClickParts;
  readonly #asked = new Map<Identity, Pressable>();

  constructor(parts: ClickParts) {
    this.#parts = parts;
  }

  numbered(number: number, identity: Identity, place: Place | undefined): ButtonChoice {
    const { buttons } = this.#parts;
    const button = buttons.byNumber(number, identity, place);
    const labelled = buttons.byLabelNumber(number, identity, place);
    if (labelled !== undefined && labelled.action !== button?.action) return clash(number, labelled, button);
    return button === undefined ? none(`There is no button ${number} here.`) : { kind: 'button', button };
  }

  /** By the words on it, or by its action's id, which scripts read from --json. */
  named(words: string, identity: Identity, place: Place | undefined, card?: string): ButtonChoice {
    const { buttons } = this.#parts;
    const known = buttons.byAction(words);
    const found = known === undefined ? buttons.byWords(words, identity, place, card) : [known];
    const [one, ...more] = found;
    if (one === undefined) return none(`There is no button called "${words}" here.`);
    if (more.length === 0) return { kind: 'button', button: one };
    const choices = found.map((button) => `"${button.label}" on ${button.title || 'a card without a title'}`);
    const sentence = `Which one? ${choices.join(' · ')}. Say it with the number of the incident: press ${one.label} INC-…`;
    return { kind: 'several', sentence };
  }

  /** Asks, where the button wants it, and answers whether it did: the next line is the answer. */
  wantsConfirming(button: Pressable, identity: Identity): boolean {
    const { asksToConfirm, ask } = this.#parts;
    if (button.confirm === undefined || !asksToConfirm) return false;
    this.#asked.set(identity, button);
    ask(`${button.confirm.title} ${button.confirm.text} ${button.confirm.ok}? y/n`);
    return true;
  }

  confirming(identity: Identity): Pressable | undefined {
    return this.#asked.get(identity);
  }

  /** Takes the answer; asked once. */
  confirmed(identity: Identity, text: string): boolean {
    this.#asked.delete(identity);
    return /^y(es)?$/i.test(text.trim());
  }
}

type ClickParts = {
  buttons: Buttons;
  /** A script is not asked. */
  asksToConfirm: boolean;
  ask(sentence: string): void;
};

/** The card calls one thing by this number, and another button has it: neither is guessed. */
function clash(number: number, labelled: Pressable, button: Pressable | undefined): ButtonChoice {
  const on = ({ title }: Pressable) => (title === '' ? '' : ` on ${title}`);
  const other =
    button === undefined ? '' : `, and the button "${button.label}"${on(button)} is ${number}: press ${button.label}`;
  const sentence = `"${labelled.label}"${on(labelled)} is button ${labelled.number}: type ${labelled.number}${other}. Nothing was pressed.`;
  return { kind: 'several', sentence };
}

function none(sentence: string): ButtonChoice {
  return { kind: 'none', sentence };
}
