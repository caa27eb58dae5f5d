/** Entries of 0.1.0 get commitments at the upgrade; one entry vouches for them, also when what they said is erased later. */
import { sql, type Transaction } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendAudit } from '../../src/audit/chain.ts';
import { readCheckpoints } from '../../src/audit/checkpoint.ts';
import { erasedAction } from '../../src/audit/content.ts';
import { type AuditVerdict, verifyAudit } from '../../src/audit/verify.ts';
import type { Database } from '../../src/store/schema.ts';
import { type OldDatabase, restoreDatabase } from '../fixtures/databases/restore.ts';
import { noon } from './entries.ts';

let old: OldDatabase;
beforeAll(async () => {
  old = await restoreDatabase('0.1.0');
});
afterAll(() => old.close());

async function tampered(...statements: string[]): Promise<AuditVerdict> {
  let verdict: AuditVerdict | undefined;
  const checkpoints = readCheckpoints(old.checkpoints, [old.publicKey]);
  await old.db
    .transaction()
    .execute(async (tx) => {
      await sql`alter table audit disable trigger all`.execute(tx);
      for (const statement of statements) await sql.raw(statement).execute(tx);
      await erasure(tx);
      verdict = await verifyAudit(tx, { checkpoints });
      throw new Error('roll back');
    })
    .catch(() => undefined);
  if (verdict === undefined) throw new Error('no verdict');
  return verdict;
}

const erasure = (tx: Transaction<Database>) =>
  appendAudit(tx, noon, [{ action: erasedAction, subject: 'person:x', data: { entries: [[5, 6]] } }]);
const erase = 'update audit set data = null, salt = null where seq in (5, 6)';

describe('the audit of an older version', () => {
  it('ends in the entry that says what was converted', async () => {
    const last = await old.db.selectFrom('audit').selectAll().orderBy('seq', 'desc').executeTakeFirstOrThrow();
    const before = await old.db.selectFrom('audit').select('seq').where('covers', '=', 'data').execute();

    expect(last).toMatchObject({ action: 'audit.converted', covers: 'commitment' });
    expect(last.data).toMatchObject({ entries: before.length, upTo: last.seq - 1 });
    expect(before).toHaveLength(last.seq - 1);
  });

  it('may lose what entries said, and the checkpoints of then still vouch', async () => {
    const verdict = await tampered(erase);

    expect(verdict).toMatchObject({ ok: true, erased: 2, problems: [] });
    expect(verdict.vouchedUpTo).toBeGreaterThan(100);
  });

  it.each([
    ['an erased entry was given another subject', `update audit set subject = 'wipe:0' where seq = 5`],
    ['an erased entry was given another actor', `update audit set actor_guid = 'somebody' where seq = 6`],
    ['a commitment was exchanged', `update audit set commitment = repeat('a', 64) where seq = 6`],
  ])('shows that %s', async (_what, statement) => {
    const verdict = await tampered(erase, statement);

    expect(verdict.ok).toBe(false);
    expect(verdict.problems.some(({ kind }) => kind === 'edited')).toBe(true);
  });

  it('shows an edit of what was not erased', async () => {
    expect((await tampered(`update audit set data = '{"reason":"none"}' where seq = 9`)).problems).toMatchObject([
      { seq: 9, kind: 'edited' },
    ]);
  });

  it('takes no entry of the old form after that', async () => {
    expect((await tampered(`update audit set covers = 'data' where action = 'audit.converted'`)).ok).toBe(false);
  });
});
