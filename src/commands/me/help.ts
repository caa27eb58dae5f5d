import { z } from 'zod';
import { suspendedSentence } from '../../incidents/roles/current-roles.ts';
import { usage } from '../../language/patterns.ts';
import type { Block, DraftMessage, Text } from '../../message/model.ts';
import { code, list, note, paragraph, strong, text } from '../../message/text.ts';
import { type AnyCommand, defineCommand, topics } from '../command.ts';

export const helpCommand = defineCommand({
  id: 'help',
  topic: 'me',
  patterns: ['help [<command...>]', 'what can (i|you) (say|do)'],
  examples: ['help', 'help lost device'],
  args: z.object({ command: z.string().optional() }),
  roles: ['user'],
  effect: 'read',
  anyPlace: true,
  intents: [
    { title: 'Show what you can say', needs: ['greeting', 'alone', 'whole'], about: 'nothing' },
    { title: 'Show what you can say', needs: ['helping'], about: 'nothing' },
  ],
  summary: 'What you can say to me',
  details: 'Shows only what you may say yourself. With the beginning of a command it shows every way to say it.',
  async run({ actor, commands }, { command: wanted }) {
    const sayable = commands.filter((command) => command.clickOnly !== true && command.patterns.length > 0);
    const meant = wanted === undefined ? [] : sayable.filter((command) => isMeant(command, wanted));
    const [only, ...others] = meant;
    if (only !== undefined && others.length === 0) return { private: one(only) };
    return {
      private: several(
        meant.length === 0 ? sayable : meant,
        actor.grantedRoles.size > 1 ? actor.suspendedBy : [],
        wanted,
        meant.length > 0,
      ),
    };
  },
});

/** By its name (`lost-device`, `lost device`) or by the words with which one of its sentences begins. */
function isMeant(command: AnyCommand, wanted: string): boolean {
  const words = wanted.toLowerCase().replaceAll('-', ' ').replace(/\s+/g, ' ');
  const names = [command.id.replaceAll('-', ' '), ...command.patterns.map(usage), ...command.examples];
  return names.some((name) => `${name.toLowerCase()} `.startsWith(`${words} `));
}

function one(command: AnyCommand): DraftMessage {
  const { summary, details, patterns, examples } = command;
  return {
    title: usage(patterns[0] ?? command.id),
    tone: 'neutral',
    blocks: [
      paragraph(details === undefined ? `${summary}.` : `${summary}. ${details}`),
      { kind: 'text', text: text('You can say it like this:') },
      list(...[...new Set([...patterns.map(usage), ...examples])].map((sentence) => text(code(sentence)))),
      ...(command.anyPlace === true
        ? []
        : [note('Only in a private conversation with me or in a channel that policy.yaml names.')]),
    ],
  };
}

function several(
  commands: readonly AnyCommand[],
  suspendedBy: readonly number[],
  wanted: string | undefined,
  found: boolean,
): DraftMessage {
  return {
    title: 'What you can say',
    tone: 'neutral',
    blocks: [
      ...(wanted === undefined || found
        ? []
        : [paragraph('You may say no command that begins with ', code(wanted), '.')]),
      ...byTopic(commands),
      ...(suspendedBy.length === 0 ? [] : [note(suspendedSentence(suspendedBy))]),
      note('More about one of them: ', code('help <command>'), '.'),
    ],
  };
}

/** A long list is read by its headings. */
function byTopic(commands: readonly AnyCommand[]): Block<never>[] {
  return Object.entries(topics).flatMap(([topic, title]) => {
    const lines = commands.filter((command) => command.topic === topic).map(line);
    return lines.length === 0 ? [] : [paragraph(strong(title)), list(...lines)];
  });
}

function line(command: AnyCommand): Text {
  return text(code(usage(command.patterns[0] ?? '')), ` ${command.summary}`);
}
