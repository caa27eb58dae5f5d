/**
 * What entries say, beside the chain: whether it fits the commitment that the chain holds, and whether what is gone was erased by
 * the rules: an erasure is an entry of its own that names the entries.
 */
import { z } from 'zod';
import { canonicalHash } from '../ground/canonical.ts';
import { auditHash, commitmentTo, genesisHash } from './chain.ts';
import type { AuditProblem } from './problem.ts';
import type { StoredRecord } from './read.ts';

/** The action of an entry that says what was erased; `entries` are runs of numbers, the first and the last of each. */
export const erasedAction = 'content.erased';
export const Erasure = z.object({ entries: z.array(z.tuple([z.number(), z.number()])) });

const convertedAction = 'audit.converted';
const Converted = z.object({ upTo: z.number(), digest: z.string() });

export class Content {
  erased = 0;
  readonly #erased: number[] = [];
  readonly #explained: [from: number, to: number][] = [];
  readonly #problems: AuditProblem[] = [];
  /** Over the entries of older versions as they were converted; see migration 0018. */
  #digest = genesisHash;
  #oldErased = 0;
  #vouched = false;
  #isNew = false;

  /** Whether the entry's hash and content fit; entries come in their order. */
  fits(record: StoredRecord): boolean {
    const { seq, action, data, salt, commitment, covers } = record;
    const isErased = data === null && salt === null && commitment !== null;
    if (isErased) {
      this.erased += 1;
      this.#erased.push(seq);
    }
    if (covers === 'data') return !this.#isNew && this.#fitsOld(record, isErased);
    this.#isNew = true;
    if (action === convertedAction) this.#compareConverted(record);
    if (action === erasedAction) this.#explained.push(...(Erasure.safeParse(data).data?.entries ?? []));
    if (auditHash(record) !== record.hash) return false;
    return isErased || (salt !== null && commitmentTo(salt, data) === commitment);
  }

  problems(): AuditProblem[] {
    const unexplained = this.#erased.find((seq) => !this.#explained.some(([from, to]) => seq >= from && seq <= to));
    if (unexplained !== undefined) {
      const userMessage = `What entry ${unexplained} said is gone, and no erasure in the audit names it.`;
      this.#problems.push({ seq: unexplained, kind: 'content-missing', userMessage });
    }
    if (this.#oldErased > 0 && !this.#vouched) {
      const userMessage = 'Entries of an older version were erased, and nothing vouches for what is left of them.';
      this.#problems.push({ seq: this.#erased[0] ?? 1, kind: 'content-missing', userMessage });
    }
    return this.#problems;
  }

  /** While the data is there, the hash covers it; after that, only the digest of the conversion covers the commitment. */
  #fitsOld(record: StoredRecord, isErased: boolean): boolean {
    const { data, salt, covers: _covers, commitment, ...chained } = record;
    if (commitment !== null) this.#digest = canonicalHash([this.#digest, { ...chained, commitment }]);
    if (isErased) {
      this.#oldErased += 1;
      return true;
    }
    const fitsCommitment = commitment === null || (salt !== null && commitmentTo(salt, data) === commitment);
    return auditHash(record) === record.hash && fitsCommitment;
  }

  #compareConverted({ seq, data }: StoredRecord): void {
    const converted = Converted.safeParse(data).data;
    this.#vouched = converted?.digest === this.#digest;
    if (this.#vouched || this.#oldErased === 0) return;
    const userMessage = `Of the entries up to ${converted?.upTo ?? seq - 1}, some are no longer as they were converted.`;
    this.#problems.push({ seq, kind: 'edited', userMessage });
  }
}
