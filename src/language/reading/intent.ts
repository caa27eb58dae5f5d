/**
 * From a sentence to what a person means by it. Commands declare their intents; the one whose words are most completely there is
 * read, with the reasons. It is never carried out by this alone: what changes something is asked by button.
 */
import type { Gist } from './gist.ts';
import { heard, type View } from './hear.ts';
import type { Notion } from './lexicon.ts';
import type { LossKind } from './loss.ts';
import type { NamedAt } from './tag.ts';
import type { Token } from './tokens.ts';

/** What may be needed beside notions: facts of the whole sentence, and of where it was said. */
export type Fact =
  | 'loss'
  | 'own-loss'
  | 'find'
  | 'own-find'
  | 'person'
  | 'number'
  | 'case'
  | 'here'
  | 'question'
  | 'self'
  | 'negated'
  | 'unreal'
  | 'told'
  /** Nothing else was said in the same thought. */
  | 'alone'
  /** It is all that was said, and not one thought of several. */
  | 'whole';

type Word = Notion | Fact;

/** One thing that people mean, as a command declares it. */
export type SpokenIntent = {
  /** What it does, in words: the label of a button. */
  readonly title: string;
  /** Each of these must be there; of a list, one. */
  readonly needs: readonly (Word | readonly Word[])[];
  /** Each of these makes it likelier. */
  readonly likes?: readonly Word[];
  /** None of these may be there. */
  readonly never?: readonly Word[];
  /** What it is about. `case`: an incident, by its number, by whose it is, or where it was said. */
  readonly about: 'nothing' | 'self' | 'person' | 'case' | 'app';
  /** How many words may mean nothing to the bot. Default: none. */
  readonly strangers?: number;
  /** About oneself everybody may; about others only who holds one of these roles. */
  readonly ofOthers?: readonly string[];
  /** Arguments that go with it. */
  readonly args?: Readonly<Record<string, string>>;
};

/** A command, as far as its intents go. `changes`: something is different once it was carried out. */
export type HasIntents = { readonly id: string; readonly intents?: readonly SpokenIntent[]; readonly effect: string };

export type Said<Person> = {
  readonly words: readonly string[];
  readonly named: (tokens: readonly Token[]) => readonly NamedAt<Person>[];
  /** The open case in whose thread it was said. */
  readonly here?: number | undefined;
};

export type Reading<Command, Person> =
  | {
      readonly kind: 'read';
      readonly command: Command;
      readonly intent: SpokenIntent;
      readonly about: About<Person>;
      readonly lossKind?: LossKind | undefined;
      readonly app?: string | undefined;
      readonly score: number;
      /** The words and facts that spoke for it. */
      readonly because: readonly string[];
    }
  | { readonly kind: 'refused'; readonly code: 'not-a-phone' | 'somebody-else'; readonly thing?: string }
  /** Nothing fits. `nearest`: what shares most with it, the nearest first. */
  | { readonly kind: 'none'; readonly nearest: readonly Command[] };

export type About<Person> =
  | { readonly kind: 'nothing' | 'self' | 'unknown' }
  /** `sure`: by a name of theirs, and not only by one like it. */
  | { readonly kind: 'people'; readonly people: readonly Person[]; readonly sure: boolean }
  /** Somebody by an address that nobody of the directory has. */
  | { readonly kind: 'stranger'; readonly address: string }
  | { readonly kind: 'incident'; readonly incident: number };

type Candidate<Command> = {
  command: Command;
  intent: SpokenIntent;
  score: number;
  because: string[];
  allowed: boolean;
};

type Read<Command, Person> = Extract<Reading<Command, Person>, { kind: 'read' }>;

/** `may`: whether this actor may give the command here. `holds`: their roles. */
export function readIntent<Command extends HasIntents, Person>(
  said: Said<Person>,
  commands: readonly Command[],
  may: (command: Command) => boolean,
  holds: (role: string) => boolean,
): Reading<Command, Person> {
  const { whole, clauses, takenBack, oddCase } = heard(said.words, said.named);
  const as = (view: View<Person>) => readView(view, said.here, commands, may, holds);
  const all = as(whole);
  const parts = clauses.length < 2 ? [] : clauses.map(as);
  const chosen = choose(all, parts, clauses, may);
  if (chosen !== undefined) {
    // What was said and taken back in one breath is not said.
    const undoes = chosen.because.some((word) => takesBack.has(word));
    const isLoss = chosen.because.some((word) => saysLoss.has(word));
    const unsaid = (takenBack && !undoes) || (oddCase && !isLoss);
    return unsaid && chosen.command.effect !== 'read' ? { kind: 'none', nearest: [] } : chosen;
  }
  const refused = [all, ...parts].find(({ kind }) => kind === 'refused');
  // The whole that was not chosen would be what no thought of it says.
  return refused ?? (all.kind === 'read' ? { kind: 'none', nearest: [] } : all);
}

const takesBack: ReadonlySet<string> = new Set([
  'deny',
  'refusal',
  'dontWipe',
  'cancel',
  'mistaken',
  'find',
  'own-find',
]);
const saysLoss: ReadonlySet<string> = new Set(['loss', 'own-loss']);
const saysFind: ReadonlySet<string> = new Set(['find', 'own-find', 'mistaken']);

/**
 * Which of the thoughts counts. That a phone is gone counts before all else, unless it is found again or was a mistake, said later.
 * Then what is to be done, the first before the second; then what is asked; then what only the whole tells.
 */
function choose<Command extends HasIntents, Person>(
  all: Reading<Command, Person>,
  parts: readonly Reading<Command, Person>[],
  clauses: readonly View<Person>[],
  may: (command: Command) => boolean,
): Read<Command, Person> | undefined {
  const read = parts.filter((reading) => reading.kind === 'read');
  const whole = all.kind === 'read' ? all : undefined;
  const says = (reading: Read<Command, Person>, words: ReadonlySet<string>) =>
    reading.because.some((word) => words.has(word));
  const loss = whole !== undefined && says(whole, saysLoss) ? whole : read.find((each) => says(each, saysLoss));
  if (loss !== undefined) {
    const later = read.slice(Math.max(0, read.findIndex((each) => says(each, saysLoss)) + 1));
    return later.find((each) => says(each, saysFind)) ?? loss;
  }
  // What was said of the case and not understood may have been the opposite of the rest.
  const unclear = clauses.some((view) => view.unclear);
  const changes = read.filter(
    (each) => each.command.effect !== 'read' && (!unclear || clauses[parts.indexOf(each)]?.unclear === true),
  );
  const allowed = changes.filter(({ command }) => may(command));
  const change = allowed[0] ?? changes[0];
  if (change !== undefined) return change;
  // Over full stops nothing is put together that changes something.
  const sentences = new Set(clauses.map(({ sentence }) => sentence)).size;
  const together =
    whole !== undefined &&
    (whole.command.effect === 'read' || !unclear) &&
    (sentences < 2 || whole.command.effect === 'read' || says(whole, saysFind));
  if (together && whole.command.effect !== 'read') return whole;
  const asks = read.filter(({ command }) => command.effect === 'read');
  return [...asks, ...(together ? [whole] : [])].toSorted((left, right) => right.score - left.score)[0];
}

function readView<Command extends HasIntents, Person>(
  view: View<Person>,
  here: number | undefined,
  commands: readonly Command[],
  may: (command: Command) => boolean,
  holds: (role: string) => boolean,
): Reading<Command, Person> {
  const { gist } = view;
  const facts = factsOf(gist, here, view.sentence === -1);
  if (gist.lostThing !== undefined && gist.notions.has('notPhone'))
    return { kind: 'refused', code: 'not-a-phone', thing: gist.lostThing };
  const candidates = commands.flatMap((command) =>
    (command.intents ?? []).flatMap((intent) => {
      const fit = fitOf(intent, command.effect !== 'read', facts, view);
      return fit === undefined ? [] : [{ command, intent, ...fit, allowed: may(command) }];
    }),
  );
  const best = candidates.toSorted(
    (left, right) => right.score - left.score || Number(right.allowed) - Number(left.allowed),
  )[0];
  if (best === undefined) return { kind: 'none', nearest: nearest(commands, may, facts) };
  const about = aboutOf(best, gist, here);
  const ofOthers = about.kind === 'people' || about.kind === 'stranger' || (gist.unnamed && about.kind === 'unknown');
  const { ofOthers: roles } = best.intent;
  if (ofOthers && ((roles !== undefined && !roles.some(holds)) || (!best.allowed && facts.has('loss')))) {
    return { kind: 'refused', code: 'somebody-else' };
  }
  return {
    kind: 'read',
    command: best.command,
    intent: best.intent,
    about,
    lossKind: gist.loss?.kind,
    app: best.intent.about === 'app' ? gist.app.join(' ') : undefined,
    score: best.score,
    because: best.because,
  };
}

function factsOf<Person>(gist: Gist<Person>, here: number | undefined, whole: boolean): ReadonlySet<string> {
  const facts = new Set<string>(gist.notions);
  const note = (fact: Fact, holds: boolean) => {
    if (holds) facts.add(fact);
  };
  note('loss', gist.loss !== undefined && gist.loss.whose !== 'self');
  note('own-loss', gist.loss !== undefined && gist.loss.whose !== 'other');
  note('find', gist.find !== undefined && gist.find.whose !== 'self');
  note('own-find', gist.find !== undefined && gist.find.whose !== 'other');
  const person = gist.people.length > 0 || gist.address !== undefined;
  note('person', person);
  note('number', gist.incident !== undefined);
  note('unreal', gist.unreal);
  note('here', here !== undefined);
  note('case', gist.incident !== undefined || person || here !== undefined);
  note('question', gist.question);
  note('self', gist.self);
  note('negated', gist.negated);
  note('told', !gist.question);
  note('whole', whole);
  note('alone', gist.notions.size < 2 && !person && gist.incident === undefined);
  return facts;
}

const denials: ReadonlySet<string> = new Set(['deny', 'refusal', 'dontWipe']);

function fitOf<Person>(
  intent: SpokenIntent,
  changes: boolean,
  facts: ReadonlySet<string>,
  { gist, beside, asked, hedged }: View<Person>,
): { score: number; because: string[] } | undefined {
  const { needs, likes = [], never = [], strangers = 0 } = intent;
  // An app is called by a word that means nothing else.
  if (intent.about === 'app' && gist.app.length === 0) return undefined;
  const others = intent.about === 'app' ? gist.strangers.filter((word) => !gist.app.includes(word)) : gist.strangers;
  if (others.length > (intent.about === 'app' ? strangers - 1 : strangers)) return undefined;
  if (never.some((word) => facts.has(word))) return undefined;
  // These say by themselves whether they are so.
  const told = needs.some((need) => need === 'loss' || need === 'own-loss' || need === 'find' || need === 'own-find');
  // Of several thoughts a yes or no may be said to another one.
  if (beside && changes && needs.flat().some((word) => word === 'assent' || word === 'refusal')) return undefined;
  if (
    changes &&
    !told &&
    (gist.unreal ||
      gist.question ||
      asked ||
      hedged ||
      (gist.negated && !needs.flat().some((word) => denials.has(word))))
  )
    return undefined;
  const because: string[] = [];
  for (const need of needs) {
    const there = [need].flat().filter((word) => facts.has(word));
    if (there.length === 0) return undefined;
    because.push(...there);
  }
  const liked = likes.filter((word) => facts.has(word));
  const score = needs.length * 2 + liked.length - others.length / 2;
  return { score, because: [...because, ...liked] };
}

function aboutOf<Command, Person>(
  { intent }: Candidate<Command>,
  gist: Gist<Person>,
  here: number | undefined,
): About<Person> {
  switch (intent.about) {
    case 'nothing':
    case 'app':
      return { kind: 'nothing' };
    case 'self':
      return { kind: 'self' };
    case 'person':
    case 'case': {
      if (gist.incident !== undefined) return { kind: 'incident', incident: gist.incident };
      if (gist.people.length > 0) return { kind: 'people', people: gist.people, sure: gist.sure };
      if (gist.address !== undefined) return { kind: 'stranger', address: gist.address };
      if (here !== undefined) return { kind: 'incident', incident: here };
      if (gist.self && intent.ofOthers !== undefined) return { kind: 'self' };
      return { kind: 'unknown' };
    }
  }
}

/** Commands that this actor may give, by how much of an intent of theirs was said. */
function nearest<Command extends HasIntents>(
  commands: readonly Command[],
  may: (command: Command) => boolean,
  facts: ReadonlySet<string>,
): Command[] {
  const scored = commands.flatMap((command) => {
    const { intents = [] } = command;
    if (intents.length === 0 || !may(command)) return [];
    const share = Math.max(
      ...intents.map(({ needs, likes = [] }) => {
        const there = needs.filter((need) => [need].flat().some((word) => facts.has(word))).length;
        return there / needs.length + likes.filter((word) => facts.has(word)).length / 10;
      }),
    );
    return [{ command, share }];
  });
  return scored.toSorted((left, right) => right.share - left.share).map(({ command }) => command);
}
