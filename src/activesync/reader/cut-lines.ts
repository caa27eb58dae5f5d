import type { LogKind } from '../../ground/identifiers.ts';
import { type Dialect, isHeader, unmarked } from './columns.ts';

/** Where a file's reading stands: what the next reading needs to go on exactly there. */
export type Position = {
  /** Bytes (after unpacking) up to the end of the last line read. */
  offset: number;
  /** The header in force there; '' where none was seen, as in most access logs. */
  header: string;
  /** In the middle of a line that is too long to keep. */
  skipping: boolean;
};

export type CutChunk = {
  /** Whole lines; good until the next chunk is asked for. */
  lines: Buffer;
  /** The header in force at its start. */
  header: string;
  /** Lines dropped just before this chunk because they were too long. */
  overLong: number;
  /** Position behind this chunk. */
  next: Position;
};

const newline = 10;
const headerMark = 35;

/**
 * Whole lines, of each piece as many as there are; a line longer than `longestLine` is dropped. With `last`, a half line at the end counts as
 * a line (the file is closed: packed, or rotated away).
 */
export async function* cutLines(
  source: AsyncIterable<Uint8Array>,
  options: { kind: LogKind; from: Position; last: boolean; longestLine?: number },
): AsyncGenerator<CutChunk> {
  const { kind, last, longestLine = 512 << 10 } = options;
  let { offset, header, skipping } = options.from;
  let rest = Buffer.alloc(0);
  let overLong = 0;

  function chunkOf(lines: Buffer): CutChunk {
    const chunk = { lines, header, overLong };
    offset += lines.length;
    header = headerAfter(kind, lines, header);
    overLong = 0;
    return { ...chunk, next: { offset, header, skipping } };
  }

  for await (const piece of source) {
    const from = piece.indexOf(newline) + 1;
    const head = from === 0 ? piece : piece.subarray(0, from);
    if (skipping) {
      offset += head.length;
      skipping = from === 0;
    } else rest = Buffer.concat([rest, head]);
    if (from > 0) {
      if (rest.length > 0) yield chunkOf(rest);
      const end = piece.lastIndexOf(newline) + 1;
      if (end > from) yield chunkOf(Buffer.from(piece.buffer, piece.byteOffset + from, end - from));
      // Copied: a piece is good until the next is asked for.
      rest = Buffer.from(piece.subarray(end));
    }
    if (rest.length < longestLine) continue;
    offset += rest.length;
    rest = Buffer.alloc(0);
    skipping = true;
    overLong += 1;
  }
  if (last && rest.length > 0) yield chunkOf(rest);
  else if (overLong > 0 || skipping) yield chunkOf(Buffer.alloc(0));
}

const longestHeader = 16_384;

/** The last header line in the lines, or the one before them. */
function headerAfter(kind: LogKind, lines: Buffer, before: string): string {
  const dialect = kind === 'httpProxy' ? kind : 'w3c';
  let header = lineAt(lines, 0, dialect) ?? before;
  // A `#` is rare in logs, and looking for one byte is next to free.
  for (let at = lines.indexOf(headerMark, 1); at >= 0; at = lines.indexOf(headerMark, at + 1))
    if (lines[at - 1] === newline) header = lineAt(lines, at, dialect) ?? header;
  return header;
}

/** The line at `at` where it is a header. */
function lineAt(lines: Buffer, at: number, dialect: Dialect): string | undefined {
  const end = lines.indexOf(newline, at);
  const line = unmarked(lines.toString('latin1', at, Math.min(end < 0 ? lines.length : end, at + longestHeader)));
  return isHeader(line, dialect) ? line.trim() : undefined;
}
