/** A test file's name says what it needs (vitest.config.ts), so that `npm run test:unit` starts nothing. */
import { describe, expect, it } from 'vitest';
import { filesBelow, importsOf } from './sources.ts';

/** What starts a PostgreSQL for the run. */
const database = ['test/setup/database.ts'];
/** What starts other processes, or stands for one that was started. */
const processes = ['node:child_process', 'test/powershell/engine.ts', 'src/store/embedded/embedded-postgres.ts'];

const files = filesBelow('test', '.test.ts');
const named = (kind: string) => files.filter((path) => path.endsWith(`.${kind}.test.ts`));
const unit = files.filter((path) => !/\.(database|process)\.test\.ts$/.test(path));

/** Everything that a test file imports at run time, over other files of the tests, but not what the product itself imports. */
function reached(path: string): Set<string> {
  const found = new Set<string>();
  const waiting = [path];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    if (!next.startsWith('test/') || !next.endsWith('.ts')) continue;
    waiting.push(...importsOf(next).flatMap(({ to, typeOnly }) => (typeOnly ? [] : [to])));
  }
  return found;
}

function reaching(paths: readonly string[], targets: readonly string[]): string[] {
  return paths.filter((path) => targets.some((target) => reached(path).has(target)));
}

describe('the projects of the tests', () => {
  it('have files each', () => {
    expect(unit.length).toBeGreaterThan(50);
    expect(named('database').length).toBeGreaterThan(30);
    expect(named('process').length).toBeGreaterThan(10);
  });

  it('let a `*.test.ts` need no database and start no process', () => {
    expect(reaching(unit, [...database, ...processes]), 'name it *.database.test.ts or *.process.test.ts').toEqual([]);
  });

  it('let a `*.database.test.ts` start no process but PostgreSQL', () => {
    expect(reaching(named('database'), processes), 'name it *.process.test.ts').toEqual([]);
  });

  it('call nothing by these names that needs neither', () => {
    const needing = reaching(named('database'), database).concat(reaching(named('process'), processes));

    expect(
      named('database')
        .concat(named('process'))
        .filter((path) => !needing.includes(path)),
      'name it *.test.ts',
    ).toEqual([]);
  });
});
