import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { appendAudit, auditHash } from '../../src/audit/chain.ts';
import { compiled } from '../setup/compiled.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';

let database: TestDatabase;
let program: Awaited<ReturnType<typeof compiled>>;

beforeAll(async () => {
  [database, program] = await Promise.all([testDatabase(), compiled('scripts/audit-export.ts')]);
  await database.db.transaction().execute((tx) =>
    appendAudit(tx, new Date('2026-03-02T09:00:00Z'), [
      { action: 'wipes.locked', subject: 'wipes', data: { reason: 'too many' } },
      { action: 'wipe.approved', subject: 'incident:101', incident: 101, data: { wipe: 1 } },
    ]),
  );
});
afterAll(async () => {
  await database.close();
  program.remove();
});

async function exported(...args: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [program.script, ...args], {
    env: { PATH: process.env.PATH, DATABASE_URL: database.url },
  });
  return stdout.trim().split('\n');
}

it('prints the chain as lines that can be verified elsewhere', async () => {
  const records = (await exported()).map((line) => JSON.parse(line));
  expect(records.map((record) => record.seq)).toEqual([1, 2]);
  for (const { hash, ...record } of records) expect(auditHash(record)).toBe(hash);
  expect(await exported('--after', '1')).toHaveLength(1);
});

it('prints OCSF events', async () => {
  const events = (await exported('--format', 'ocsf')).map((line) => JSON.parse(line));
  expect(events).toMatchObject([
    { class_uid: 3004, severity_id: 4, comment: 'too many', metadata: { event_code: 'wipes.locked' } },
    { class_uid: 3004, metadata: { correlation_uid: 'INC-101', product: { version: '0.1.0' } } },
  ]);
});

it('says in one sentence what is wrong', async () => {
  await expect(exported('--format', 'pdf')).rejects.toMatchObject({ code: 1 });
});
