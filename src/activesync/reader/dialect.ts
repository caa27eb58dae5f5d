import { assertNever } from '../../ground/errors.ts';
import type { LogKind } from '../../ground/identifiers.ts';
import type { Chunk } from './chunk.ts';
import { CombinedReader } from './combined.ts';
import { HttpProxyReader } from './http-proxy.ts';
import type { Rollup } from './rollup.ts';
import { W3cReader } from './w3c.ts';

/** Reads chunks of one dialect; `header` is the one in force where the next chunk begins. */
export type DialectReader = { set header(header: string); read(chunk: Chunk, rollup: Rollup): void };

export function dialectReader(kind: LogKind): DialectReader {
  switch (kind) {
    case 'frontEnd':
    case 'backEnd':
      return new W3cReader();
    case 'httpProxy':
      return new HttpProxyReader();
    case 'edge':
      return new CombinedReader();
    default:
      return assertNever(kind, 'log kind');
  }
}
