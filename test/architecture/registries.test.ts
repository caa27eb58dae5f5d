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

type Defined = { readonly path: string; readonly constant: string; readonly name: string };

/** What the files define that has all of these members, by the value of the first of them. */
async function defined(paths: readonly string[], members: readonly [string, ...string[]]): Promise<Defined[]> {
  const found: Defined[] = [];
  for (const path of paths) {
    const exported: Record<string, unknown> = await import(join(top, path));
    for (const [constant, value] of Object.entries(exported)) {
      const object = new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : []);
      if (members.every((member) => object.has(member)))
        found.push({ path, constant, name: String(object.get(members[0])) });
    }
  }
  return found;
}

/** What the author has to do, one sentence for each thing that is defined and not listed once, or listed and not defined. */
function todo(found: readonly Defined[], listed: readonly string[], registry: string, list: string): string[] {
  const missing = found
    .filter(({ name }) => !listed.includes(name))
    .map(
      ({ path, constant }) =>
        `${path} exports ${constant}, which is not registered: import it in ${registry} and add the line "${constant}," to ${list}`,
    );
  const twice = listed
    .filter((name, index) => listed.indexOf(name) !== index)
    .map((name) => `"${name}" stands twice in ${list} of ${registry}: remove one, or rename what it is`);
  const elsewhere = listed
    .filter((name) => !found.some((each) => each.name === name))
    .map((name) => `"${name}" of ${registry} is defined in no file of its folder: move it there`);
  return [...missing, ...twice, ...elsewhere];
}

/** Where one file defines one thing, they have one name. */
function misnamed(found: readonly Defined[], member: string): string[] {
  return found
    .filter(({ path, name }) => basename(path, '.ts') !== name)
    .map(({ path, name }) => `${path} has the ${member} "${name}": name the file ${name}.ts, or mend its ${member}`);
}

describe('a topic', () => {
  it('is the folder of its commands', () => {
    const strays = filesBelow('src/commands').flatMap((path) =>
      [...textOf(path).matchAll(/topic: '([a-z-]+)'/g)]
        .filter(([, topic]) => !path.startsWith(`src/commands/${topic}/`))
        .map(([, topic]) => `${path} has the topic "${topic}": move it to src/commands/${topic}/, or mend its topic`),
    );
    const unused = Object.keys(topics)
      .filter((topic) => !all.some((command) => command.topic === topic))
      .map((topic) => `no command has the topic "${topic}": remove its line from topics in src/commands/command.ts`);

    expect([...strays, ...unused]).toEqual([]);
  });
});

describe('a registry is its folder', () => {
  it('of commands', async () => {
    const paths = filesBelow('src/commands').filter((path) => path !== 'src/commands/index.ts');
    const found = await defined(paths, ['id', 'patterns', 'run']);
    const ids = all.map(({ id }) => id);

    expect(todo(found, ids, 'src/commands/index.ts', 'commands (or labCommands)')).toEqual([]);
  });

  it('of jobs', async () => {
    const paths = filesBelow('jobs').filter((path) => path !== 'jobs/index.ts');
    const found = await defined(paths, ['name', 'lane', 'run']);
    const names = jobs.map(({ name }) => name);

    expect([...todo(found, names, 'jobs/index.ts', 'jobs'), ...misnamed(found, 'name')]).toEqual([]);
  });

  it('of adapters', () => {
    const found = readdirSync(join(top, 'adapters'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => ({ path: `adapters/${name}/index.ts`, constant: `{ name: '${name}', … }`, name }));
    const names = adapters.map(({ name }) => name);

    expect(todo(found, names, 'adapters/index.ts', 'adapters')).toEqual([]);
  });

  it('of cmdlets, where every file describes one and nobody lists them', async () => {
    const paths = filesBelow('src/exchange/cmdlets');
    const found = await defined(paths, ['id', 'effect', 'simulate']);
    const empty = paths
      .filter((path) => !found.some((each) => each.path === path))
      .map((path) => `${path} exports no cmdlet (with id, effect and simulate): define one, or move the file`);

    expect([...empty, ...misnamed(found, 'id')]).toEqual([]);
  });

  it('of what can wait for an approval', async () => {
    const paths = filesBelow('src').filter((path) => path.endsWith('-subject.ts'));
    const found = await defined(paths, ['kind', 'approved', 'ended']);
    const kinds = approvalSubjects.map(({ kind }) => kind);

    expect(todo(found, kinds, 'src/start/registries.ts', 'approvalSubjects')).toEqual([]);
  });

  it('of cards', () => {
    const kinds = projections.map(({ kind }) => kind);
    const found = filesBelow('src').flatMap((path) => {
      const kind = /\bkind: '([a-z-]+)',?\s+(async )?render\b/.exec(textOf(path))?.[1];
      return kind === undefined ? [] : [{ path, constant: `the projection "${kind}"`, name: kind }];
    });

    expect(found.length).toBeGreaterThan(1);
    expect(todo(found, kinds, 'src/start/registries.ts', 'projections')).toEqual([]);
  });
});

describe('a command', () => {
  const examples = words.flatMap((command) => command.examples.map((example) => [example, command] as const));

  it('has a name, and a way to say it or a button of its own', () => {
    const ids = all.map(({ id }) => id);
    const mute = all
      .filter((command) => (command.patterns.length === 0) !== (command.clickOnly === true))
      .map(({ id }) => `${id}: give it patterns to be said by, or clickOnly: true, and not both`);
    const silent = words
      .filter((command) => command.examples.length === 0)
      .map(({ id }) => `${id}: give it an example`);

    expect(new Set(ids).size, 'two commands have one id').toBe(ids.length);
    expect([...mute, ...silent]).toEqual([]);
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

  it('stands in the table of docs/commands.md', () => {
    const text = readFileSync(join(top, 'docs/commands.md'), 'utf8');
    const missing = words
      .filter(({ id, patterns }) => !text.includes(`\n| \`${usage(patterns[0] ?? id).replaceAll('|', '\\|')}\` |`))
      .map(({ id }) => `docs/commands.md has no row for ${id}: npm run build && npm run docs`);

    expect(missing).toEqual([]);
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
    audit: () => {},
    changeAside: async () => {
      throw new Error('nothing is written beside');
    },
    organisation: 'lab',
    commands: commandsOfActor,
  };
}
