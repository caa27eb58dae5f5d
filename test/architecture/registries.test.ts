/** A registry lists its folder, a name is its file's name, and what a command says of itself is true. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { adapters } from '../../adapters/index.ts';
import { jobs } from '../../jobs/index.ts';
import { type AnyCommand, topics } from '../../src/commands/command.ts';
import { commands, labCommands } from '../../src/commands/index.ts';
import { helpCommand } from '../../src/commands/me/help.ts';
import { Approvals } from '../../src/incidents/approvals/approvals.ts';
import { parseSentence, usage } from '../../src/language/patterns.ts';
import { renderPlainText } from '../../src/message/plain.ts';
import { Policy } from '../../src/policy.ts';
import { approvalSubjects, projections } from '../../src/start/registries.ts';
import { countingIds, testClock } from '../setup/clock.ts';
import { filesBelow, textOf, top } from './sources.ts';

const all: readonly AnyCommand[] = [...commands, ...labCommands];
const words = all.filter((command) => command.clickOnly !== true);

/** What the files of a folder export, by file name without its ending. */
async function exportsOf(folder: string, skip: readonly string[] = ['index']): Promise<Map<string, object[]>> {
  const found = new Map<string, object[]>();
  for (const file of filesBelow(folder)) {
    const name = basename(file, '.ts');
    if (skip.includes(name)) continue;
    const values: unknown[] = Object.values(await import(join(top, file)));
    found.set(
      name,
      values.filter((value) => typeof value === 'object' && value !== null),
    );
  }
  return found;
}

/** Files of a folder that export something with all of these members, with the value of the first of them. */
async function defined(
  folder: string,
  members: readonly [string, ...string[]],
): Promise<[file: string, name: string][]> {
  const found: [string, string][] = [];
  for (const [file, values] of await exportsOf(folder)) {
    for (const value of values) {
      const object = new Map<string, unknown>(Object.entries(value));
      if (members.every((member) => object.has(member))) found.push([file, String(object.get(members[0]))]);
    }
  }
  return found.toSorted();
}

function itself(names: readonly string[]): [string, string][] {
  return names.map((name): [string, string] => [name, name]).toSorted();
}

describe('a topic', () => {
  it('is the folder of its commands', () => {
    const texts = filesBelow('src/commands').map((path) => ({
      path,
      topic: /topic: '([a-z-]+)'/.exec(textOf(path))?.[1],
    }));
    const strays = texts.filter(({ path, topic }) => topic !== undefined && !path.startsWith(`src/commands/${topic}/`));

    expect(strays).toEqual([]);
    for (const { path } of texts) expect(new Set(textOf(path).match(/topic: '[a-z-]+'/g)).size, path).toBeLessThan(2);
    expect([...new Set(all.map(({ topic }) => topic))].toSorted()).toEqual(Object.keys(topics).toSorted());
  });
});

describe('a registry is its folder', () => {
  it('of commands', async () => {
    const found = await defined('src/commands', ['id', 'patterns', 'run']);

    expect(found.map(([, id]) => id).toSorted()).toEqual(all.map(({ id }) => id).toSorted());
  });

  it('of jobs', async () => {
    expect(await defined('jobs', ['name', 'lane', 'run'])).toEqual(itself(jobs.map(({ name }) => name)));
  });

  it('of adapters', () => {
    const folders = readdirSync(join(top, 'adapters'), { withFileTypes: true }).filter((entry) => entry.isDirectory());

    expect(adapters.map(({ name }) => name).toSorted()).toEqual(folders.map(({ name }) => name).toSorted());
  });

  it('of cmdlets, where every file describes one and nobody lists them', async () => {
    const files = filesBelow('src/exchange/cmdlets').map((path) => basename(path, '.ts'));

    expect(await defined('src/exchange/cmdlets', ['id', 'effect', 'simulate'])).toEqual(itself(files));
  });

  it('of what can wait for an approval', async () => {
    const found: string[] = [];
    for (const path of filesBelow('src').filter((file) => file.endsWith('-subject.ts'))) {
      for (const value of Object.values<unknown>(await import(join(top, path)))) {
        const object = new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
        if (object.has('approved') && object.has('ended')) found.push(String(object.get('kind')));
      }
    }

    expect(approvalSubjects.map(({ kind }) => kind).toSorted()).toEqual(found.toSorted());
  });

  it('of cards', () => {
    const defining = filesBelow('src').filter((path) => /\bkind: '[a-z-]+',?\s+(async )?render\b/.test(textOf(path)));

    expect(defining.length).toBeGreaterThan(1);
    expect(projections.map(({ kind }) => kind)).toHaveLength(defining.length);
  });
});

describe('a command', () => {
  const examples = words.flatMap((command) => command.examples.map((example) => [example, command] as const));

  it('has a name, and a way to say it or a button of its own', () => {
    const ids = all.map(({ id }) => id);
    const mute = all.filter((command) => (command.patterns.length === 0) !== (command.clickOnly === true));

    expect(new Set(ids).size).toBe(ids.length);
    expect(mute.map(({ id }) => id)).toEqual([]);
    expect(words.filter((command) => command.examples.length === 0).map(({ id }) => id)).toEqual([]);
  });

  it.each(examples)('"%s" says it, with arguments that it takes', (example, command) => {
    const parsed = parseSentence(example, all);

    expect(parsed.kind === 'match' ? parsed.command.id : parsed).toBe(command.id);
    expect(command.args.safeParse(parsed.kind === 'match' ? parsed.args : undefined).error).toBeUndefined();
  });

  it.each(words)('$id shows every way to say it in help', async (command) => {
    const answer = await helpCommand.run(contextWith([command]), { command: command.id });
    const shown = renderPlainText(
      { tone: 'neutral', blocks: answer.private?.blocks ?? [] },
      { now: new Date(0), timeZone: 'UTC' },
    );

    for (const sentence of [...command.patterns.map(usage), ...command.examples]) expect(shown).toContain(sentence);
    expect(shown).toContain(command.summary);
  });

  it('stands in the table of the README', () => {
    const readme = readFileSync(join(top, 'README.md'), 'utf8');
    const rows = words.map(({ id, patterns }) => ({
      id,
      row: `\n| \`${usage(patterns[0] ?? id).replaceAll('|', '\\|')}\` |`,
    }));

    expect(rows.filter(({ row }) => !readme.includes(row)).map(({ id }) => id)).toEqual([]);
  });
});

function contextWith(commandsOfActor: readonly AnyCommand[]): Parameters<typeof helpCommand.run>[0] {
  return {
    actor: {
      person: {
        guid: '00000000-0000-4000-8000-000000000001',
        organisation: 'lab',
        displayName: 'Hana Novak',
        alias: 'hana',
        upn: 'hana@contoso.example',
        primarySmtp: 'hana@contoso.example',
        addresses: [],
        department: '',
        phones: [],
        managerName: '',
        mailboxType: 'user',
        accountEnabled: true,
      },
      identity: 'console:hana',
      roles: new Set(['user']),
      grantedRoles: new Set(['user']),
      suspendedBy: [],
    },
    via: 'sentence',
    store: {
      get db(): never {
        throw new Error('help reads nothing');
      },
      change: () => Promise.reject(new Error('help writes nothing')),
    },
    policy: Policy.parse({}),
    clock: testClock(),
    approvals: new Approvals([]),
    evidence: [],
    ids: countingIds(),
    log: pino({ level: 'silent' }),
    organisation: 'lab',
    commands: commandsOfActor,
  };
}
