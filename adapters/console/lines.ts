/**
 * What a typed line means before the core hears of it: who says it and where, and whether it presses a button, moves the
 * console or is a sentence for the bot.
 *
 * prefix   `hana #helpdesk> …`, `hana> …` (privately): this one line is said by Hana there
 */
import { namePattern, type Speaker } from './identity.ts';

export type TypedLine =
  | { kind: 'nothing' }
  | { kind: 'quit' }
  /** The console's own commands are asked for. */
  | { kind: 'how' }
  | { kind: 'as'; name: string }
  | { kind: 'in'; place: string }
  | { kind: 'private' }
  | { kind: 'number'; number: number }
  /** A button by the words on it, perhaps on the card of one incident. */
  | { kind: 'press'; words: string; card?: string }
  /** `INC-104 approve`: a button of that card, or, if it has none called so, a sentence. */
  | { kind: 'card'; card: string; words: string; text: string }
  | { kind: 'sentence'; text: string }
  /** An answer to the open form, as typed. */
  | { kind: 'answer'; text: string };

const prefix = /^\s*([A-Za-z][\w.-]*)(?:\s+(#[\w-]+|private))?>(?:\s|$)(.*)$/su;

/**
 * Splits a prefix off. `mayBe` says as whom the console may speak; a prefix with any other name is no prefix but a refusal,
 * which the caller words.
 */
export function splitPrefix(line: string, current: Speaker): { speaker: Speaker; text: string } {
  const found = prefix.exec(line);
  const name = found?.[1]?.toLowerCase();
  if (found === null || name === undefined || !namePattern.test(name)) return { speaker: current, text: line };
  const place = found[2];
  const speaker = place === undefined || place === 'private' ? { name } : { name, place: `console:${place}` };
  return { speaker, text: found[3] ?? '' };
}

/** Reads a line without its prefix. In a form everything is an answer but the few words that leave or move. */
export function readLine(text: string, inForm: boolean, knownNames: ReadonlySet<string>): TypedLine {
  const bare = text.trim();
  const lower = bare.toLowerCase();
  if (lower === 'quit' || lower === 'exit') return { kind: 'quit' };
  const [, as] = /^as\s+(\S+)$/.exec(lower) ?? [];
  if (as !== undefined && (!inForm || knownNames.has(as))) return { kind: 'as', name: as };
  if (inForm) return { kind: 'answer', text: bare };
  if (bare === '' || bare === '#' || bare.startsWith('# ')) return { kind: 'nothing' };
  if (bare === '?') return { kind: 'how' };
  if (lower === 'private') return { kind: 'private' };
  const [, place] = /^in\s+(#[\w-]+)$/i.exec(bare) ?? [];
  if (place !== undefined) return { kind: 'in', place: `console:${place}` };
  const [, digits] = /^(?:press\s+)?\[?(\d{1,4})\]?$/.exec(lower) ?? [];
  if (digits !== undefined) return { kind: 'number', number: Number(digits) };
  const [, words] = /^press\s+(.+)$/isu.exec(bare) ?? [];
  if (words !== undefined) return pressed(words);
  const [, card, rest] = /^(INC-\d{1,9})\s+(.+)$/isu.exec(bare) ?? [];
  if (card !== undefined && rest !== undefined)
    return { kind: 'card', card: card.toUpperCase(), words: rest, text: bare };
  return { kind: 'sentence', text: bare };
}

/** `press approve INC-104`, `press INC-104 approve` or `press approve`. */
function pressed(words: string): TypedLine {
  const card = /\bINC-\d{1,9}\b/i.exec(words)?.[0];
  const rest = card === undefined ? '' : words.replace(card, '').trim();
  if (card === undefined || rest === '') return { kind: 'press', words: words.trim() };
  return { kind: 'press', words: rest, card: card.toUpperCase() };
}
