import type { Batch } from '../../src/activesync/reader/batch.ts';
import { AT_START, cutLines } from '../../src/activesync/reader/cut-lines.ts';
import { Session } from '../../src/activesync/reader/session.ts';
import type { LogKind } from '../../src/ground/identifiers.ts';

/** Rolls up a text (or bytes) as a whole, in pieces of `pieceBytes` and chunks of `chunkBytes`. */
export async function rolled(
  kind: LogKind,
  content: string | Uint8Array,
  options: { pieceBytes?: number; chunkBytes?: number; hours?: boolean; last?: boolean } = {},
): Promise<Batch> {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  const session = new Session({ kind, hours: options.hours ?? true });
  const source = pieces(bytes, options.pieceBytes ?? 65_536);
  const cut = { kind, from: AT_START, last: options.last ?? true };
  const chunked = options.chunkBytes === undefined ? cut : { ...cut, chunkBytes: options.chunkBytes };
  for await (const chunk of cutLines(source, chunked)) session.read(chunk);
  const batch = session.take();
  session.close();
  return batch;
}

export async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** One row per group, with everything spelt out. */
export function rows(batch: Batch) {
  const { groups, clients, commands, outcomes, addresses } = batch;
  return Array.from(groups.client, (client, row) => ({
    ...(clients[client] ?? {
      account: '',
      deviceId: '',
      deviceType: '',
      userAgent: '',
      stray: '',
      os: '',
      model: '',
      easVersion: 0,
    }),
    command: commands[groups.command[row] ?? 0] ?? '',
    ...(outcomes[groups.outcome[row] ?? 0] ?? { http: 0, substatus: 0, status: -1, error: '', access: '' }),
    requests: groups.requests[row] ?? 0,
    firstStart: iso(groups.firstStart[row]),
    lastStart: iso(groups.lastStart[row]),
    lastEnd: iso(groups.lastEnd[row]),
    address: addresses[groups.address[row] ?? 0] ?? '',
  }));
}

function iso(seconds: number | undefined): string {
  return new Date((seconds ?? 0) * 1000).toISOString();
}
