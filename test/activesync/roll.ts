import type { Batch } from '../../src/activesync/reader/batch.ts';
import { cutLines } from '../../src/activesync/reader/cut-lines.ts';
import { Rollup } from '../../src/activesync/reader/rollup.ts';
import type { LogKind } from '../../src/ground/identifiers.ts';

/** Rolls up a text (or bytes) as a whole, in pieces of `pieceBytes`. */
export async function rolled(
  kind: LogKind,
  content: string | Uint8Array,
  options: { pieceBytes?: number; last?: boolean } = {},
): Promise<Batch> {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  const rollup = new Rollup(kind);
  const from = { offset: 0, header: '', skipping: false };
  const cut = { kind, from, last: options.last ?? true };
  for await (const chunk of cutLines(pieces(bytes, options.pieceBytes ?? 65_536), cut)) rollup.read(chunk);
  return rollup.take();
}

export async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** One row per group, with everything spelt out. */
export function rows({ groups }: Batch) {
  return groups.map(({ client, ...group }) => ({
    ...client,
    ...group,
    firstStart: iso(group.firstStart),
    lastStart: iso(group.lastStart),
    lastEnd: iso(group.lastEnd),
  }));
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
