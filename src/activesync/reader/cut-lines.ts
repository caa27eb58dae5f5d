import type { LogKind } from '../../ground/identifiers.ts';
import { ascii, startsAt } from './line.ts';

export const CHUNK_BYTES = 512 << 10;
const NEWLINE = 10;
/** Behind a chunk, for the newline that a last line lacks. */
const ROOM = 1;

/** Where a file's reading stands: what the next reading needs to go on exactly there. */
export type Position = {
  /** Bytes (after unpacking) up to the end of the last line read. */
  offset: number;
  /** The header in force there; '' where none was seen, and for access logs. */
  header: string;
  /** In the middle of a line that is too long to keep. */
  skipping: boolean;
};

export const AT_START: Position = { offset: 0, header: '', skipping: false };

export type CutChunk = {
  buffer: ArrayBuffer;
  length: number;
  /** The header in force at its start. */
  header: string;
  /** Lines dropped just before this chunk because they were too long. */
  overLong: number;
  /** Position behind this chunk. */
  next: Position;
};

/** With `last`, a half line at the end counts as a line (the file is closed: packed, or rotated away). */
export async function* cutLines(
  source: AsyncIterable<Uint8Array>,
  options: { kind: LogKind; from: Position; last: boolean; chunkBytes?: number; buffers?: Buffers },
): AsyncGenerator<CutChunk> {
  const size = options.chunkBytes ?? CHUNK_BYTES;
  let { offset, header, skipping } = options.from;
  const buffers = options.buffers ?? new Buffers();
  let bytes = new Uint8Array(buffers.take(size + ROOM));
  let filled = 0;
  let overLong = 0;

  function emit(length: number): CutChunk {
    const chunk = { buffer: bytes.buffer, length, header, overLong };
    offset += length;
    header = headerAfter(options.kind, bytes, length, header);
    const rest = bytes.subarray(length, filled);
    bytes = new Uint8Array(buffers.take(size + ROOM));
    bytes.set(rest);
    filled = rest.length;
    overLong = 0;
    return { ...chunk, next: { offset, header, skipping } };
  }

  for await (const piece of source) {
    let at = 0;
    while (at < piece.length) {
      if (skipping) {
        const newline = piece.indexOf(NEWLINE, at);
        const stop = newline < 0 ? piece.length : newline + 1;
        offset += stop - at;
        at = stop;
        skipping = newline < 0;
        continue;
      }
      const room = Math.min(size - filled, piece.length - at);
      bytes.set(piece.subarray(at, at + room), filled);
      filled += room;
      at += room;
      if (filled < size) continue;
      const newline = bytes.lastIndexOf(NEWLINE, filled - 1);
      if (newline >= 0) yield emit(newline + 1);
      else {
        offset += filled;
        filled = 0;
        skipping = true;
        overLong += 1;
      }
    }
  }
  const newline = filled === 0 ? -1 : bytes.lastIndexOf(NEWLINE, filled - 1);
  if (newline >= 0) yield emit(newline + 1);
  if (options.last && filled > 0) {
    bytes[filled] = NEWLINE;
    const length = filled + 1;
    const next = { offset: offset + filled, header, skipping: false };
    yield { buffer: bytes.buffer, length, header, overLong, next };
    return;
  }
  buffers.give(bytes.buffer);
  if (overLong > 0 || skipping) {
    yield { buffer: new ArrayBuffer(0), length: 0, header, overLong, next: { offset, header, skipping } };
  }
}

const HASH = 35;
const FIELDS = ascii('#fields:');
const FIRST = ascii('datetime,');

/** The last header line in the chunk, or the one before it. A `#` is rare in logs, and looking for one byte is next to free. */
function headerAfter(kind: LogKind, bytes: Uint8Array, length: number, before: string): string {
  if (kind === 'edge') return before;
  let best = -1;
  const first = bytes[0] === 0xef ? 3 : 0;
  if (kind === 'httpProxy' && startsAt(bytes, first, length, FIRST)) best = first;
  // Buffer finds a byte several times as fast as Uint8Array does.
  const view = Buffer.from(bytes.buffer, 0, length);
  for (let at = view.indexOf(HASH); at >= 0; at = view.indexOf(HASH, at + 1)) {
    const lineStart = at === first || bytes[at - 1] === NEWLINE;
    if (lineStart && startsAt(bytes, at, length, FIELDS)) best = at;
  }
  if (best < 0) return before;
  const end = bytes.indexOf(NEWLINE, best);
  return Buffer.from(bytes.buffer, best, Math.min(end - best, LONGEST_HEADER))
    .toString('latin1')
    .trim();
}

const LONGEST_HEADER = 16_384;

/** A few more than wait for one thread. */
const MOST_SPARE = 12;

/** Chunk buffers that were read and can be filled again: a new one would be cleared by the engine first. */
export class Buffers {
  readonly #spare: ArrayBuffer[] = [];

  take(size: number): ArrayBuffer {
    const spare = this.#spare.pop();
    return spare !== undefined && spare.byteLength === size ? spare : new ArrayBuffer(size);
  }

  give(buffer: ArrayBuffer): void {
    if (this.#spare.length < MOST_SPARE && buffer.byteLength > 0) this.#spare.push(buffer);
  }
}
