/**
 * Finds tampering with the audit. The chain itself shows edits, deletions and reordering; the signed checkpoints, which are
 * kept outside the database, show truncation and a rewrite of the chain.
 */
import type { Kysely } from 'kysely';
import { assertNever } from '../ground/errors.ts';
import type { Database } from '../store/schema.ts';
import { auditHash, genesisHash } from './chain.ts';
import type { Checkpoint, CheckpointReading } from './checkpoint.ts';
import { HashMismatches } from './hash-mismatches.ts';
import type { AuditProblem, AuditProblemKind } from './problem.ts';
import { readAudit, type StoredRecord } from './read.ts';
export type AuditVerdict = {
  ok: boolean;
  /** Entries read. */
  size: number;
  /** The entry up to which checkpoints vouch for the chain; 0 without any. */
  vouchedUpTo: number;
  /** By place; the first thousand. */
  problems: AuditProblem[];
};

/** More would help nobody, and memory is bounded. */
const mostProblems = 1_000;

/** Reads the whole chain, in batches. Without `checkpoints` only what the chain itself shows is found. */
export async function verifyAudit(
  db: Kysely<Database>,
  options: { checkpoints?: CheckpointReading; batch?: number } = {},
): Promise<AuditVerdict> {
  const { checkpoints = { checkpoints: [], forged: [] } } = options;
  const walk = new Walk(checkpoints.checkpoints);
  for await (const record of readAudit(db, options.batch === undefined ? {} : { batch: options.batch }))
    walk.see(record);
  walk.end();
  const problems = [...checkpoints.forged.map(forged), ...walk.problems].sort((one, other) => one.seq - other.seq);
  return {
    ok: problems.length === 0,
    size: walk.size,
    vouchedUpTo: walk.vouchedUpTo,
    problems: problems.slice(0, mostProblems),
  };
}

/** One pass over the chain. */
class Walk {
  size = 0;
  vouchedUpTo = 0;
  readonly problems: AuditProblem[] = [];
  readonly #misfits = new HashMismatches();
  readonly #expected: Map<number, Checkpoint>;
  readonly #sizes: readonly number[];
  #last = { seq: 0, hash: genesisHash, fits: true };
  #brokenCheckpoint: Checkpoint | undefined;

  constructor(checkpoints: readonly Checkpoint[]) {
    this.#expected = new Map();
    for (const checkpoint of checkpoints) {
      if (checkpoint.size > 0 && !this.#expected.has(checkpoint.size)) this.#expected.set(checkpoint.size, checkpoint);
      const other = this.#expected.get(checkpoint.size);
      // Two checkpoints of one size that differ: the chain was another one in between.
      if (other !== undefined && other.hash !== checkpoint.hash) this.#brokenCheckpoint ??= checkpoint;
    }
    this.#sizes = checkpoints.map((checkpoint) => checkpoint.size);
  }

  see(record: StoredRecord): void {
    this.size += 1;
    const previous = this.#last;
    if (record.seq !== previous.seq + 1) this.#missing(previous.seq + 1, record.seq - 1);
    const fits = auditHash(record) === record.hash;
    if (!fits) this.#misfits.add(record);
    const follows = record.seq === previous.seq + 1 && record.prevHash !== previous.hash;
    // Both entries fit their own hashes, and yet do not fit each other: the earlier one was changed and hashed anew.
    if (fits && follows && previous.fits) this.#unlinked(record.seq, previous.seq);
    const expected = this.#expected.get(record.seq);
    if (expected !== undefined) this.#compare(expected, record);
    this.#last = { seq: record.seq, hash: record.hash, fits };
  }

  end(): void {
    this.problems.push(...this.#misfits.problems(this.#last.seq));
    const promised = Math.max(0, ...this.#sizes);
    if (promised > this.#last.seq) {
      const from = this.#last.seq + 1;
      this.#add(
        from,
        'truncated',
        `The end is missing: a checkpoint counted ${promised} entries, and ${this.#last.seq} are there.`,
      );
    }
    const broken = this.#brokenCheckpoint;
    const from = this.vouchedUpTo + 1;
    if (broken === undefined) return;
    if (this.problems.some((problem) => problem.seq >= from && problem.seq <= broken.size)) return;
    this.#add(
      from,
      'rewritten',
      `The chain was written anew between entries ${from} and ${broken.size}: the checkpoint of ${broken.at} has another hash for entry ${broken.size}.`,
    );
  }

  #missing(from: number, to: number): void {
    if (to < from) {
      this.#add(to + 1, 'edited', `Entry ${to + 1} has a number that no entry can have.`);
      return;
    }
    const what = from === to ? `Entry ${from} is missing.` : `Entries ${from} to ${to} are missing.`;
    this.#add(from, 'deleted', what);
  }

  #unlinked(seq: number, previous: number): void {
    if (previous === 0) {
      this.#add(seq, 'edited', `Entry ${seq} does not begin the chain: it names an entry before it.`);
      return;
    }
    this.#add(
      previous,
      'edited',
      `Entry ${previous} was changed and hashed anew: entry ${seq} still carries the hash it had before.`,
    );
  }

  #compare(expected: Checkpoint, record: StoredRecord): void {
    if (expected.hash !== record.hash) this.#brokenCheckpoint ??= expected;
    else if (this.#brokenCheckpoint === undefined) this.vouchedUpTo = record.seq;
  }

  #add(seq: number, kind: AuditProblemKind, sentence: string): void {
    if (this.problems.length < mostProblems) this.problems.push({ seq, kind, userMessage: sentence });
  }
}

function forged(line: CheckpointReading['forged'][number]): AuditProblem {
  return {
    seq: line.line,
    kind: 'checkpoint-forged',
    userMessage: `Line ${line.line} of the checkpoints ${reasonText(line.why)}.`,
  };
}

function reasonText(why: CheckpointReading['forged'][number]['why']): string {
  switch (why) {
    case 'unreadable':
      return 'cannot be read';
    case 'unknown-key':
      return 'is signed with a key that is not ours';
    case 'bad-signature':
      return 'does not fit its signature';
    default:
      return assertNever(why, 'reason');
  }
}
