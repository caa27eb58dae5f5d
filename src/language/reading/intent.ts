/**
 * From a sentence to what a person means by it. Commands declare their intents; the one whose words are most completely there is
 * read, with the reasons. It is never carried out by this alone: what changes something is asked by button.
 */
import { type Gist, gistOf } from './gist.ts';
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
  /** Nothing else was said. */
  | 'alone';

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
  | { readonly kind: 'people'; readonly people: readonly Person[] }
  | { readonly kind: 'incident'; readonly incident: number };

type Candidate<Command> = {
  command: Command;
  intent: SpokenIntent;
  score: number;
  because: string[];
  allowed: boolean;
};

/** `may`: whether this actor may give the command here. `holds`: their roles. */
export function readIntent<Command extends HasIntents, Person>(
  said: Said<Person>,
  commands: readonly Command[],
  may: (command: Command) => boolean,
  holds: (role: string) => boolean,
): Reading<Command, Person> {
  const gist = gistOf(said.words, said.named);
  const facts = factsOf(gist, said.here);
  if (gist.lostThing !== undefined && gist.notions.has('notPhone'))
    return { kind: 'refused', code: 'not-a-phone', thing: gist.lostThing };
  const candidates = commands.flatMap((command) =>
    (command.intents ?? []).flatMap((intent) => {
      const fit = fitOf(intent, command.effect !== 'read', facts, gist);
      return fit === undefined ? [] : [{ command, intent, ...fit, allowed: may(command) }];
    }),
  );
  const best = candidates.toSorted(
    (left, right) => right.score - left.score || Number(right.allowed) - Number(left.allowed),
  )[0];
  if (best === undefined) return { kind: 'none', nearest: nearest(commands, may, facts) };
  const about = aboutOf(best, gist, said.here);
  const ofOthers = about.kind === 'people' || (gist.unnamed && about.kind === 'unknown');
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
    app: best.intent.about === 'app' ? gist.strangers[0] : undefined,
    score: best.score,
    because: best.because,
  };
}

function factsOf<Person>(gist: Gist<Person>, here: number | undefined): ReadonlySet<string> {
  const facts = new Set<string>(gist.notions);
  const note = (fact: Fact, holds: boolean) => {
    if (holds) facts.add(fact);
  };
  note('loss', gist.loss !== undefined && gist.loss.whose !== 'self');
  note('own-loss', gist.loss !== undefined && gist.loss.whose !== 'other');
  note('find', gist.find !== undefined && gist.find.whose !== 'self');
  note('own-find', gist.find !== undefined && gist.find.whose !== 'other');
  note('person', gist.people.length > 0);
  note('number', gist.incident !== undefined);
  note('unreal', gist.unreal);
  note('here', here !== undefined);
  note('case', gist.incident !== undefined || gist.people.length > 0 || here !== undefined);
  note('question', gist.question);
  note('self', gist.self);
  note('negated', gist.negated);
  note('told', !gist.question);
  note('alone', gist.notions.size < 2 && gist.people.length === 0 && gist.incident === undefined);
  return facts;
}

function fitOf<Person>(
  intent: SpokenIntent,
  changes: boolean,
  facts: ReadonlySet<string>,
  gist: Gist<Person>,
): { score: number; because: string[] } | undefined {
  const { needs, likes = [], never = [], strangers = 0 } = intent;
  if (gist.strangers.length > strangers) return undefined;
  if (never.some((word) => facts.has(word))) return undefined;
  // These say by themselves whether they are so.
  const told = needs.some((need) => need === 'loss' || need === 'own-loss' || need === 'find' || need === 'own-find');
  if (
    changes &&
    !told &&
    (gist.unreal ||
      gist.question ||
      (gist.negated && !needs.flat().some((word) => word === 'deny' || word === 'dontWipe')))
  )
    return undefined;
  const because: string[] = [];
  for (const need of needs) {
    const there = [need].flat().filter((word) => facts.has(word));
    if (there.length === 0) return undefined;
    because.push(...there);
  }
  const liked = likes.filter((word) => facts.has(word));
  const score = needs.length * 2 + liked.length - gist.strangers.length / 2;
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
      if (gist.people.length > 0) return { kind: 'people', people: gist.people };
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
