/** What the router itself says, when no command is run. */
import type { AnyCommand } from '../commands/command.ts';
import { usage } from '../language/patterns.ts';
import type { Block, DraftAnswer, Intent, Span } from '../message/model.ts';
import { code, text } from '../message/text.ts';

/** More would bury the one that is meant. */
const mostExamples = 5;

export function privateReply(...parts: readonly (string | Span)[]): DraftAnswer {
  const blocks: Block<Intent>[] = [{ kind: 'text', text: text(...parts) }];
  return { private: { tone: 'neutral', blocks } };
}

/** "I did not understand. You can say: …": only what this person may say here. */
export function notUnderstoodReply(may: readonly AnyCommand[]): DraftAnswer {
  return privateReply('I did not understand. ', ...suggestCommands(may));
}

export function suggestCommands(may: readonly AnyCommand[]): Span[] {
  const help = may.filter(({ id }) => id === 'help');
  const others = may.filter(({ id, patterns }) => id !== 'help' && patterns.length > 0);
  const sayable = [...others.slice(0, mostExamples - help.length), ...help];
  if (sayable.length === 0) return [{ kind: 'plain', text: 'Ask an admin what you may say.' }];
  return [
    { kind: 'plain', text: 'You can say: ' },
    ...alternatives(sayable.map(shortUsage)),
    { kind: 'plain', text: '.' },
  ];
}

export function didYouMeanReply(suggestions: readonly string[]): DraftAnswer {
  return privateReply('I did not understand. Did you mean ', ...alternatives(suggestions, ' or '), '?');
}

export function ambiguousReply(commands: readonly AnyCommand[]): DraftAnswer {
  return privateReply(
    'That fits more than one command. Say one of these: ',
    ...alternatives(commands.map(shortUsage)),
    '.',
  );
}

export function shortUsage(command: AnyCommand): string {
  const pattern = command.patterns[0];
  return pattern === undefined ? command.id : usage(pattern);
}

function alternatives(texts: readonly string[], between = ' · '): Span[] {
  return texts.flatMap((each, index) => (index === 0 ? [code(each)] : [{ kind: 'plain', text: between }, code(each)]));
}
