import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { appendAudit } from '../../src/audit/chain.ts';
import { type AuditSeal, openSeal } from '../../src/audit/checkpoint.ts';
import { type Closing, createClosing } from '../../src/ground/closing.ts';
import { watchAuditEnd } from '../../src/start/audit-end.ts';
import { entry } from '../audit/entries.ts';
import { examplePolicy } from '../setup/bot.ts';
import { eventually } from '../setup/eventually.ts';
import { type TestStore, testStore } from '../setup/store.ts';

let at: TestStore;
let folder: string;
let seal: AuditSeal;
let closing: Closing;
let watch: { grew(): void } | undefined;

beforeEach(async () => {
  at = await testStore({ appendAudit, audited: () => watch?.grew() });
  folder = await mkdtemp(join(tmpdir(), 'mislaid-end-'));
  seal = await openSeal({ folder });
  closing = createClosing(() => {});
});
afterEach(async () => {
  await closing.close();
  watch = undefined;
  await at.close();
  await rm(folder, { recursive: true });
});

function start(): void {
  const policy = { current: examplePolicy() };
  watch = watchAuditEnd({ store: at.store, seal, policy, clock: at.clock, log: pino({ level: 'silent' }), closing });
}

const add = (n: number) => at.store.change(async (change) => change.audit(entry(n)));

it('is remembered outside the database after each commit, and when the process ends', async () => {
  start();
  await add(1);
  await eventually(async () => expect((await seal.read()).remembered).toMatchObject({ size: 1 }));
  await add(2);
  await closing.close();

  expect((await seal.read()).remembered).toMatchObject({ size: 2 });
});

it('that is no longer there is told to security at the next start, once', async () => {
  for (const n of [1, 2, 3]) await add(n);
  await seal.remember(at.db, at.clock.now());
  await sql`alter table audit disable trigger all`.execute(at.db);
  await sql`delete from audit where seq > 1`.execute(at.db);

  start();
  await eventually(async () => {
    const told = await at.db.selectFrom('delivery').select(['place', 'draft']).execute();
    expect(told.map(({ place }) => place)).toEqual(['console:#security']);
    expect(JSON.stringify(told[0]?.draft)).toContain('it had 3 entries');
  });
  // What it was lies in the file from now on, so that growing over it hides nothing.
  expect((await seal.read()).checkpoints).toMatchObject([{ size: 3 }]);
});
