/** What the router itself says, when no command is run. */
import type { AnyCommand } from '../commands/command.ts';
import { type Suggestion, usage } from '../language/patterns.ts';
import type { Block, DraftAnswer, Intent, Span } from '../message/model.ts';
import { button, buttons, code, paragraph, text } from '../message/text.ts';

/** More would bury the one that is meant. */
const mostExamples = 5;

export function privateReply(...parts: readonly (string | Span)[]): DraftAnswer {
  const blocks: Block<Intent>[] = [{ kind: 'text', text: text(...parts) }];
  return { private: { tone: 'neutral', blocks } };
}

/** How many things are offered where nothing was understood. */
const mostNearest = 3;

/** What this person may do here, the nearest first, as buttons in words. What needs more than a click is explained by its button. */
export function nearestReply(nearest: readonly AnyCommand[], may: readonly AnyCommand[]): DraftAnswer {
  const offered = [...new Set([...nearest, ...may])].filter((command) => may.includes(command)).slice(0, mostNearest);
  const help = may.some(({ id }) => id === 'help');
  if (offered.length === 0)
    return privateReply('I did not understand, and did nothing. Ask an admin what you may say.');
  const row = offered.flatMap((command) => {
    const title = command.intents?.[0]?.title ?? command.summary;
    const alone = command.effect === 'read' || command.id === 'report-lost';
    if (alone && command.args.safeParse({}).success) return [button(title, command.id, {})];
    return help ? [button(title, 'help', { command: command.id })] : [];
  });
  const sentence = paragraph(
    'I did not understand, and did nothing. Did you mean one of these? For all that you can say, say ',
    code('help'),
    '.',
  );
  return { private: { tone: 'neutral', blocks: [sentence, buttons(...row)] } };
}

export function suggestCommands(may: readonly AnyCommand[]): Span[] {
  const help = may.filter(({ id }) => id === 'help');
  const others = may.filter(({ id, patterns }) => id !== 'help' && patterns.length > 0);
  const sayable = [...others.slice(0, mostExamples - help.length), ...help];
  if (sayable.length === 0) return [{ kind: 'plain', text: 'Ask an admin what you may say.' }];
  return [
    { kind: 'plain', text: 'You can say: ' },
    ...alternatives(sayable.map(sayableSentence)),
    { kind: 'plain', text: '.' },
  ];
}

/** Each as a button that says it; the label, typed, says it too. */
export function didYouMeanReply(suggestions: readonly Suggestion<AnyCommand>[]): DraftAnswer {
  const row = suggestions.map(({ text: label, command, args }) => button(label, command.id, args));
  return { private: { tone: 'neutral', blocks: [paragraph('I did not understand. Did you mean:'), buttons(...row)] } };
}

/** What was said begins one of its commands: how one of them goes on. */
export function unfinishedReply(command: AnyCommand): DraftAnswer {
  const example = command.examples[0];
  if (example === undefined) return privateReply('There is more to that than you said. Nothing was done.');
  return privateReply('There is more to that than you said. Nothing was done. For example: ', code(example));
}

export function ambiguousReply(commands: readonly AnyCommand[]): DraftAnswer {
  return privateReply(
    'That fits more than one command. Say one of these: ',
    ...alternatives(commands.map(sayableSentence)),
    '.',
  );
}

/** A sentence that works, and no pattern. */
function sayableSentence(command: AnyCommand): string {
  return command.examples[0] ?? shortUsage(command);
}

export function shortUsage(command: AnyCommand): string {
  const pattern = command.patterns[0];
  return pattern === undefined ? command.id : usage(pattern);
}

function alternatives(texts: readonly string[], between = ' · '): Span[] {
  return texts.flatMap((each, index) => (index === 0 ? [code(each)] : [{ kind: 'plain', text: between }, code(each)]));
}
