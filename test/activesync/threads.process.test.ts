import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { headOf, lineOf, requests } from '../fixtures/activesync-logs.ts';
import { compiled } from '../setup/compiled.ts';

// A thread loads JavaScript only, so this runs the compiled reader as the product does.
let script: { script: string; remove(): void };
let folder: string;

beforeAll(async () => {
  script = await compiled('test/bench/report-logs.ts');
  folder = mkdtempSync(join(tmpdir(), 'mislaid-threads-'));
});
afterAll(() => {
  script.remove();
  rmSync(folder, { recursive: true, force: true });
});

test('two threads find what one finds', async () => {
  const path = join(folder, 'a.log');
  const made = [...requests({ users: 200, count: 20_000, from: 1_772_442_000, to: 1_772_460_000, seed: 3 })];
  writeFileSync(path, headOf('frontEnd') + made.map((request, n) => lineOf('frontEnd', request, n)).join(''));
  const run = async (threads: number): Promise<Record<string, unknown>> => {
    const { stdout } = await promisify(execFile)(process.execPath, [script.script, 'frontEnd', String(threads), path], {
      cwd: dirname(script.script),
    });
    return JSON.parse(stdout);
  };
  const [one, two] = [await run(0), await run(2)];
  expect(one).toMatchObject({ requests: 20_000 });
  expect(two).toMatchObject({ requests: one.requests, rows: one.rows, digest: one.digest });
});
