import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { envExample, withTables } from '../scripts/docs.ts';
import { readConfig, settingsTable } from '../src/config.ts';
import { parsePolicy } from '../src/policy.ts';
import { top } from './architecture/sources.ts';

function read(path: string): string {
  return readFileSync(join(top, path), 'utf8');
}

describe('what stands beside the code', () => {
  it('.env.example is the schema (npm run docs writes it)', () => {
    expect(read('.env.example')).toBe(envExample());
  });

  it('.env.example with every line taken in is accepted as far as defaults go', () => {
    const defaults = settingsTable().flatMap(({ name, fallback }) =>
      fallback === undefined ? [] : [[name, fallback] as const],
    );

    expect(defaults.length).toBeGreaterThan(10);
    expect(readConfig(Object.fromEntries(defaults))).toEqual(readConfig({}));
  });

  it("the README's tables are the code's (npm run docs writes them)", () => {
    const readme = read('README.md');

    expect(withTables(readme)).toBe(readme);
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
    const missing = ['README.md', 'docs/what-happens-when.md'].flatMap((document) =>
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
});
