import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sources } from '../../src/apps/cards/apps.ts';
import { freshenLogs } from '../../src/apps/freshen.ts';
import { createFileServers } from '../../src/servers/files/index.ts';
import { testClock } from '../setup/clock.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';

let database: TestDatabase;
let folder: string;
const clock = testClock(new Date('2026-03-02T12:00:00Z'));

beforeAll(async () => {
  database = await testDatabase();
  folder = mkdtempSync(join(tmpdir(), 'mislaid-fresh-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database.close();
});

function freshen() {
  const servers = createFileServers([{ name: 'EX01', backEndLogs: folder }]);
  const context = { store: { db: database.db }, clock, servers: () => servers, signal: new AbortController().signal };
  return freshenLogs(context as never, 'real');
}

test('a long first reading is left to its job, and the answer says how far it is', async () => {
  const path = join(folder, 'u_ex260302.log');
  writeFileSync(path, '');
  truncateSync(path, 3_200_000_000);
  expect(await freshen()).toMatchObject({
    stillReading: true,
    progress: ['The back-end logs of EX01 (3.2 GB) wait for their first reading.'],
  });
  const at = clock.now();
  await database.db
    .insertInto('logReading')
    .values({
      organisation: 'real',
      server: 'EX01',
      kind: 'backEnd',
      startedAt: at,
      updatedAt: at,
      finishedAt: null,
      filesTotal: 1,
      filesDone: 0,
      bytesTotal: 3_200_000_000,
      bytesDone: 1_100_000_000,
      problem: null,
    })
    .execute();
  const freshness = await freshen();
  expect(freshness.progress).toEqual(['The back-end logs of EX01 are read for the first time: 34 % of 3.2 GB so far.']);
  expect(
    sources({ inventory: { readAt: null, problem: null, defaultAccessLevel: 'Allow' }, freshness }).join(''),
  ).toContain('34 % of 3.2 GB');
});
