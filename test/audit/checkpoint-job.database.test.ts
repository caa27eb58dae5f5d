import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkpointAuditJob } from '../../jobs/checkpoint-audit.ts';
import { appendAudit } from '../../src/audit/chain.ts';
import { type AuditSeal, openSeal, readCheckpoints } from '../../src/audit/checkpoint.ts';
import { Approvals } from '../../src/incidents/approvals/approvals.ts';
import type { JobContext } from '../../src/incidents/job.ts';
import { policy } from '../incidents/facts.ts';
import { type TestStore, testStore } from '../setup/store.ts';
import { entry } from './entries.ts';

let fixture: TestStore;
let folder: string;
let seal: AuditSeal;

beforeAll(async () => {
  fixture = await testStore({ appendAudit });
  folder = await mkdtemp(join(tmpdir(), 'mislaid-seal-'));
  seal = await openSeal({ folder });
  await fixture.store.change(async (change) => change.audit(entry(1)));
});
afterAll(async () => {
  await fixture.close();
  await rm(folder, { recursive: true });
});

function context(parts: Partial<JobContext>): JobContext {
  const notUsed = () => {
    throw new Error('not used by this job');
  };
  return {
    store: fixture.store,
    exchange: notUsed,
    servers: notUsed,
    policy: policy({ channels: { audit: ['console:#audit'] } }),
    approvals: new Approvals([]),
    clock: fixture.clock,
    ids: fixture.ids,
    log: pino({ level: 'silent' }),
    signal: new AbortController().signal,
    assertLock: async () => {},
    attempt: 0,
    capabilities: notUsed,
    deliver: notUsed,
    ...parts,
  };
}

describe('checkpoint-audit', () => {
  it('says each hour once, even when it runs twice, and wants to run in the next', async () => {
    fixture.clock.set(new Date('2026-03-02T09:20:00Z'));

    await checkpointAuditJob.run(context({ seal }), {});
    await checkpointAuditJob.run(context({ seal }), {});

    const said = await fixture.db.selectFrom('delivery').selectAll().execute();
    const wanted = await fixture.db.selectFrom('work').select('dueAt').where('job', '=', 'checkpoint-audit').execute();
    expect(said.map((row) => row.place)).toEqual(['console:#audit']);
    expect(wanted).toEqual([{ dueAt: new Date('2026-03-02T10:00:00Z') }]);
    expect((await seal.read()).checkpoints).toHaveLength(2);
  });

  it('says a line that can be checked with the public key', async () => {
    const [said] = await fixture.db.selectFrom('delivery').select('draft').execute();
    const block = said?.draft?.blocks;

    const line =
      JSON.stringify(block)
        .match(/\{\\"size.*?\}/)?.[0]
        .replaceAll('\\"', '"') ?? '';

    expect(readCheckpoints(line, [seal.publicKey])).toMatchObject({ checkpoints: [{ size: 1 }], forged: [] });
  });

  it('after a decision is said again, unless nothing was added since', async () => {
    fixture.clock.set(new Date('2026-03-02T09:30:00Z'));
    const before = (await fixture.db.selectFrom('delivery').selectAll().execute()).length;
    await fixture.store.change(async (change) => change.audit(entry(2)));

    await checkpointAuditJob.run(context({ seal }), { decided: true });
    await checkpointAuditJob.run(context({ seal }), { decided: true });

    expect(await fixture.db.selectFrom('delivery').selectAll().execute()).toHaveLength(before + 1);
  });

  it('goes on next hour where the process has no key', async () => {
    fixture.clock.set(new Date('2026-03-02T10:00:00Z'));

    await checkpointAuditJob.run(context({}), {});

    const wanted = await fixture.db
      .selectFrom('work')
      .select('dueAt')
      .where('job', '=', 'checkpoint-audit')
      .orderBy('dueAt')
      .execute();
    expect(wanted.at(-1)).toEqual({ dueAt: new Date('2026-03-02T11:00:00Z') });
  });
});
