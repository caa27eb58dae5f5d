/**
 * Finds tampering with the audit. The chain itself shows edits, deletions and reordering; the signed checkpoints, which are
 * kept outside the database, show truncation and a rewrite of the chain.
 */
import type { Kysely } from 'kysely';
import { hour } from '../ground/durations.ts';
import type { Database } from '../store/schema.ts';
import { genesisHash } from './chain.ts';
import type { Checkpoint, CheckpointReading } from './checkpoint.ts';
import { Content } from './content.ts';
import { type Gap, isLost, signedGaps } from './gap.ts';
import { HashMismatches } from './hash-mismatches.ts';
import type { AuditProblem, AuditProblemKind } from './problem.ts';
import { readAudit, type StoredRecord } from './read.ts';

export type AuditVerdict = {
  ok: boolean;
  /** Entries read. */
  size: number;
  /** The checkpoint after whose entry the reading began, where it did not begin with the chain. */
  since?: Checkpoint;
  /** The entry up to which checkpoints vouch for the chain; 0 without any. */
  vouchedUpTo: number;
  /** The newest of the checkpoints that fit. */
  vouching?: Checkpoint;
  /** Entries whose content was erased; the chain vouches for their place, not for what they said. */
  erased: number;
  /** What restored backups lost, as signed entries say: no problem, and yet the audit is not whole. */
  gaps: readonly Gap[];
  /** By place; the first thousand. */
  problems: AuditProblem[];
};

/** More would help nobody, and memory is bounded. */
const mostProblems = 1_000;

/** They come every hour; a bot that was away an hour longer is still no reason to worry. */
const oldestUnvouchedMs = 2 * hour;

/**
 * Reads the chain in batches: the whole, or with `recent` what came after the checkpoint up to which it was last found whole, as long as its
 * entry is as it was. What is older is not read then: only that the entries that checkpoints name still have their hashes. Without `checkpoints` only what the chain itself shows is found; with them and `now`, that
 * they are missing is a problem, too. `copies` are checkpoints that somebody kept elsewhere: they count like those of the file.
 * `publicKeys`: whose signature is believed where an entry says that a restore lost others.
 */
export async function verifyAudit(
  db: Kysely<Database>,
  options: {
    checkpoints?: CheckpointReading;
    copies?: readonly Checkpoint[];
    publicKeys?: readonly string[];
    now?: Date;
    batch?: number;
    recent?: boolean;
  } = {},
): Promise<AuditVerdict> {
  const { checkpoints = { checkpoints: [], forged: [] }, copies = [], now } = options;
  const vouching = checkpoints.checkpoints;
  const { remembered } = checkpoints;
  const all = [...vouching, ...copies, ...(remembered === undefined ? [] : [remembered])];
  const gaps = await signedGaps(db, options.publicKeys ?? []);
  // Of entries that are known to be lost, checkpoints say nothing any more.
  const left = all.filter(({ size }) => !isLost(gaps, size));
  const since = options.recent === true ? await startOf(db, checkpoints.verified, left) : undefined;
  const walk = new Walk(all, since, gaps);
  const missing = options.checkpoints === undefined || now === undefined ? undefined : new Missing(vouching, now);
  const range = {
    ...(options.batch === undefined ? {} : { batch: options.batch }),
    ...(since === undefined ? {} : { after: since.size }),
  };
  for await (const record of readAudit(db, range)) {
    walk.see(record);
    missing?.see(record);
  }
  walk.end();
  const problems = [...checkpoints.forged.map(forged), ...walk.problems, ...(missing?.problems() ?? [])].sort(
    (one, other) => one.seq - other.seq,
  );
  return {
    ok: problems.length === 0,
    size: walk.size,
    ...(since === undefined ? {} : { since }),
    vouchedUpTo: walk.vouching?.size ?? 0,
    ...(walk.vouching === undefined ? {} : { vouching: walk.vouching }),
    erased: walk.content.erased,
    gaps,
    problems: problems.slice(0, mostProblems),
  };
}

/** At most so many entries are asked for at once. */
const askedAtOnce = 5_000;

/** Where a reading of what is new may begin: undefined where anything about the older entries looks another way than checkpoints say. */
async function startOf(
  db: Kysely<Database>,
  verified: Checkpoint | undefined,
  checkpoints: readonly Checkpoint[],
): Promise<Checkpoint | undefined> {
  if (verified === undefined || verified.size === 0) return undefined;
  const expected = new Map<number, string>();
  for (const { size, hash } of [verified, ...checkpoints]) {
    if (size === 0 || size > verified.size) continue;
    if ((expected.get(size) ?? hash) !== hash) return undefined;
    expected.set(size, hash);
  }
  const sizes = [...expected.keys()];
  for (let from = 0; from < sizes.length; from += askedAtOnce) {
    const some = sizes.slice(from, from + askedAtOnce);
    const rows = await db.selectFrom('audit').select(['seq', 'hash', 'covers']).where('seq', 'in', some).execute();
    if (rows.length < some.length || rows.some(({ seq, hash }) => expected.get(seq) !== hash)) return undefined;
    // Of what older versions wrote, only a reading of all can tell.
    if (rows.some(({ seq, covers }) => seq === verified.size && covers === 'data')) return undefined;
  }
  return verified;
}

/** One pass over the chain, from its beginning or from after a checkpoint. */
class Walk {
  size = 0;
  vouching: Checkpoint | undefined;
  readonly problems: AuditProblem[] = [];
  readonly content = new Content();
  readonly #mismatches = new HashMismatches();
  readonly #expected: Map<number, Checkpoint>;
  readonly #sizes: readonly number[];
  readonly #gaps: readonly Gap[];
  #last = { seq: 0, hash: genesisHash, fits: true };
  #brokenCheckpoint: Checkpoint | undefined;

  constructor(checkpoints: readonly Checkpoint[], since: Checkpoint | undefined, gaps: readonly Gap[]) {
    this.#gaps = gaps;
    if (since !== undefined) {
      this.vouching = since;
      this.#last = { seq: since.size, hash: since.hash, fits: true };
    }
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
    const lost = this.#gaps.find(({ kept, next }) => next === record.seq && kept === previous.seq);
    const overGap = lost !== undefined && lost.keptHash === previous.hash;
    if (record.seq !== previous.seq + 1 && !overGap) this.#missing(previous.seq + 1, record.seq - 1);
    const fits = this.content.fits(record);
    if (!fits) this.#mismatches.add(record);
    const follows = record.seq === previous.seq + 1 && record.prevHash !== previous.hash;
    // Both entries fit their own hashes, and yet do not fit each other: the earlier one was changed and hashed anew.
    if (fits && follows && previous.fits) this.#unlinked(record.seq, previous.seq);
    const expected = this.#expected.get(record.seq);
    if (expected !== undefined) this.#compare(expected, record);
    this.#last = { seq: record.seq, hash: record.hash, fits };
  }

  end(): void {
    this.problems.push(...this.#mismatches.problems(this.#last.seq), ...this.content.problems());
    const promised = Math.max(0, ...this.#sizes);
    if (promised > this.#last.seq) {
      const { seq } = this.#last;
      const what = `The end is missing: a checkpoint counted ${promised} entries, and ${seq} are there.`;
      this.#add(seq + 1, 'truncated', what);
    }
    const broken = this.#brokenCheckpoint;
    const from = (this.vouching?.size ?? 0) + 1;
    if (broken === undefined) return;
    if (this.problems.some((problem) => problem.seq >= from && problem.seq <= broken.size)) return;
    this.#add(
      from,
      'rewritten',
      `The chain was written anew between entries ${from} and ${broken.size}: the checkpoint of ${broken.at} has another hash for entry ${broken.size}.`,
    );
  }

  #missing(from: number, to: number): void {
    const what = from === to ? `Entry ${from} is missing.` : `Entries ${from} to ${to} are missing.`;
    if (to >= from) this.#add(from, 'deleted', what);
    else this.#add(to + 1, 'edited', `Entry ${to + 1} has a number that no entry can have.`);
  }

  #unlinked(seq: number, previous: number): void {
    const [at, what] =
      previous === 0
        ? [seq, `Entry ${seq} does not begin the chain: it names an entry before it.`]
        : [
            previous,
            `Entry ${previous} was changed and hashed anew: entry ${seq} still carries the hash it had before.`,
          ];
    this.#add(at, 'edited', what);
  }

  #compare(expected: Checkpoint, record: StoredRecord): void {
    if (expected.hash !== record.hash) this.#brokenCheckpoint ??= expected;
    else if (this.#brokenCheckpoint === undefined) this.vouching = expected;
  }

  #add(seq: number, kind: AuditProblemKind, sentence: string): void {
    if (this.problems.length < mostProblems) this.problems.push({ seq, kind, userMessage: sentence });
  }
}

/** Entries that the checkpoints of the file should vouch for by now, and do not. */
class Missing {
  readonly #vouchedUpTo: number;
  readonly #before: number;
  #first: number | undefined;
  #last = 0;

  constructor(checkpoints: readonly Checkpoint[], now: Date) {
    this.#vouchedUpTo = Math.max(0, ...checkpoints.map((checkpoint) => checkpoint.size));
    // Without a single one, no entry is too young.
    this.#before = checkpoints.length === 0 ? Number.POSITIVE_INFINITY : now.getTime() - oldestUnvouchedMs;
  }

  see({ seq, at }: StoredRecord): void {
    if (seq <= this.#vouchedUpTo || Date.parse(at) >= this.#before) return;
    this.#first ??= seq;
    this.#last = seq;
  }

  problems(): AuditProblem[] {
    const first = this.#first;
    if (first === undefined) return [];
    const which = first === this.#last ? `entry ${first}` : `entries ${first} to ${this.#last}`;
    const userMessage = `No signed checkpoint vouches for ${which}, although one follows every decision and every hour. Compare with the copies in the audit channel: "audit verify" and the copy.`;
    return [{ seq: first, kind: 'checkpoints-missing', userMessage }];
  }
}

function forged({ line, why, key }: CheckpointReading['forged'][number]): AuditProblem {
  const whose = key === undefined ? '' : ` (${key})`;
  return {
    seq: line,
    kind: 'checkpoint-forged',
    userMessage: `Line ${line} of the checkpoints ${reasonTexts[why]}${whose}.`,
  };
}

const reasonTexts: Readonly<Record<CheckpointReading['forged'][number]['why'], string>> = {
  unreadable: 'cannot be read',
  'unknown-key': 'is signed with a key that is neither ours nor named in MISLAID_AUDIT_OLD_KEYS',
  'bad-signature': 'does not fit its signature',
};
