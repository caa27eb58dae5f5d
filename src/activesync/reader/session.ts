import type { LogKind } from '../../ground/identifiers.ts';
import type { Batch } from './batch.ts';
import type { CutChunk } from './cut-lines.ts';
import { dialectReader } from './dialect.ts';
import { giveLines, type Lines, MOST_BYTES, takeLines } from './lines.ts';
import { Rollup } from './rollup.ts';

export type SessionOptions = { kind: LogKind; hours: boolean };

/** One rolling up of one kind of log, on whatever thread it runs. */
export class Session {
  readonly #options: SessionOptions;
  readonly #reader;
  readonly #lines: Lines = takeLines();
  #rollup: Rollup;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#reader = dialectReader(options.kind);
    this.#rollup = new Rollup(this.#lines, options);
  }

  /** Answers whether it is time to take the batch. A chunk is at most MOST_BYTES long. */
  read({ buffer, length, header, overLong }: Pick<CutChunk, 'buffer' | 'length' | 'header' | 'overLong'>): boolean {
    if (length > MOST_BYTES) throw new RangeError(`a chunk of ${length} bytes is longer than ${MOST_BYTES}`);
    if (overLong > 0) this.#rollup.odd('over-long-line', '', overLong);
    if (length > 0) {
      this.#reader.header = header;
      this.#reader.read(this.#lines.load(new Uint8Array(buffer, 0, length)), this.#rollup);
    }
    return this.#rollup.full;
  }

  /** Forgets what was read and not taken, and keeps the phones it knows for the next reading. */
  rest(): void {
    this.#rollup = new Rollup(this.#lines, this.#options, this.#rollup);
  }

  /** What was read since the last taking. */
  take(): Batch {
    const batch = this.#rollup.take();
    this.rest();
    return batch;
  }

  /** Gives its memory to the next session; nothing is read afterwards. */
  close(): void {
    giveLines(this.#lines);
  }
}
