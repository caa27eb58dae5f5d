/** Entries whose own hash does not fit them: told apart at the end of the reading, because a swap shows only in pairs. */
import { auditHash, commitmentTo } from './chain.ts';
import type { AuditProblem } from './problem.ts';
import type { StoredRecord } from './read.ts';

/** How far an entry may have been moved and still be recognised by its number alone. */
const farthestShift = 20;
/** Entries compared with each other: their number enters squared. */
const mostCompared = 200;

/** An entry that fits the number `seq + shift`: it stands in another entry's place. */
type Shifted = { seq: number; shift: number };

export class HashMismatches {
  readonly #shifted: Shifted[] = [];
  readonly #changed: StoredRecord[] = [];
  readonly #more: number[] = [];
  #lastShift = 0;

  add(record: StoredRecord): void {
    const shift = this.#shiftOf(record);
    if (shift !== undefined) {
      this.#lastShift = shift;
      this.#shifted.push({ seq: record.seq, shift });
    } else if (this.#changed.length < mostCompared) this.#changed.push(record);
    else this.#more.push(record.seq);
  }

  /** What happened to them; `lastSeq` is the chain's last number. */
  problems(lastSeq: number): AuditProblem[] {
    return [...this.#moves(lastSeq), ...this.#changed.map((record) => this.#change(record)), ...this.#more.map(edited)];
  }

  /** A renumbered tail fits the same shift again and again, so the last one is tried first. */
  #shiftOf(record: StoredRecord): number | undefined {
    const shifts = [this.#lastShift];
    const search = this.#changed.length < mostCompared;
    for (let far = 1; search && far <= farthestShift; far++) shifts.push(far, -far);
    return shifts.find((shift) => shift !== 0 && auditHash({ ...record, seq: record.seq + shift }) === record.hash);
  }

  #moves(lastSeq: number): AuditProblem[] {
    const places = new Set(this.#shifted.map(({ seq }) => seq));
    const permuted = this.#shifted.every(({ seq, shift }) => places.has(seq + shift));
    if (permuted) return this.#shifted.map(reordered);
    const tail = this.#tail(lastSeq);
    const first = tail[0];
    const others = this.#shifted.slice(0, this.#shifted.length - tail.length).map(reordered);
    return first === undefined ? others : [...others, renumbered(first)];
  }

  /** The entries up to the end of the chain that all fit one shift. */
  #tail(lastSeq: number): Shifted[] {
    let from = this.#shifted.length;
    let expected = lastSeq;
    const shift = this.#shifted.at(-1)?.shift;
    for (let index = from - 1; index >= 0; index--) {
      const entry = this.#shifted[index];
      if (entry === undefined || entry.seq !== expected || entry.shift !== shift) break;
      from = index;
      expected -= 1;
    }
    return this.#shifted.slice(from);
  }

  /** Content that fits another changed entry's place was swapped with it, whether or not its time went along. */
  #change(record: StoredRecord): AuditProblem {
    for (const other of this.#changed) {
      if (other.seq === record.seq) continue;
      const commitment = other.salt === null ? record.commitment : commitmentTo(other.salt, record.data);
      const there = { ...record, seq: other.seq, prevHash: other.prevHash, commitment };
      if (auditHash(there) === other.hash || auditHash({ ...there, at: other.at }) === other.hash) {
        return reordered({ seq: record.seq, shift: other.seq - record.seq });
      }
    }
    return edited(record.seq);
  }
}

function reordered({ seq, shift }: Shifted): AuditProblem {
  return { seq, kind: 'reordered', userMessage: `Entry ${seq + shift} stands in the place of entry ${seq}.` };
}

function edited(seq: number): AuditProblem {
  return { seq, kind: 'edited', userMessage: `Entry ${seq} was changed after it was written.` };
}

function renumbered({ seq, shift }: Shifted): AuditProblem {
  if (shift > 0) {
    const what = shift === 1 ? `Entry ${seq} is` : `Entries ${seq} to ${seq + shift - 1} are`;
    return { seq, kind: 'deleted', userMessage: `${what} missing, and the later ones were given other numbers.` };
  }
  const from = seq + shift;
  return {
    seq: from,
    kind: 'edited',
    userMessage: `Something was put in at entry ${from}, and the later ones were given other numbers.`,
  };
}
