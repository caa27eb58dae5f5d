/**
 * The audit: append-only, each entry hashed together with the hash before it, in the transaction of what it records.
 *
 * entry       one thing that happened, as a change reports it (`AuditEntry`)
 * record      an entry in its place in the chain: seq, time, hash of the one before
 * hash        SHA-256 over the record's canonical JSON (RFC 8785), lower-case hex; not over its data, but over the commitment to it
 * commitment  SHA-256 over a random salt and the data, so that both can be erased and the chain still fits
 * checkpoint  a signed size and hash of the chain, kept outside the database (checkpoint.ts)
 *
 * A chain alone shows edits, deletions and reordering; truncation and a rewrite of the whole chain need checkpoints.
 */
import { randomBytes } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import { canonicalHash } from '../ground/canonical.ts';
import { internalError } from '../ground/errors.ts';
import type { AuditEntry } from '../store/port.ts';
import type { Database } from '../store/schema.ts';

/** `prevHash` of the first entry. */
export const genesisHash = '0'.repeat(64);

/** What an entry is; its hash covers all but the data and the salt. `at` is ISO 8601 in UTC with milliseconds. */
export type AuditRecord = {
  seq: number;
  at: string;
  actorGuid: string | null;
  actorIdentity: string | null;
  action: string;
  subject: string;
  incidentNumber: number | null;
  /** null: erased. */
  data: unknown;
  salt: string | null;
  commitment: string | null;
  /** Entries of older versions were hashed over their data. */
  covers: 'data' | 'commitment';
  prevHash: string;
};

/** The hash that the record should have; of an old one whose data was erased it cannot be told. */
export function auditHash(record: Omit<AuditRecord, 'salt'>): string {
  const { seq, at, actorGuid, actorIdentity, action, subject, incidentNumber, prevHash } = record;
  const content = record.covers === 'data' ? { data: record.data } : { commitment: record.commitment };
  return canonicalHash({ seq, at, actorGuid, actorIdentity, action, subject, incidentNumber, ...content, prevHash });
}

/** What the chain holds of an entry's data: nobody can tell the data from it, or try guesses, without the salt. */
export function commitmentTo(salt: string, data: unknown): string {
  return canonicalHash({ salt, data });
}

/**
 * Appends the entries to the chain: the last thing of a transaction, because it holds the chain's lock until the commit.
 * The transaction must be READ COMMITTED: with an older snapshot it would not see the entry before its own.
 * Throws what the database throws, and `audit-wrong-isolation`.
 */
export async function appendAudit(tx: Transaction<Database>, now: Date, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  let { seq, hash } = await lockChain(tx);
  const rows = entries.map((entry) => {
    const record = chainRecord(entry, { seq: seq + 1, prevHash: hash, now });
    seq = record.seq;
    hash = auditHash(record);
    return { ...record, at: now, data: JSON.stringify(record.data), hash };
  });
  await tx.insertInto('audit').values(rows).execute();
}

/** An entry in its place, before it is hashed. */
export function chainRecord(entry: AuditEntry, place: { seq: number; prevHash: string; now: Date }) {
  return {
    seq: place.seq,
    at: place.now.toISOString(),
    actorGuid: clean(entry.actor?.guid ?? null),
    actorIdentity: clean(entry.actor?.identity ?? null),
    action: storable(entry.action),
    subject: storable(entry.subject),
    incidentNumber: entry.incident ?? null,
    ...committed(storableJson(entry.data)),
    covers: 'commitment' as const,
    prevHash: place.prevHash,
  };
}

function committed(data: unknown): Pick<AuditRecord, 'data' | 'commitment'> & { salt: string } {
  const salt = randomBytes(16).toString('hex');
  return { data, salt, commitment: commitmentTo(salt, data) };
}

/** How many entries the chain has and the hash of the last one; genesis for an empty chain. */
export async function loadChainEnd(db: Kysely<Database>): Promise<{ seq: number; hash: string }> {
  const last = await db.selectFrom('audit').select(['seq', 'hash']).orderBy('seq', 'desc').limit(1).executeTakeFirst();
  return last ?? { seq: 0, hash: genesisHash };
}

type Writable = { ok: true } | { ok: false; cause: unknown };

/** Whether the audit can be written now, tried out and rolled back; destructive commands are refused while it cannot. */
export async function auditIsWritable(db: Kysely<Database>, now: Date): Promise<Writable> {
  try {
    await db.transaction().execute(async (tx) => {
      await appendAudit(tx, now, [{ action: 'audit.tried', subject: 'audit', data: {} }]);
      throw rollBack;
    });
  } catch (cause) {
    if (cause !== rollBack) return { ok: false, cause };
  }
  return { ok: true };
}

const rollBack = new Error('tried out, rolled back');

/** Until the end of the transaction nobody else appends; answers the last entry. Throws `audit-wrong-isolation`. */
export async function lockChain(tx: Transaction<Database>): Promise<{ seq: number; hash: string }> {
  const { rows } = await sql<{ isolation: string; lastSeq: number | null; lastHash: string | null }>`
    select * from lock_audit_chain()`.execute(tx);
  const last = rows[0];
  if (last?.isolation !== 'read committed') {
    throw internalError({
      code: 'audit-wrong-isolation',
      message: `the audit was appended in a transaction of isolation ${last?.isolation}; it must be read committed`,
    });
  }
  return { seq: last.lastSeq ?? 0, hash: last.lastHash ?? genesisHash };
}

/** What JSON keeps of a value, without what PostgreSQL cannot store (NUL and lone surrogates). */
function storableJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? {}), (_key, inner: unknown) =>
    typeof inner === 'string' ? storable(inner) : renamed(inner),
  );
}

function renamed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  if (entries.every(([key]) => key === storable(key))) return value;
  return Object.fromEntries(entries.map(([key, inner]) => [storable(key), inner]));
}

function clean(text: string | null): string | null {
  return text === null ? null : storable(text);
}

function storable(text: string): string {
  return text.replace(/\0|\p{Cs}/gu, '\u{FFFD}');
}
