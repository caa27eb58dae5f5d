/** What was said, whichever way: one command with raw arguments, or why it is none. */
import type { AnyCommand } from '../commands/command.ts';
import type { Actor } from '../directory/actor.ts';
import { findPeople } from '../directory/find.ts';
import type { Identity } from '../ground/addresses.ts';
import { assertNever, internalError } from '../ground/errors.ts';
import type { Organisation } from '../ground/identifiers.ts';
import { parseSentence } from '../language/patterns.ts';
import { couldBeName } from '../language/reading/names.ts';
import { cleanAnswer } from '../language/sentence.ts';
import type { DraftAnswer, FormValue, FormValues } from '../message/model.ts';
import { code } from '../message/text.ts';
import type { Policy } from '../policy.ts';
import type { Store } from '../store/port.ts';
import { findAction } from './actions.ts';
import { personOfIdentity } from './actor.ts';
import type { Incoming } from './port.ts';
import { type Meaning, nearestTo, readingOf, readMeant } from './read-meant.ts';
import { ambiguousReply, didYouMeanReply, privateReply, unfinishedReply } from './replies.ts';
import type { Request } from './request.ts';

type ReadContext = {
  store: Store;
  commands: readonly AnyCommand[];
  policy: Policy;
  organisation: Organisation;
  incoming: Incoming;
  actor: Actor;
  /** What this actor may say here: suggestions come only from these. Asked only where something is suggested. */
  may: () => readonly AnyCommand[];
};

export async function readInput(reading: ReadContext): Promise<Request> {
  const { input } = reading.incoming;
  switch (input.kind) {
    case 'sentence':
      return await readTyped(reading, input.text, 'sentence');
    case 'click':
      return await readAction(reading, input.action, undefined);
    case 'form':
      return await readAction(reading, input.action, input.values);
    case 'shortcut':
      return await readShortcut(reading, input.author);
    case 'home':
      throw internalError({
        code: 'home-is-no-command',
        message: 'the home page was read as a command',
      });
    default:
      return assertNever(input, 'way of speaking');
  }
}

async function readTyped(reading: ReadContext, typed: string, via: 'sentence' | 'shortcut'): Promise<Request> {
  const { commands, may, incoming } = reading;
  const sayable = commands.filter((command) => command.clickOnly !== true);
  const parsed = parseSentence(typed, sayable, may);
  const context = { ...reading, thread: incoming.thread };
  const otherwise = async (answer: (meaning: Meaning) => DraftAnswer): Promise<Request> => {
    const meaning = await readingOf(context, typed);
    return (await readMeant(context, { typed, reading: meaning, via })) ?? answered(answer(meaning), 'not-understood');
  };
  switch (parsed.kind) {
    case 'match': {
      const { command, args } = parsed;
      const exact: Request = { kind: 'command', command, args, via };
      // "hi, bob has lost his phone" is about nobody called "hi, bob", and "help my phone got nicked" asks for no command: where
      // more can be read into the sentence, that is asked back.
      const nobody = await namesNobody(reading, args);
      const doubtful = (command.id === 'help' && args.command !== undefined) || nobody;
      if (!doubtful) return exact;
      const meaning = await readingOf(context, typed);
      const meant = await readMeant(context, { typed, reading: meaning, via, exact: command });
      if (meant !== undefined) return meant;
      // "lost signal in the tunnel" is about nobody at all: no name is looked up that can be none. Who says "device" means one.
      const isCommand = /\bdevices?\b/i.test(typed);
      if (nobody && !isCommand && typeof args.person === 'string' && !couldBeName(args.person))
        return (
          (await readMeant(context, { typed, reading: meaning, via })) ??
          answered(nearestTo(context, meaning), 'not-understood')
        );
      return exact;
    }
    case 'ambiguous': {
      const allowed = parsed.commands.filter((command) => may().includes(command));
      return answered(
        allowed.length === 0 ? nearestTo(context, await readingOf(context, typed)) : ambiguousReply(allowed),
        'ambiguous',
      );
    }
    case 'unfinished':
      return await otherwise(() => unfinishedReply(parsed.command));
    case 'near': {
      const suggestions = parsed.suggestions.filter(({ command, args }) => command.args.safeParse(args).success);
      return await otherwise((meaning) =>
        suggestions.length === 0 ? nearestTo(context, meaning) : didYouMeanReply(suggestions),
      );
    }
    case 'none':
      return await otherwise((meaning) => nearestTo(context, meaning));
    case 'refused':
      return answered(privateReply(parsed.userMessage), parsed.code);
    default:
      return assertNever(parsed, 'parsed sentence');
  }
}

/** Whether the sentence is about somebody whom the directory does not know by that name. */
async function namesNobody(
  { store, organisation }: ReadContext,
  args: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  const { person } = args;
  if (typeof person !== 'string') return false;
  return (await findPeople(store.db, organisation, person)).kind === 'none';
}

async function readAction(reading: ReadContext, id: string, values: FormValues | undefined): Promise<Request> {
  const action = await findAction(reading.store.db, id);
  const command = reading.commands.find((each) => each.id === action?.command);
  if (action === undefined || command === undefined) {
    return answered(
      privateReply(
        'This button is not known any more, so nothing was done. Ask for the card again with ',
        code('status INC-…'),
        '.',
      ),
      'unknown-action',
    );
  }
  const answers = Object.fromEntries(Object.entries(values ?? {}).map(([field, value]) => [field, cleaned(value)]));
  return {
    kind: 'command',
    command,
    // What the button stands for wins: a form cannot be bent to another incident.
    args: { ...answers, ...action.args },
    via: values === undefined ? 'click' : 'form',
    action: id,
    ...(values === undefined ? {} : { fields: Object.keys(values) }),
  };
}

async function readShortcut(reading: ReadContext, author: Identity): Promise<Request> {
  const { store, policy, organisation } = reading;
  const person = await personOfIdentity(store.db, policy, organisation, author);
  if (person === undefined) {
    return answered(
      privateReply('I do not know whose chat account wrote that. Say ', code('lost device <person>'), ' instead.'),
      'unknown-author',
    );
  }
  return await readTyped(reading, `lost device ${person.primarySmtp}`, 'shortcut');
}

function cleaned(value: FormValue): FormValue {
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' ? cleanAnswer(value) : value.map(cleanAnswer);
}

function answered(answer: DraftAnswer, outcome: string): Request {
  return { kind: 'answer', answer, outcome };
}
