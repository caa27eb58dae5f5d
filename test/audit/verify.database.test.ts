import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql, type Transaction } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendAudit, auditHash, commitmentTo } from '../../src/audit/chain.ts';
import { type AuditSeal, openSeal } from '../../src/audit/checkpoint.ts';
import { erasedAction } from '../../src/audit/content.ts';
import type { AuditProblem } from '../../src/audit/problem.ts';
import { readAudit } from '../../src/audit/read.ts';
import { type AuditVerdict, verifyAudit } from '../../src/audit/verify.ts';
import type { Database } from '../../src/store/schema.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';
import { entry, noon } from './entries.ts';

type Tx = Transaction<Database>;

let database: TestDatabase;
let seal: AuditSeal;
let folder: string;

/** 30 entries with checkpoints after 10 and 20. */
beforeAll(async () => {
  database = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'mislaid-audit-'));
  seal = await openSeal({ folder });
  for (const start of [1, 11, 21]) {
    const ten = Array.from({ length: 10 }, (_, index) => entry(start + index));
    await database.db.transaction().execute((tx) => appendAudit(tx, noon, ten));
    if (start < 21) await seal.checkpoint(database.db, noon);
  }
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

/** What a superuser can do: the triggers are off, and all is rolled back afterwards. */
async function afterTampering(
  tamper: (tx: Tx) => Promise<unknown>,
  withCheckpoints = true,
  recent = false,
): Promise<AuditVerdict> {
  const checkpoints = await seal.read();
  let verdict: AuditVerdict | undefined;
  await database.db
    .transaction()
    .execute(async (tx) => {
      await sql`alter table audit disable trigger all`.execute(tx);
      await tamper(tx);
      verdict = await verifyAudit(tx, { batch: 7, recent, ...(withCheckpoints ? { checkpoints } : {}) });
      throw new Error('roll back');
    })
    .catch((error: unknown) => {
      if (verdict === undefined) throw error;
    });
  if (verdict === undefined) throw new Error('no verdict');
  return verdict;
}

function found(verdict: AuditVerdict): Pick<AuditProblem, 'seq' | 'kind'>[] {
  expect(verdict.ok).toBe(false);
  return verdict.problems.map(({ seq, kind }) => ({ seq, kind }));
}

/** Changes an entry and hashes it anew, and all after it too if told so. */
async function rehash(tx: Tx, from: number, options: { onward: boolean; subject: string }): Promise<void> {
  const records = [];
  for await (const record of readAudit(tx)) records.push(record);
  let prevHash = records[from - 2]?.hash ?? '0'.repeat(64);
  for (const record of records.slice(from - 1)) {
    const subject = record.seq === from ? options.subject : record.subject;
    const hash = auditHash({ ...record, subject, prevHash });
    await sql`update audit set subject = ${subject}, prev_hash = ${prevHash}, hash = ${hash} where seq = ${record.seq}`.execute(
      tx,
    );
    if (!options.onward) return;
    prevHash = hash;
  }
}

it('finds nothing where nothing was done', async () => {
  const verdict = await verifyAudit(database.db, { checkpoints: await seal.read() });

  const vouching = expect.objectContaining({ size: 20 });
  expect(verdict).toEqual({ ok: true, size: 30, vouchedUpTo: 20, vouching, erased: 0, gaps: [], problems: [] });
});

describe('what is new since the chain was found whole', () => {
  const recently = (tamper: (tx: Tx) => Promise<unknown>) => afterTampering(tamper, true, true);
  const nothing = async () => {};

  it('is all of it, as long as it was never read', async () => {
    expect(await recently(nothing)).toMatchObject({ ok: true, size: 30 });
  });

  describe('up to the second checkpoint', () => {
    beforeAll(async () => {
      const { vouching } = await verifyAudit(database.db, { checkpoints: await seal.read() });
      if (vouching === undefined) throw new Error('no checkpoint vouches');
      await seal.verified(vouching);
    });

    it('is read from there', async () => {
      expect(await recently(nothing)).toMatchObject({ ok: true, size: 10, since: { size: 20 }, vouchedUpTo: 20 });
    });

    it.each([
      ['an edit', sql`update audit set subject = 'x' where seq = 25`, { seq: 25, kind: 'edited' }],
      ['the first entry', sql`update audit set subject = 'x' where seq = 21`, { seq: 21, kind: 'edited' }],
      ['a deletion', sql`delete from audit where seq = 22`, { seq: 22, kind: 'deleted' }],
    ])('%s in it is found', async (_what, statement, problem) => {
      const verdict = await recently((tx) => statement.execute(tx));
      expect(verdict.since?.size).toBe(20);
      expect(found(verdict)).toEqual([problem]);
    });

    it('an older entry that was changed alone is found by the whole reading only', async () => {
      const change = (tx: Tx) => sql`update audit set subject = 'x' where seq = 7`.execute(tx);
      expect(await recently(change)).toMatchObject({ ok: true, since: { size: 20 } });
      expect(found(await afterTampering(change))).toEqual([{ seq: 7, kind: 'edited' }]);
    });

    it.each([
      ['rewritten', (tx: Tx) => rehash(tx, 7, { onward: true, subject: 'x' }), { seq: 1, kind: 'rewritten' }],
      ['cut off', (tx: Tx) => tx.deleteFrom('audit').where('seq', '>', 15).execute(), { seq: 16, kind: 'truncated' }],
    ])('a chain that was %s before it no longer begins there', async (_what, tamper, problem) => {
      const verdict = await recently(tamper);
      expect(verdict.since).toBeUndefined();
      expect(found(verdict)).toEqual([problem]);
    });
  });
});

describe('an edit', () => {
  it.each([
    ['action', sql`update audit set action = 'wipe.denied' where seq = 7`],
    ['subject', sql`update audit set subject = 'wipe:8' where seq = 7`],
    ['actor', sql`update audit set actor_guid = null where seq = 7`],
    ['identity', sql`update audit set actor_identity = 'console:otto' where seq = 7`],
    ['incident', sql`update audit set incident_number = 1 where seq = 7`],
    ['data', sql`update audit set data = jsonb_set(data, '{wipe}', '8') where seq = 7`],
    ['time, by a microsecond', sql`update audit set at = at + interval '1 microsecond' where seq = 7`],
    ['its own hash', sql`update audit set hash = repeat('a', 64) where seq = 7`],
    ['the hash before it', sql`update audit set prev_hash = repeat('a', 64) where seq = 7`],
  ])('of %s is found at its place', async (_what, statement) => {
    expect(found(await afterTampering((tx) => statement.execute(tx)))).toEqual([{ seq: 7, kind: 'edited' }]);
  });

  it('of several entries is found at each', async () => {
    const verdict = await afterTampering((tx) =>
      sql`update audit set subject = 'x' where seq in (1, 15, 30)`.execute(tx),
    );

    expect(found(verdict)).toEqual([1, 15, 30].map((seq) => ({ seq, kind: 'edited' })));
  });

  it('with a new hash for that entry is found by the next one', async () => {
    const verdict = await afterTampering((tx) => rehash(tx, 7, { onward: false, subject: 'wipe:8' }));

    expect(found(verdict)).toEqual([{ seq: 7, kind: 'edited' }]);
  });
});

describe('a deletion', () => {
  it.each([
    ['first', [1], 1],
    ['middle', [7], 7],
    ['run', [12, 13, 14], 12],
  ])('of the %s is found at its place', async (_what, gone, seq) => {
    const verdict = await afterTampering((tx) => tx.deleteFrom('audit').where('seq', 'in', gone).execute());

    expect(found(verdict)).toEqual([{ seq, kind: 'deleted' }]);
  });

  it('is found when the later entries were renumbered', async () => {
    const verdict = await afterTampering(async (tx) => {
      await sql`delete from audit where seq in (12, 13)`.execute(tx);
      await sql`update audit set seq = seq + 1000 where seq > 13`.execute(tx);
      await sql`update audit set seq = seq - 1002 where seq > 1000`.execute(tx);
    }, false);

    expect(found(verdict)).toEqual([{ seq: 12, kind: 'deleted' }]);
    expect(verdict.problems[0]?.userMessage).toContain('Entries 12 to 13 are missing');
  });
});

describe('something put in', () => {
  it('is found where it was put, although it fits the chain', async () => {
    const verdict = await afterTampering(async (tx) => {
      await sql`update audit set seq = seq + 1000 where seq > 9`.execute(tx);
      await sql`update audit set seq = seq - 999 where seq > 1000`.execute(tx);
      await sql`insert into audit select 10, at, actor_guid, actor_identity, action, subject, incident_number, data, hash, repeat('b', 64),
        covers, salt, commitment from audit where seq = 9`.execute(tx);
      const { value: forged } = await readAudit(tx, { after: 9 }).next();
      if (forged === undefined) throw new Error('nothing was put in');
      await sql`update audit set hash = ${auditHash(forged)} where seq = 10`.execute(tx);
    }, false);

    expect(found(verdict)).toEqual([{ seq: 10, kind: 'edited' }]);
  });
});

describe('reordering', () => {
  it('of two whole entries is found at both', async () => {
    const verdict = await afterTampering(async (tx) => {
      await sql`update audit set seq = 1005 where seq = 5`.execute(tx);
      await sql`update audit set seq = 5 where seq = 8`.execute(tx);
      await sql`update audit set seq = 8 where seq = 1005`.execute(tx);
    });

    expect(found(verdict)).toEqual([
      { seq: 5, kind: 'reordered' },
      { seq: 8, kind: 'reordered' },
    ]);
  });

  it('of the last two is not taken for something put in', async () => {
    const verdict = await afterTampering(async (tx) => {
      await sql`update audit set seq = 1029 where seq = 29`.execute(tx);
      await sql`update audit set seq = 29 where seq = 30`.execute(tx);
      await sql`update audit set seq = 30 where seq = 1029`.execute(tx);
    });

    expect(found(verdict)).toEqual([
      { seq: 29, kind: 'reordered' },
      { seq: 30, kind: 'reordered' },
    ]);
  });

  it('of what two entries say, hashes left in place, is found at both', async () => {
    const verdict = await afterTampering((tx) =>
      sql`update audit a set action = b.action, subject = b.subject, data = b.data, incident_number = b.incident_number
        from audit b where (a.seq = 4 and b.seq = 16) or (a.seq = 16 and b.seq = 4)`.execute(tx),
    );

    expect(found(verdict)).toEqual([
      { seq: 4, kind: 'reordered' },
      { seq: 16, kind: 'reordered' },
    ]);
  });
});

describe('what only checkpoints show', () => {
  it('truncation is found where the end is missing', async () => {
    const cut = (tx: Tx) => tx.deleteFrom('audit').where('seq', '>', 13).execute();

    expect(found(await afterTampering(cut))).toEqual([{ seq: 14, kind: 'truncated' }]);
    expect((await afterTampering(cut, false)).ok).toBe(true);
  });

  it('an emptied audit is found', async () => {
    expect(found(await afterTampering((tx) => sql`delete from audit`.execute(tx)))).toEqual([
      { seq: 1, kind: 'truncated' },
    ]);
  });

  it('a rewrite of everything is found', async () => {
    const rewrite = (tx: Tx) => rehash(tx, 1, { onward: true, subject: 'wipe:2' });

    expect(found(await afterTampering(rewrite))).toEqual([{ seq: 1, kind: 'rewritten' }]);
    expect((await afterTampering(rewrite, false)).ok).toBe(true);
  });

  it('a rewrite from some entry on is found after the last checkpoint that still fits', async () => {
    const verdict = await afterTampering((tx) => rehash(tx, 14, { onward: true, subject: 'wipe:2' }));

    expect(found(verdict)).toEqual([{ seq: 11, kind: 'rewritten' }]);
    expect(verdict.vouchedUpTo).toBe(10);
    expect(verdict.problems[0]?.userMessage).toContain('between entries 11 and 20');
  });

  it('a truncation that was filled up again is found', async () => {
    const verdict = await afterTampering(async (tx) => {
      await tx.deleteFrom('audit').where('seq', '>', 13).execute();
      await appendAudit(
        tx,
        noon,
        Array.from({ length: 17 }, (_, n) => entry(n)),
      );
    });

    expect(found(verdict)).toEqual([{ seq: 11, kind: 'rewritten' }]);
  });
});

describe('what an entry says', () => {
  const erase = (tx: Tx) => sql`update audit set data = null, salt = null where seq in (7, 8, 12)`.execute(tx);
  const erasure = (tx: Tx, entries: [number, number][]) =>
    appendAudit(tx, noon, [{ action: erasedAction, subject: 'person:x', data: { entries } }]);

  it('may be erased by an entry that names it, and the chain still fits', async () => {
    const verdict = await afterTampering(async (tx) => {
      await erase(tx);
      await erasure(tx, [[7, 8]]);
      await erasure(tx, [[12, 20]]);
    });

    expect(verdict).toMatchObject({ ok: true, size: 32, vouchedUpTo: 20, erased: 3, problems: [] });
  });

  it.each([
    ['without such an entry', [], 7],
    ['beyond what the entry names', [[7, 11]], 12],
  ] as const)('that was erased %s is found', async (_what, named, seq) => {
    const verdict = await afterTampering(async (tx) => {
      await erase(tx);
      await erasure(
        tx,
        named.map(([from, to]): [number, number] => [from, to]),
      );
    });

    expect(found(verdict)).toEqual([{ seq, kind: 'content-missing' }]);
  });

  it.each([
    [
      'written again with other words',
      sql`update audit set data = '{"reason":"none"}', salt = repeat('0', 32) where seq = 7`,
    ],
    ['left without its salt', sql`update audit set salt = null where seq = 7`],
    ['left without its data', sql`update audit set data = null where seq = 7`],
    ['left without its commitment', sql`update audit set commitment = null, data = null, salt = null where seq = 7`],
  ])('that was %s is found', async (_what, statement) => {
    expect(found(await afterTampering((tx) => statement.execute(tx)))).toEqual([{ seq: 7, kind: 'edited' }]);
  });

  it('may be erased past the triggers, and nothing else of an entry changed', async () => {
    const attempt = (statement: string) =>
      database.db.transaction().execute(async (tx) => {
        await sql.raw(statement).execute(tx);
        throw new Error('roll back');
      });

    await expect(attempt('update audit set data = null, salt = null where seq = 7')).rejects.toThrow('roll back');
    for (const statement of [
      'update audit set data = null where seq = 7',
      'update audit set salt = null where seq = 7',
      "update audit set data = null, salt = null, action = 'x' where seq = 7",
      "update audit set data = '{}' where seq = 7",
      "update audit set commitment = repeat('a', 64) where seq = 7",
      'update audit set hash = hash where seq = 7',
      'delete from audit where seq = 30',
    ])
      await expect(attempt(statement), statement).rejects.toThrow('append-only');
  });

  it('cannot be guessed from the commitment without its salt', () => {
    const data = entry(7).data;

    expect(commitmentTo('a'.repeat(32), data)).not.toBe(commitmentTo('b'.repeat(32), data));
  });
});
