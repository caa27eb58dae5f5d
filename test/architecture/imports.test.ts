import { describe, expect, it } from 'vitest';
import { filesBelow, type Import, importsOf, sourceFiles, textOf } from './sources.ts';

const imports = sourceFiles().flatMap(importsOf);

function broken(rule: (each: Import) => boolean): string[] {
  return imports.filter(rule).map(({ from, to }) => `${from} imports ${to}`);
}

function inside(path: string, ...folders: string[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`));
}

/**
 * The floors, from the ground up: an import, of a type too, points down, or sideways within its room. What a lower floor needs
 * from a higher one is registered in src/start/registries.ts.
 */
const floors: readonly (readonly string[])[] = [
  ['src/ground'],
  ['src/message'],
  ['src/policy.ts'],
  ['src/store'],
  ['src/notices'],
  ['src/audit'],
  ['src/queue'],
  ['src/exchange'],
  ['src/servers'],
  ['src/directory'],
  ['src/charts'],
  ['src/activesync'],
  ['src/incidents'],
  ['src/apps'],
  ['src/heartbeat'],
  ['src/reports'],
  ['src/language'],
  ['src/commands'],
  ['src/chat'],
  ['src/backup'],
  ['src/http'],
  ['src/config.ts'],
  ['src/start'],
  ['src/doctor'],
  // The browser shows the console's people and places.
  ['adapters/announcements.ts', 'adapters/console'],
  ['adapters/web', 'adapters/slack', 'adapters/teams', 'jobs'],
  ['adapters/index.ts'],
  ['src/main.ts', 'scripts'],
];

/** The room of a file, and the number of its floor; undefined for a package. */
function roomOf(path: string): { room: string; floor: number } | undefined {
  for (const [floor, rooms] of floors.entries()) {
    const room = rooms.find((each) => path === each || path.startsWith(`${each}/`));
    if (room !== undefined) return { room, floor };
  }
  return undefined;
}

describe('the floors', () => {
  it('have a place for every file', () => {
    const strays = sourceFiles()
      .filter((path) => roomOf(path) === undefined)
      .map((path) => `${path} is in no room: move it, or give its folder a floor in test/architecture/imports.test.ts`);

    expect(strays).toEqual([]);
  });

  it('let no import point up or to another room of the same floor, types included', () => {
    const rule = broken(({ from, to }) => {
      const [above, below] = [roomOf(from), roomOf(to)];
      if (above === undefined || below === undefined || above.room === below.room) return false;
      return above.floor <= below.floor;
    });

    expect(
      rule,
      'move what is needed down, or hand it in: docs/architecture.md shows the floors, src/start/registries.ts joins them',
    ).toEqual([]);
  });

  it('have no cycle of files, types included', () => {
    expect(cycles(imports)).toEqual([]);
  });
});

describe('packages', () => {
  it('are imported, as far as these tests can see', () => {
    expect(imports.length).toBeGreaterThan(300);
    expect(imports).toContainEqual({ from: 'src/main.ts', to: 'jobs/index.ts', typeOnly: false });
  });

  it.each([
    ['@slack/', ['adapters/slack']],
    ['botbuilder', ['adapters/teams']],
    ['botframework', ['adapters/teams']],
    ['bullmq', ['src/queue']],
    ['ioredis', ['src/queue']],
    ['node-powershell', ['src/exchange/powershell']],
    ['pg', ['src/store', 'src/queue']],
  ])('keeps %s in its folder', (library, folders) => {
    const rule = broken(
      ({ from, to }) =>
        (library.endsWith('/') || library.startsWith('botframework') ? to.startsWith(library) : to === library) &&
        !inside(from, ...folders),
    );

    expect(rule).toEqual([]);
  });

  it('keeps kysely to the store and to those who read it, by type or by sql', () => {
    const rule = broken(({ from, to }) => to === 'kysely' && inside(from, 'adapters'));

    expect(rule).toEqual([]);
  });
});

describe('the habits', () => {
  it('reads the environment in config.ts alone, and hands it on in main.ts', () => {
    const readers = sourceFiles().filter((path) => /process\.env/.test(textOf(path)) && !path.startsWith('scripts/'));

    expect(readers.filter((path) => !['src/main.ts'].includes(path))).toEqual([]);
  });

  it('writes to the console nowhere but in the console adapter and at the start', () => {
    const writers = sourceFiles().filter((path) => /\bconsole\.(log|error|warn|info)\(/.test(textOf(path)));

    expect(writers.filter((path) => !path.startsWith('adapters/console/') && !path.startsWith('scripts/'))).toEqual([]);
  });

  it('has no folder for leftovers', () => {
    const leftovers = sourceFiles().filter((path) => /(^|\/)(utils?|helpers?|common|misc)(\/|\.ts$)/.test(path));

    expect(leftovers).toEqual([]);
  });

  it('keeps files short enough to read', () => {
    const long = sourceFiles()
      .filter((path) => !path.includes('/migrations/') && !path.includes('/samples/'))
      .map((path) => ({ path, lines: textOf(path).split('\n').length }))
      .filter(({ lines }) => lines > 400);

    expect(long).toEqual([]);
  });

  it('gives chat platforms the same file names', () => {
    const names = ['events.ts', 'forms.ts', 'identity.ts', 'index.ts', 'limits.ts', 'render.ts', 'send.ts'];
    const platforms = new Set(filesBelow('adapters').flatMap((path) => /^adapters\/([^/]+)\//.exec(path)?.[1] ?? []));

    const missing = [...platforms].flatMap((platform) =>
      names
        .filter((name) => !filesBelow(`adapters/${platform}`).includes(`adapters/${platform}/${name}`))
        .map((name) => `${platform}/${name}`),
    );

    expect(platforms.size).toBeGreaterThan(0);
    expect(missing).toEqual([]);
  });
});

describe('the tests', () => {
  it('wait for conditions by `eventually`, which has the patience that busy machines need', () => {
    const waits = /vi\.wait(?:For|Until)\(|expect\.poll\(/;
    const others = filesBelow('test').filter((path) => waits.test(textOf(path)));

    expect(others).toEqual(['test/setup/eventually.ts']);
  });
});

/** Cycles of files, each as the row of its members. */
function cycles(edges: readonly Import[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const found: string[][] = [];
  const done = new Set<string>();

  function walk(path: string, trail: readonly string[]): void {
    const at = trail.indexOf(path);
    if (at !== -1) {
      found.push(trail.slice(at));
      return;
    }
    if (done.has(path)) return;
    for (const target of next.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  }

  for (const path of next.keys()) walk(path, []);
  return found;
}
