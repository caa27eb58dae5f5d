/** Whether a phone is gone or is there again, and whose, as the order of the words tells it. Pure. */
import { isFiller, negators } from './lexicon.ts';
import type { Tagged } from './tag.ts';

export type LossKind = 'lost' | 'stolen' | 'missing';
export type Whose = 'self' | 'other' | 'unknown';

const determiners = new Set(
  'my his her their its the a an our your work company new old own private personal bloody damn stupid business corporate corp both again all of only second white black galaxy samsung it this that mr mrs ms dr one'.split(
    ' ',
  ),
);
const auxiliaries = new Set(
  'is was has have had been got get getting just seems seem to went be being now also still were are im am already or either as probably may might currently'.split(
    ' ',
  ),
);
export const relations = new Set(
  'colleague boss wife husband son daughter friend manager coworker partner assistant intern mother father brother sister someone somebody'.split(
    ' ',
  ),
);
const takers = new Set(
  'someone somebody they thief thieves people guy man who kid kids criminals burglar burglars robbers robber has have'.split(
    ' ',
  ),
);
const takenAux = new Set('was were got been is get being had'.split(' '));
const gonePlaces =
  /^(taxi|cab|uber|train|tram|bus|metro|tube|subway|underground|plane|airplane|flight|airport|station|restaurant|bar|pub|cafe|hotel|cinema|theatre|club|beach|river|lake|sea|ocean|canal|drain|ferry|boat|park|street|shop|supermarket|gym|toilets|toilet|loo|bathroom|lavatory|sewer|sink|drain|pool|pond|well|harbour|harbor|fountain|overboard|lyft|minicab|coach|carriage|platform|terminal|lounge|concert|stadium|festival|museum|library|market|mall|bench|ski|chairlift|lift|forest|woods|mountain|conference|cloakroom|changing|locker|motorway|roof|boot|hospital|school|church|bakery|hairdresser|dentist|campsite|ferry|customs)$/;
const stops = new Set(
  'in on at from down into under through this yesterday last today since during while please when where because after before but then inside near by for with'.split(
    ' ',
  ),
);

type Loss = { kind: LossKind; whose: Whose; name?: number | undefined; thing?: string | undefined; negated: boolean };

export function readLoss(tokens: readonly Tagged[]): Loss | undefined {
  let other: Loss | undefined;
  for (const at of tokens.keys()) {
    const kind = kindAt(tokens, at);
    if (kind === undefined) continue;
    const object = lostObject(tokens, at);
    if (object === undefined) continue;
    const negated = isNegated(tokens, at);
    const robbed = tokens.some((each) => each.notions.includes('robbed') || each.notions.includes('stolen'));
    const loss: Loss = {
      kind: kind === 'missing' ? 'missing' : robbed ? 'stolen' : kind,
      ...ownerOf(tokens, object.at, at),
      thing: object.thing,
      negated,
    };
    if (object.thing === undefined) return loss;
    other ??= loss;
  }
  return other;
}

function kindAt(tokens: readonly Tagged[], at: number): LossKind | undefined {
  const token = tokens[at];
  if (token === undefined || token.name !== undefined) return undefined;
  const before = tokens[at - 1];
  if (token.notions.includes('lost')) {
    if (/^gone$/.test(token.text) && !isEnd(tokens, at + 1)) return undefined;
    return 'lost';
  }
  if (token.notions.includes('missing')) return 'missing';
  if (token.notions.includes('stolen')) {
    if (token.text === 'took')
      return (before !== undefined && takers.has(before.text)) || before?.notions.includes('robbed') === true
        ? 'stolen'
        : undefined;
    if (token.text === 'taken')
      return before !== undefined && (takenAux.has(before.text) || takers.has(before.text)) ? 'stolen' : undefined;
    return 'stolen';
  }
  if (token.notions.includes('left'))
    return tokens.slice(at).some((each) => gonePlaces.test(each.text)) ? 'lost' : undefined;
  if (/^where is$/.test(`${token.text} ${tokens[at + 1]?.text ?? ''}`) && tokens[at + 2]?.text === 'my')
    return undefined;
  return undefined;
}

function isEnd(tokens: readonly Tagged[], at: number): boolean {
  const token = tokens[at];
  return (
    token === undefined ||
    tokens[at - 1]?.ends === true ||
    stops.has(token.text) ||
    /^(again|too|missing|now|help|pls|and|or|i|he|she|they|we|somebody|someone|but|so|omg|outside|where|pretty|right|already)$/.test(
      token.text,
    ) ||
    token.name !== undefined
  );
}

/** The phone that is gone, or another thing; undefined where neither is said. */
function lostObject(tokens: readonly Tagged[], at: number): { at: number; thing?: string | undefined } | undefined {
  const active = /^(is|was|got|been|being|get)$/.test(tokens[at - 1]?.text ?? '') ? undefined : forward(tokens, at);
  if (active?.thing === undefined && active !== undefined) return active;
  const passive = active === undefined ? backward(tokens, at) : undefined;
  if (passive?.thing !== undefined && tokens[passive.at]?.notions.includes('notPhone') === true) {
    // "My bag was stolen with my phone in it".
    const carried = tokens.findIndex(
      ({ notions }, each) => each > at && notions.includes('phone') && !isBesideThing(tokens, each),
    );
    if (carried !== -1 && tokens.slice(at, carried).some(({ text }) => /^(with|and|including)$/.test(text)))
      return { at: carried };
  }
  return passive ?? active;
}

function forward(tokens: readonly Tagged[], at: number): { at: number; thing?: string | undefined } | undefined {
  let thing: string | undefined;
  let where = at;
  for (let next = at + 1; next < Math.min(tokens.length, at + 9); next += 1) {
    const token = tokens[next];
    if (token === undefined) break;
    if (token.notions.includes('phone') && !isBesideThing(tokens, next)) {
      // "my bag … with my phone", "my bag and my phone": with another thing before it, only where one is joined to the other.
      const between = tokens.slice(at + 1, next);
      const carried = between.some(({ notions }) => notions.includes('notPhone'));
      const joined = between.some(
        ({ text }) => /^(and|plus|both)$/.test(text) || (carried && /^(with|including)$/.test(text)),
      );
      if (thing === undefined || joined) return { at: next };
      return { at: where, thing };
    }
    if (token.notions.includes('beside')) return { at: next, thing: token.text };
    if (
      token.name !== undefined ||
      determiners.has(token.text) ||
      (/^(and|with|including|plus|is|or|got|stolen|in|was)$/.test(token.text) && thing !== undefined)
    )
      continue;
    if (thing !== undefined) break;
    if (stops.has(token.text) || isFillerOnly(token)) break;
    thing = token.text;
    where = next;
  }
  return thing === undefined ? undefined : { at: where, thing };
}

/** A phone's number, case or battery is no phone. */
function isBesideThing(tokens: readonly Tagged[], at: number): boolean {
  return tokens[at]?.notions.includes('beside') === true || tokens[at + 1]?.notions.includes('beside') === true;
}

function isFillerOnly(token: Tagged): boolean {
  return token.notions.length === 0
    ? isFiller(token.text)
    : !token.notions.includes('notPhone') && !token.notions.includes('phone');
}

function backward(tokens: readonly Tagged[], at: number): { at: number; thing?: string | undefined } | undefined {
  for (let back = at - 1; back >= Math.max(0, at - 7); back -= 1) {
    const token = tokens[back];
    if (token === undefined) break;
    if (isBesideThing(tokens, back)) return { at: back, thing: token.text };
    if (token.notions.includes('phone')) return { at: back };
    if (token.notions.includes('notPhone')) {
      // "Phone and wallet gone".
      const joined =
        /^(and|plus)$/.test(tokens[back - 1]?.text ?? '') && tokens[back - 2]?.notions.includes('phone') === true;
      return joined && !isBesideThing(tokens, back - 2) ? { at: back - 2 } : { at: back, thing: token.text };
    }
    if (
      token.name !== undefined ||
      auxiliaries.has(token.text) ||
      determiners.has(token.text) ||
      negators.has(token.text) ||
      token.incident !== undefined
    )
      continue;
    if (/^(from|for)$/.test(token.text)) continue;
    if (isFiller(token.text)) return undefined;
    return { at: back, thing: token.text };
  }
  return undefined;
}

function isNegated(tokens: readonly Tagged[], at: number): boolean {
  for (let back = at - 1; back >= 0; back -= 1) {
    const token = tokens[back];
    if (token === undefined || token.ends || token.text === 'but') return false;
    if (token.name === undefined && negators.has(token.text)) return true;
  }
  return false;
}

function ownerOf(tokens: readonly Tagged[], object: number, verb: number): { whose: Whose; name?: number | undefined } {
  for (let back = object - 1; back >= Math.max(0, object - 4); back -= 1) {
    const token = tokens[back];
    if (token === undefined || token.ends) break;
    // Also of somebody whom the directory does not know.
    if (token.possessive) return { whose: 'other', name: token.name };
    if (/^(my|our|mine)$/.test(token.text)) {
      const next = tokens[back + 1]?.text ?? '';
      return relations.has(next) ? { whose: 'other' } : { whose: 'self' };
    }
  }
  const after = tokens.slice(object + 1, object + 4).findIndex(({ text }) => /^(of|from|for)$/.test(text));
  const owner = after === -1 ? undefined : tokens.slice(object + 1 + after).find(({ name }) => name !== undefined);
  if (owner?.name !== undefined) return { whose: 'other', name: owner.name };
  const before = tokens.slice(0, Math.max(verb, object)).findLast(({ name }) => name !== undefined);
  const any = before ?? tokens.find(({ name }) => name !== undefined);
  if (any?.name !== undefined) return { whose: 'other', name: any.name };
  if (tokens.some(({ text }) => relations.has(text) && !/^(someone|somebody)$/.test(text))) return { whose: 'other' };
  if (tokens.some(({ text }) => /^(i|my|me|mine)$/.test(text))) return { whose: 'self' };
  if (tokens.some(({ text }) => /^(his|her|their|he|she|someone|somebody)$/.test(text))) return { whose: 'other' };
  return { whose: 'unknown' };
}

type Find = { whose: Whose; name?: number | undefined; negated: boolean; before: boolean };

export function readFind(tokens: readonly Tagged[]): Find | undefined {
  for (const [at, token] of tokens.entries()) {
    if (token.name !== undefined) continue;
    const found = token.notions.includes('found') && token.text !== 'find';
    const back =
      token.text === 'back' ||
      (token.text === 'again' && tokens.slice(0, at).some(({ text }) => /^(have|has)$/.test(text)));
    if (!found && !back) continue;
    if (back && /^(bring|take|call|come|came)$/.test(tokens[at - 1]?.text ?? '')) continue;
    // "phone bob back" asks for a call.
    if (back && tokens[at - 2]?.notions.includes('phone') === true && tokens[at - 1]?.name !== undefined) continue;
    const ahead = found ? forward(tokens, at) : undefined;
    if (ahead?.thing !== undefined) continue;
    const behind = ahead === undefined ? backward(tokens, at) : undefined;
    const it = tokens
      .slice(Math.max(0, at - 3), at + 3)
      .some(({ text, incident }) => text === 'it' || incident !== undefined);
    const bare =
      found &&
      tokens.length <= 3 &&
      tokens.every(
        ({ name, notions, text }) =>
          name === undefined && (notions.includes('found') || isFiller(text) || notions.includes('phone')),
      );
    const phone = ahead ?? (behind?.thing === undefined ? behind : undefined);
    if (phone === undefined && !it && !bare) continue;
    const gone = found
      ? true
      : tokens.slice(0, at).some(({ notions, text }) => notions.includes('phone') || text === 'it');
    if (!gone) continue;
    const object = phone?.at ?? at;
    return { ...ownerOf(tokens, object, at), negated: isNegated(tokens, at), before: false };
  }
  return undefined;
}
