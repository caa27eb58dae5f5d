import { pino } from 'pino';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type AnyCommand, type CommandContext, defineCommand, type Topic } from '../../src/commands/command.ts';
import { helpCommand } from '../../src/commands/me/help.ts';
import { whoamiCommand } from '../../src/commands/me/whoami.ts';
import type { Actor } from '../../src/directory/actor.ts';
import { Approvals } from '../../src/incidents/approvals/approvals.ts';
import { parseSentence } from '../../src/language/patterns.ts';
import type { Block, DraftAnswer, Text } from '../../src/message/model.ts';
import { Policy } from '../../src/policy.ts';
import type { Store } from '../../src/store/port.ts';
import { countingIds, testClock } from '../setup/clock.ts';

const topicOf: Readonly<Record<string, Topic>> = {
  'lost-device': 'lost-phone',
  'lock-wipes': 'wipes',
  'block-app': 'apps',
};

function command(id: string, patterns: readonly string[], more: Partial<AnyCommand> = {}): AnyCommand {
  return defineCommand({
    id,
    topic: topicOf[id] ?? 'me',
    patterns,
    examples: [],
    args: z.object({}),
    roles: ['user'],
    effect: 'read',
    summary: `Summary of ${id}`,
    run: async () => ({}),
    ...more,
  });
}

const commands = [
  command('lost-device', ['(lost|stolen) device <person> [device <device>]', '<person> lost (her|his) phone'], {
    details: 'It asks which one.',
    examples: ['lost device alice'],
  }),
  command('lock-wipes', ['lock wipes']),
  command('choose-scope', [], { clickOnly: true }),
  helpCommand,
  whoamiCommand,
];

const person = {
  guid: '00000000-0000-4000-8000-0000000000a2',
  organisation: 'lab' as const,
  displayName: 'Hana',
  alias: 'hana',
  upn: 'hana@contoso.example',
  primarySmtp: 'hana@contoso.example',
  addresses: [],
  department: '',
  phones: [],
  managerName: '',
  mailboxType: 'user' as const,
};

function context(actor: Partial<Actor> = {}): CommandContext {
  const none = async (): Promise<never> => {
    throw new Error('help and whoami write nothing');
  };
  const store: Pick<Store, 'change'> = { change: none };
  return {
    actor: {
      person,
      identity: 'console:hana',
      roles: new Set(['user', 'helpdesk']),
      grantedRoles: new Set(['user', 'helpdesk']),
      suspendedBy: [],
      ...actor,
    },
    via: 'sentence',
    store: {
      ...store,
      get db(): never {
        throw new Error('help and whoami read nothing');
      },
    },
    policy: Policy.parse({}),
    clock: testClock(),
    approvals: new Approvals([]),
    evidence: [],
    ids: countingIds(),
    log: pino({ level: 'silent' }),
    audit: () => {},
    changeAside: async () => {
      throw new Error('nothing is written beside');
    },
    organisation: 'lab',
    commands,
  };
}

function words(answer: DraftAnswer): string[] {
  const spans = (block: Block<unknown>): readonly Text[] => {
    if (block.kind === 'text') return [block.text];
    if (block.kind === 'list') return block.items;
    if (block.kind === 'fields')
      return block.fields.map(({ label, value }) => [{ kind: 'plain', text: `${label}: ` }, ...value]);
    return [];
  };
  const lines = (answer.private?.blocks ?? []).flatMap(spans);
  return lines.map((line) =>
    line.map((span) => ('text' in span ? span.text : 'name' in span ? span.name : '')).join(''),
  );
}

test('help lists what may be said under headings, and nothing that is only clicked', async () => {
  expect(words(await helpCommand.run(context(), {}))).toEqual([
    'A lost phone',
    'lost device <person> Summary of lost-device',
    'Wipes, and who decides',
    'lock wipes Summary of lock-wipes',
    'Me, and what I keep',
    'help What you can say to me',
    'whoami Who you are to me, and what you hold',
    'More about one of them: help <command>.',
  ]);
});

test.each(['lost device', 'lost-device', 'LOST', 'lost  device alice'])('help %s tells all of one', async (wanted) => {
  expect(words(await helpCommand.run(context(), { command: wanted }))).toEqual([
    'Summary of lost-device. It asks which one.',
    'You can say it like this:',
    'lost device <person>',
    '<person> lost her phone',
    'lost device alice',
    'Only in a private conversation with me or in a channel that policy.yaml names.',
  ]);
});

test('help on a beginning of several lists these, on an unknown one says so and lists all', async () => {
  const both = [...commands, command('block-app', ['lock app <app>'])];
  const listed = words(await helpCommand.run({ ...context(), commands: both }, { command: 'lock' }));
  expect(listed).toEqual([
    'Wipes, and who decides',
    'lock wipes Summary of lock-wipes',
    'Third-party apps',
    'lock app <app> Summary of block-app',
    'More about one of them: help <command>.',
  ]);
  const unknown = words(await helpCommand.run(context({ suspendedBy: [104] }), { command: 'reboot' }));
  expect(unknown[0]).toBe('You may say no command that begins with reboot.');
  expect(unknown.join('\n')).toContain(
    'a device of your own was reported (INC-104): you hold only what every user holds',
  );
  expect(unknown).toHaveLength(10);
});

test('whoami says person, account, roles, and what is suspended', async () => {
  const place = 'console:#helpdesk';
  expect(words(await whoamiCommand.run({ ...context(), place }, {}))).toEqual([
    'Person: Hana (hana@contoso.example)',
    'Chat account: console:hana',
    'You hold: user, helpdesk',
    'Here: console:#helpdesk',
    'Exchange: the lab: no real phone',
  ]);
  const suspended = context({ roles: new Set(['user']), suspendedBy: [104] });
  expect(words(await whoamiCommand.run(suspended, {}))).toContain(
    'Suspended: helpdesk, because a device of your own was reported (INC-104), until security or an admin restores you',
  );
});

test.each([...helpCommand.examples, ...whoamiCommand.examples])('"%s" is understood', (example) => {
  const parsed = parseSentence(example, commands);
  expect(parsed.kind === 'match' && [helpCommand.id, whoamiCommand.id]).toContain(
    parsed.kind === 'match' ? parsed.command.id : '',
  );
});
