/**
 * What a sentence means that is no command: a read is answered at once; what changes something is asked back by button, so that
 * nothing happens by a misreading.
 */
import type { AnyCommand, CommandContext } from '../commands/command.ts';
import { caseOfThread, type OpenCase, offerCases, openCases } from '../commands/which-case.ts';
import type { Actor } from '../directory/actor.ts';
import { findForms } from '../directory/find-named.ts';
import { mailboxesOf } from '../directory/holders.ts';
import type { Person } from '../directory/person.ts';
import { assertNever } from '../ground/errors.ts';
import type { Organisation } from '../ground/identifiers.ts';
import { type About, type Reading, readIntent } from '../language/reading/intent.ts';
import { formsIn, namedIn } from '../language/reading/names.ts';
import { tokensOf } from '../language/reading/tokens.ts';
import { splitSentence } from '../language/sentence.ts';
import type { Button, DraftAnswer, Intent } from '../message/model.ts';
import { button, buttons, code, paragraph } from '../message/text.ts';
import type { Policy } from '../policy.ts';
import type { Store } from '../store/port.ts';
import { nearestReply, privateReply } from './replies.ts';
import type { Request } from './request.ts';

type MeantContext = {
  store: Store;
  commands: readonly AnyCommand[];
  policy: Policy;
  organisation: Organisation;
  actor: Actor;
  thread: string | undefined;
  may: () => readonly AnyCommand[];
};

type ReadIntent = Extract<Reading<AnyCommand, Person>, { kind: 'read' }>;

export type Meaning = Reading<AnyCommand, Person>;

/**
 * `exact`: the command that it is by its words. undefined: nothing is read into it, or no more than that. `reading` is of `typed`
 * (`readingOf`).
 */
export async function readMeant(
  context: MeantContext,
  { typed, reading, via, exact }: { typed: string; reading: Meaning; via: CommandContext['via']; exact?: AnyCommand },
): Promise<Request | undefined> {
  switch (reading.kind) {
    case 'read': {
      const known = reading.about.kind !== 'unknown' && reading.command !== exact;
      const named = reading.about.kind === 'people';
      return exact === undefined || known || named ? await requestOf(context, reading, via) : undefined;
    }
    case 'refused':
      return answered(
        reading.code === 'not-a-phone'
          ? privateReply(
              `I care only for phones and tablets that read mail. For the ${reading.thing ?? 'thing'}, call the helpdesk.`,
            )
          : privateReply(
              'I speak with you only about your own phone and your own password. Let them tell me themselves, or call the helpdesk for them.',
            ),
        reading.code,
      );
    case 'none':
      return exact === undefined ? await ownerNote(context, typed) : undefined;
    default:
      return assertNever(reading, 'reading');
  }
}

/** The three nearest things that this person can do, as buttons. */
export function nearestTo(context: MeantContext, reading: Meaning): DraftAnswer {
  return nearestReply(reading.kind === 'none' ? reading.nearest : [], context.may());
}

export async function readingOf(context: MeantContext, typed: string): Promise<Meaning> {
  const { store, commands, organisation, actor, thread, may } = context;
  const sentence = splitSentence(typed);
  if (sentence.kind === 'refused') return { kind: 'none', nearest: [] };
  const { words } = sentence;
  const known = await findForms(store.db, organisation, formsIn(tokensOf(words)));
  const allowed = may();
  const here = actor.roles.size > 1 ? await caseOfThread(store.db, thread) : undefined;
  return readIntent(
    { words, named: (tokens) => namedIn(tokens, known), ...(here === undefined ? {} : { here }) },
    commands,
    (command) => allowed.includes(command),
    (role) => [...actor.roles].some((held) => held === role),
  );
}

async function requestOf(context: MeantContext, reading: ReadIntent, via: CommandContext['via']): Promise<Request> {
  const { command, about, intent } = reading;
  const fixed = { ...intent.args, ...(reading.app === undefined ? {} : { app: reading.app }) };
  const run = (args: Intent['args']): Request => ({ kind: 'command', command, args: { ...fixed, ...args }, via });
  // Refused by the router, with the reason.
  if (!context.may().includes(command)) return run({});
  if (command.effect !== 'read') return answered(await askBack(context, reading, fixed), 'asked-back');
  switch (about.kind) {
    case 'unknown':
      // Which case, where the command does not ask that itself.
      return intent.about === 'case' && !command.args.safeParse(fixed).success
        ? answered(offerCases(await openCases(context), command.id, fixed), 'asked-back')
        : run({});
    case 'nothing':
    case 'self':
      return run({});
    case 'incident':
      return run({ incident: about.incident });
    // Nobody has the address: the command says so, and asks Exchange.
    case 'stranger':
      return intent.about === 'person'
        ? run({ person: about.address })
        : answered(unknownAddress(about.address), 'no-such-person');
    case 'people': {
      const [only, ...others] = about.people;
      if (only === undefined) return run({});
      if ((others.length > 0 || !about.sure) && intent.about === 'person')
        return answered(whichPerson(command.id, about.people, fixed), 'asked-back');
      if (intent.about === 'person') return run({ person: only.guid });
      const cases = await casesOf(context, about.people);
      const [one, ...more] = cases;
      if (one === undefined) return answered(noCase(about.people), 'no-case');
      return more.length === 0 && about.sure
        ? run({ incident: one.number })
        : answered(offerCases(cases, command.id, fixed), 'asked-back');
    }
    default:
      return assertNever(about, 'what a sentence is about');
  }
}

/** "Karl Weiss has lost their phone? [Open a case] [It was stolen] [No]" */
async function askBack(context: MeantContext, reading: ReadIntent, fixed: Intent['args']): Promise<DraftAnswer> {
  const { command, intent, about } = reading;
  const no = button('No', 'not-meant', {});
  const ask = (sentence: string, ...row: Button<Intent>[]): DraftAnswer => ({
    private: { tone: 'neutral', blocks: [paragraph(sentence), buttons(...row, no)] },
  });
  if (about.kind === 'stranger') return unknownAddress(about.address);
  if (command.id === 'report-lost') return ask('Your phone is lost?', ...ownLossButtons(reading));
  if (intent.about === 'person') {
    const people = peopleOf(about);
    const [only, ...others] = people;
    if (command.id === 'lost-device') return askAboutLoss(reading, people, ask);
    if (only === undefined) return privateReply('Whose? Say it again with a name, an address or an alias.');
    if (others.length > 0)
      return ask(
        `${intent.title}: who is meant?`,
        ...people.map((each) => button(each.displayName, command.id, { ...fixed, person: each.guid })),
      );
    return ask(
      `${intent.title}: ${only.displayName}?`,
      button(intent.title, command.id, { ...fixed, person: only.guid }),
    );
  }
  // What it needs beside, a button cannot give: how it is said in full.
  const [example] = command.examples;
  if (intent.about === 'nothing' && example !== undefined && !command.args.safeParse(fixed).success)
    return privateReply(`${intent.title}? Say it with your reason, for example: `, code(example));
  if (intent.about !== 'case')
    return ask(
      `${intent.title}${reading.app === undefined ? '' : `: ${reading.app}`}?`,
      button(intent.title, command.id, fixed),
    );
  if (about.kind === 'incident') {
    return ask(
      `${intent.title}: INC-${about.incident}?`,
      button(intent.title, command.id, { ...fixed, incident: about.incident }),
    );
  }
  const people = peopleOf(about);
  const cases = people.length === 0 ? await openCases(context) : await casesOf(context, people);
  const [one, ...more] = cases;
  if (one === undefined)
    return people.length === 0 ? privateReply('No case is open.') : noCase(people, mayReport(context));
  if (more.length > 0) return offerCases(cases, command.id, fixed);
  return ask(
    `${intent.title}: INC-${one.number}, ${one.owner}?`,
    button(intent.title, command.id, { ...fixed, incident: one.number }),
  );
}

function askAboutLoss(
  { lossKind = 'lost' }: ReadIntent,
  people: readonly Person[],
  ask: (sentence: string, ...row: Button<Intent>[]) => DraftAnswer,
): DraftAnswer {
  const [only, ...others] = people;
  if (only === undefined) return privateReply('Whose phone is it? Say it again with their name, address or alias.');
  const open = (label: string, person: Person, kind: string) =>
    button(label, 'lost-device', { person: person.guid, kind });
  if (others.length > 0) {
    return ask(
      lossKind === 'stolen' ? 'Whose phone was stolen?' : 'Whose phone is lost?',
      ...people.slice(0, 8).map((each) => open(each.displayName, each, lossKind)),
    );
  }
  return lossKind === 'stolen'
    ? ask(
        `The phone of ${only.displayName} was stolen?`,
        open('Open a case', only, 'stolen'),
        open('It is only lost', only, 'lost'),
      )
    : ask(
        `${only.displayName} has lost their phone?`,
        open('Open a case', only, lossKind),
        open('It was stolen', only, 'stolen'),
      );
}

function ownLossButtons({ lossKind = 'lost' }: ReadIntent): Button<Intent>[] {
  return lossKind === 'stolen'
    ? [
        button('Report it as stolen', 'report-lost', { kind: 'stolen' }),
        button('It is only lost', 'report-lost', { kind: 'lost' }),
      ]
    : [
        button('Report it as lost', 'report-lost', { kind: lossKind }),
        button('It was stolen', 'report-lost', { kind: 'stolen' }),
      ];
}

function unknownAddress(address: string): DraftAnswer {
  return privateReply(
    'I know nobody with the address ',
    code(address),
    ', and did nothing. Say it again with a name or an alias.',
  );
}

function whichPerson(command: string, people: readonly Person[], fixed: Intent['args']): DraftAnswer {
  const row = people.slice(0, 8).map((each) => button(each.displayName, command, { ...fixed, person: each.guid }));
  return { private: { tone: 'neutral', blocks: [paragraph('Who is meant?'), buttons(...row)] } };
}

function noCase(people: readonly Person[], mayOpen = false): DraftAnswer {
  const sentence = paragraph(`I know of no open case of ${people.map(({ displayName }) => displayName).join(' or ')}.`);
  const row = people
    .slice(0, 4)
    .map((each) => button(`A phone of ${each.displayName} is lost`, 'lost-device', { person: each.guid }));
  return { private: { tone: 'neutral', blocks: mayOpen ? [sentence, buttons(...row)] : [sentence] } };
}

function mayReport({ may }: MeantContext): boolean {
  return may().some(({ id }) => id === 'lost-device');
}

function peopleOf(about: About<Person>): readonly Person[] {
  return about.kind === 'people' ? about.people : [];
}

async function casesOf(context: MeantContext, people: readonly Person[]): Promise<OpenCase[]> {
  const found = await Promise.all(people.slice(0, 4).map((each) => openCases(context, each)));
  return found.flat();
}

/** Whatever else somebody says whose own phone is lost is for the helpdesk. */
async function ownerNote(context: MeantContext, typed: string): Promise<Request | undefined> {
  const { store, commands, actor } = context;
  const command = commands.find(({ id }) => id === 'owner-note');
  if (command === undefined || actor.roles.size > 1 || isPolite(typed)) return undefined;
  const mailboxes = await mailboxesOf(store.db, context.policy, actor.person);
  const own = await store.db
    .selectFrom('incident')
    .select('number')
    .where(
      'personGuid',
      'in',
      mailboxes.map(({ guid }) => guid),
    )
    .where('state', '=', 'open')
    .limit(1)
    .executeTakeFirst();
  return own === undefined ? undefined : { kind: 'command', command, args: { text: typed.trim() }, via: 'sentence' };
}

/** Nobody needs to read it. */
function isPolite(typed: string): boolean {
  return typed.trim() === '' || /^\W*(ok|okay|yes|no|thanks|thank you|thx|hi|hello|please)\W*$/i.test(typed);
}

function answered(answer: DraftAnswer, outcome: string): Request {
  return { kind: 'answer', answer, outcome };
}
