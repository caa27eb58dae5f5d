import type { LogKind } from '../../servers/port.ts';
import type { Batch } from './batch.ts';
import { chunkOf } from './chunk.ts';
import type { CutChunk } from './cut-lines.ts';
import { dialectReader } from './dialect.ts';
import { Rollup } from './rollup.ts';

export type SessionOptions = { kind: LogKind; hours: boolean };

/** One rolling up of one kind of log, on whatever thread it runs. */
export class Session {
  readonly #options: SessionOptions;
  readonly #reader;
  #rollup: Rollup;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#reader = dialectReader(options.kind);
    this.#rollup = new Rollup(options);
  }

  /** Answers whether it is time to take the batch. */
  read(chunk: Pick<CutChunk, 'buffer' | 'length' | 'header' | 'overLong'>): boolean {
    if (chunk.overLong > 0) this.#rollup.odd('over-long-line', '', chunk.overLong);
    if (chunk.length > 0) {
      this.#reader.header = chunk.header;
      this.#reader.read(chunkOf(Buffer.from(chunk.buffer), chunk.length), this.#rollup);
    }
    return this.#rollup.full;
  }

  /** Forgets what was read and not taken, and keeps the phones it knows for the next reading. */
  rest(): void {
    this.#rollup = new Rollup(this.#options, this.#rollup);
  }

  /** What was read since the last taking. */
  take(): Batch {
    const batch = this.#rollup.take();
    this.#rollup = new Rollup(this.#options, this.#rollup);
    return batch;
  }
}
