/** What was said, whichever way: one command with raw arguments, or why it is none. */
import type { AnyCommand, CommandContext } from '../commands/command.ts';
import type { Actor } from '../directory/actor.ts';
import type { Identity } from '../ground/addresses.ts';
import { assertNever, internalError } from '../ground/errors.ts';
import type { Organisation } from '../ground/identifiers.ts';
import { parseSentence } from '../language/patterns.ts';
import { cleanAnswer } from '../language/sentence.ts';
import type { DraftAnswer, FormValue, FormValues } from '../message/model.ts';
import { code } from '../message/text.ts';
import type { Policy } from '../policy.ts';
import type { Store } from '../store/port.ts';
import { findAction } from './actions.ts';
import { personOfIdentity } from './actor.ts';
import type { Incoming } from './port.ts';
import { ambiguousReply, didYouMeanReply, notUnderstoodReply, privateReply } from './replies.ts';

export type Request =
  | {
      readonly kind: 'command';
      readonly command: AnyCommand;
      readonly args: Readonly<Record<string, unknown>>;
      readonly via: CommandContext['via'];
      /** The stored action that was clicked or submitted. */
      readonly action?: string;
      /** Ids of the fields that a form answered: their problems are shown beside them. */
      readonly fields?: readonly string[];
    }
  | { readonly kind: 'answer'; readonly answer: DraftAnswer; readonly outcome: string };

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
      return readTyped(reading, input.text, 'sentence');
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

function readTyped({ commands, may }: ReadContext, typed: string, via: 'sentence' | 'shortcut'): Request {
  const parsed = parseSentence(
    typed,
    commands.filter((command) => command.clickOnly !== true),
    may,
  );
  switch (parsed.kind) {
    case 'match':
      return { kind: 'command', command: parsed.command, args: parsed.args, via };
    case 'ambiguous': {
      const allowed = parsed.commands.filter((command) => may().includes(command));
      return answered(allowed.length === 0 ? notUnderstoodReply(may()) : ambiguousReply(allowed), 'ambiguous');
    }
    case 'near':
      return answered(didYouMeanReply(parsed.suggestions), 'not-understood');
    case 'none':
      return answered(notUnderstoodReply(may()), 'not-understood');
    case 'refused':
      return answered(privateReply(parsed.userMessage), parsed.code);
    default:
      return assertNever(parsed, 'parsed sentence');
  }
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
  return readTyped(reading, `lost device ${person.primarySmtp}`, 'shortcut');
}

function cleaned(value: FormValue): FormValue {
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' ? cleanAnswer(value) : value.map(cleanAnswer);
}

function answered(answer: DraftAnswer, outcome: string): Request {
  return { kind: 'answer', answer, outcome };
}
