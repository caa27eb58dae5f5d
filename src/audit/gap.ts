/**
 * The range of the chain that a restored backup lost. One entry names it, signed with the audit's key: whoever can write to the
 * database alone cannot call a hole that they made a restore. The entry follows the last one that was kept, under a number that no
 * lost entry had, so that one number never names two entries.
 */
import { type Kysely, sql, type Transaction } from 'kysely';
import { z } from 'zod';
import type { Database } from '../store/schema.ts';
import { auditHash, chainRecord, genesisHash, lockChain } from './chain.ts';
import { type Signature, signatureFits } from './signature.ts';

export const restoredAction = 'audit.restored';

const Gap = z.object({
  /** The last entry of the backup; 0: it had none. */
  kept: z.number().int().nonnegative(),
  keptHash: z.string(),
  /** How far the chain had come at least, by the newest checkpoint that was found; null: none was newer than the backup. */
  known: z.number().int().nullable(),
  /** The number of the entry that says so. */
  next: z.number().int(),
  /** Between these nothing is known. */
  from: z.iso.datetime(),
  until: z.iso.datetime(),
});
export type Gap = z.infer<typeof Gap>;

const Said = Gap.extend({ key: z.string(), signature: z.string() });

/** Numbers left free: the newest checkpoint may be older than the last entries, and without one nobody knows how many there were. */
const leap = 1_000;
const leapInTheDark = 1_000_000;

/** Appends the entry that names the gap, to an end of the chain that nobody writes to meanwhile; answers what it says. */
export async function appendGap(
  tx: Transaction<Database>,
  now: Date,
  input: { known: number | null; from: Date; sign: (body: object) => Signature },
): Promise<Gap> {
  const end = await lockChain(tx);
  const known = input.known !== null && input.known > end.seq ? input.known : null;
  const next = Math.max(end.seq, known ?? 0) + (known === null ? leapInTheDark : leap) + 1;
  const gap: Gap = {
    kept: end.seq,
    keptHash: end.hash,
    known,
    next,
    from: input.from.toISOString(),
    until: now.toISOString(),
  };
  const entry = { action: restoredAction, subject: 'audit', data: { ...gap, ...input.sign(gap) } };
  const record = chainRecord(entry, { seq: next, prevHash: end.hash, now });
  await tx
    .insertInto('audit')
    .values({ ...record, at: now, data: JSON.stringify(record.data), hash: auditHash(record) })
    .execute();
  return gap;
}

/** Every gap that an entry names and one of these keys signed. */
export async function signedGaps(db: Kysely<Database>, publicKeys: readonly string[]): Promise<Gap[]> {
  const rows = await db
    .selectFrom('audit')
    .select(['seq', 'prevHash', 'data'])
    // As in its index: a parameter would hide it.
    .where('action', '=', sql.lit(restoredAction))
    .orderBy('seq')
    .execute();
  return rows.flatMap(({ seq, prevHash, data }) => {
    const said = Said.safeParse(data);
    if (!said.success) return [];
    const { key, signature, ...gap } = said.data;
    const fits = gap.next === seq && gap.keptHash === prevHash && (gap.kept > 0 || prevHash === genesisHash);
    return fits && signatureFits(gap, { key, signature }, publicKeys) ? [gap] : [];
  });
}

/** Whether an entry of this number was lost in one of the gaps. */
export function isLost(gaps: readonly Gap[], seq: number): boolean {
  return gaps.some(({ kept, next }) => seq > kept && seq < next);
}
