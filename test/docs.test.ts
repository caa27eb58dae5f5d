import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { envExample, withCommands, withNotices, withSettings } from '../scripts/docs.ts';
import { readConfig, settingsTable } from '../src/config.ts';
import { parsePolicy } from '../src/policy.ts';
import { filesBelow, top } from './architecture/sources.ts';

function read(path: string): string {
  return readFileSync(join(top, path), 'utf8');
}

describe('what stands beside the code', () => {
  it('.env.example is the schema (npm run docs writes it)', () => {
    expect(read('.env.example'), 'it is older than src/config.ts: npm run build && npm run docs').toBe(envExample());
  });

  it('.env.example with every line taken in is accepted as far as defaults go', () => {
    const defaults = settingsTable().flatMap(({ name, fallback }) =>
      fallback === undefined ? [] : [[name, fallback] as const],
    );

    expect(defaults.length).toBeGreaterThan(10);
    expect(readConfig(Object.fromEntries(defaults))).toEqual(readConfig({}));
  });

  it.each([
    ['docs/commands.md', withCommands],
    ['docs/configuration.md', withSettings],
    ['docs/notices.md', withNotices],
  ])("%s is the code's table (npm run docs writes it)", (document, written) => {
    const text = read(document);

    expect(written(text), `${document} is older than the code: npm run build && npm run docs`).toBe(text);
  });

  it('the README can be read in one go', () => {
    expect(read('README.md').split('\n').length).toBeLessThan(150);
  });

  it('the README names the two commands that CI runs', () => {
    const readme = read('README.md');

    expect(readme).toMatch(/^npm ci && npm start$/m);
    expect(readme).toMatch(/^npm ci && npm test$/m);
    const { scripts } = JSON.parse(read('package.json'));
    for (const [, name = ''] of readme.matchAll(/`npm (?:run )?([a-z:]+)/g)) {
      if (name !== 'ci') expect(Object.keys(scripts)).toContain(name);
    }
  });

  it('policy.example.yaml is a policy', () => {
    const policy = parsePolicy(read('policy.example.yaml'), 'policy.example.yaml');

    expect(policy.people.length).toBeGreaterThan(5);
    expect(policy.people.filter((person) => person.roles.includes('admin')).length).toBeGreaterThanOrEqual(2);
  });

  it('every link of the documents leads somewhere', () => {
    const missing = documents.flatMap((document) =>
      [...read(document).matchAll(/\]\((?!https?:)([^)#]+)/g)].flatMap(([, target = '']) => {
        const path = join(document, '..', target);
        try {
          read(path);
          return [];
        } catch {
          return [`${document}: ${target}`];
        }
      }),
    );

    expect(missing).toEqual([]);
  });

  it('every file and folder that the documents name is there, `<verb-noun>.ts` as any name', () => {
    const missing = documents.flatMap((document) =>
      [...read(document).matchAll(/`((?:src|adapters|jobs|test|scripts|docs)\/[\w<>*./-]*|[\w<>*./-]+\.ts)`/g)]
        .filter(([, path = '']) => !read(document).includes(`\`\`\`ts ${path}\n`))
        .filter(([, path = '']) => !files.some((file) => pathPattern(path).test(file)))
        .map(([, path]) => `${document} names ${path}, which is nowhere: say where it is now`),
    );

    expect(missing).toEqual([]);
  });

  it('every test that docs/security.md names exists, and every row of its tables names one', () => {
    const text = read('docs/security.md');
    const named = [...text.matchAll(/\*([^*|]+)\* \(`([\w/-]+)`\)/g)].map(([, name = '', file = '']) => ({
      name,
      file,
    }));
    const missing = named.filter(({ name, file }) => {
      const path = files.find((each) => each.startsWith('test/') && each.includes(`/${file}.`));
      return path === undefined || !read(path).includes(name);
    });
    const rows = text.split('\n').filter((line) => line.startsWith('| ') && !/^\| (tries to|---)/.test(line));

    expect(named.length).toBeGreaterThan(25);
    expect(missing).toEqual([]);
    expect(rows.filter((row) => !row.includes('(`'))).toEqual([]);
  });

  it('the picture of src/ has all of its folders', () => {
    const picture = /^src\/ [\s\S]*?^adapters\//m.exec(read('docs/architecture.md'))?.[0] ?? '';
    const shown = [...picture.matchAll(/^ {2}([a-z]+)\/| {3}([a-z]+)\/ /gm)].map(([, left, right]) => left ?? right);
    const rooms = readdirSync(join(top, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());

    expect(shown.toSorted()).toEqual(rooms.map(({ name }) => name).toSorted());
  });
});

/** The documents for those who work on it or run it; not what was decided once, and not what changed. */
const documents = ['README.md', 'CONTRIBUTING.md', ...filesBelow('docs', '.md')].filter(
  (path) => !path.startsWith('docs/decisions/'),
);
const files = ['src', 'adapters', 'jobs', 'test', 'scripts', 'docs'].flatMap((folder) => filesBelow(folder, ''));

/** Of a path as documents write it: a folder ends in a slash or has no ending; a bare name lies anywhere. */
function pathPattern(path: string): RegExp {
  const name = path
    .replaceAll('.', '\\.')
    .replaceAll(/<[^>]+>/g, '[^/]+')
    .replaceAll('*', '[^/]*')
    .replace(/\/$/, '');
  return new RegExp(`${path.includes('/') ? '^' : '(^|/)'}${name}(/|$)`);
}
