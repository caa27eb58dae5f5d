import { describe, expect, it } from 'vitest';
import { filesBelow, type Import, importsOf, sourceFiles, textOf } from './sources.ts';

const imports = sourceFiles().flatMap(importsOf);

function broken(rule: (each: Import) => boolean): string[] {
  return imports.filter(rule).map(({ from, to }) => `${from} imports ${to}`);
}

function inside(path: string, ...folders: string[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`));
}

describe('the layers', () => {
  it('finds imports at all', () => {
    expect(imports.length).toBeGreaterThan(300);
    expect(imports).toContainEqual({ from: 'src/main.ts', to: 'jobs/index.ts', typeOnly: false });
  });

  it('lets the core know no adapter and no job at run time, but in main.ts', () => {
    const rule = broken(
      ({ from, to, typeOnly }) =>
        from.startsWith('src/') &&
        from !== 'src/main.ts' &&
        (inside(to, 'adapters') || (inside(to, 'jobs') && !typeOnly)),
    );

    expect(rule).toEqual([]);
  });

  it('lets an adapter know the core and itself alone', () => {
    const rule = broken(({ from, to }) => {
      const [, adapter = ''] = /^adapters\/([^/]+)\//.exec(from) ?? [];
      if (adapter === '') return false;
      return inside(to, 'jobs') || (inside(to, 'adapters') && !inside(to, `adapters/${adapter}`));
    });

    expect(rule).toEqual([]);
  });

  it('lets jobs know no adapter', () => {
    expect(broken(({ from, to }) => inside(from, 'jobs') && inside(to, 'adapters'))).toEqual([]);
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

  it('has no circle of run-time imports', () => {
    expect(circles(imports.filter((each) => !each.typeOnly))).toEqual([]);
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

/** Circles of files, each as the row of its members. */
function circles(edges: readonly Import[]): string[][] {
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
