import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Kysely, Selectable } from 'kysely';
import type { LogFile, Servers } from '../../servers/port.ts';
import type { Database } from '../../store/schema.ts';
import type { LogFileTable } from '../../store/tables/activesync.ts';
import type { BatchOrigin } from './batch-origin.ts';

export type KnownFile = Selectable<LogFileTable>;

/** Enough of a file to know it again: the head of IIS (with its date) and the first lines. */
const HEAD_BYTES = 1_024;
/** A shorter head may be nothing but `#Software` and `#Fields`, and proves no kinship with another identity. */
const TELLING_HEAD = 400;

/** Bytes from `from` on, unpacked where the file is packed. */
export async function openUnpacked(servers: Servers, file: LogFile, from: number): Promise<AsyncIterable<Uint8Array>> {
  if (!file.compressed) return servers.openLog(file, from);
  const packed = await servers.openLog(file, 0);
  const unpacker = createGunzip();
  // A broken or unfinished archive ends the reading with its error: pipeline hands it to the reader by destroying the unpacker.
  pipeline(Readable.from(copied(packed)), unpacker).catch(() => undefined);
  return from === 0 ? unpacker : skipped(unpacker, from);
}

/** A stream asks for pieces before it has done with the last. */
async function* copied(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of source) yield Uint8Array.from(piece);
}

async function* skipped(source: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const piece of source) {
    if (left >= piece.length) left -= piece.length;
    else {
      yield piece.subarray(left);
      left = 0;
    }
  }
}

async function headOf(servers: Servers, file: LogFile): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  // A file as long as its head: then no more of it is fetched than is looked at.
  for await (const piece of await openUnpacked(servers, { ...file, size: Math.min(file.size, HEAD_BYTES) }, 0)) {
    pieces.push(Uint8Array.from(piece.subarray(0, HEAD_BYTES)));
    length += piece.length;
    if (length >= HEAD_BYTES) break;
  }
  return Buffer.concat(pieces).subarray(0, HEAD_BYTES);
}

function hashOf(head: Buffer): string {
  return createHash('sha256').update(head).digest('hex');
}

export async function knownFiles(
  db: Kysely<Database>,
  { organisation, server, kind }: BatchOrigin,
): Promise<KnownFile[]> {
  return db
    .selectFrom('logFile')
    .selectAll()
    .where('organisation', '=', organisation)
    .where('server', '=', server)
    .where('kind', '=', kind)
    .orderBy('id')
    .execute();
}

/** Nothing was written to the file since it was read: not even its head needs a look. */
export function isUnchanged(known: readonly KnownFile[], file: LogFile): boolean {
  const row = known.findLast(({ identity }) => identity === file.identity);
  return row !== undefined && row.size === file.size && row.modifiedAt.getTime() === file.modifiedAt.getTime();
}

/**
 * The row of the file, made now if it is a new one. A known identity with another head is a new file (an inode used again, or
 * truncated after copying); another identity with a known head is the same file, renamed by copying or packed since.
 */
export async function fileRow(
  db: Kysely<Database>,
  servers: Servers,
  input: { origin: BatchOrigin; file: LogFile; known: readonly KnownFile[]; listed: ReadonlySet<string>; now: Date },
): Promise<KnownFile> {
  const { origin, file, known, listed, now } = input;
  const head = await headOf(servers, file);
  const sameHead = (row: KnownFile) =>
    row.headLength <= head.length && row.headHash === hashOf(head.subarray(0, row.headLength));
  const same = known.findLast(
    (row) => row.identity === file.identity && sameHead(row) && (file.compressed || file.size >= row.position),
  );
  const moved = known.findLast(
    (row) =>
      row.identity !== file.identity && row.headLength >= TELLING_HEAD && !listed.has(row.identity) && sameHead(row),
  );
  const row = same ?? moved;
  if (row !== undefined) {
    if (row.identity === file.identity && row.path === file.path) return row;
    await db
      .updateTable('logFile')
      .set({ identity: file.identity, path: file.path })
      .where('id', '=', row.id)
      .execute();
    return { ...row, identity: file.identity, path: file.path };
  }
  return db
    .insertInto('logFile')
    .values({
      ...origin,
      identity: file.identity,
      path: file.path,
      headHash: hashOf(head),
      headLength: head.length,
      position: 0,
      header: '',
      skipping: false,
      size: 0,
      modifiedAt: new Date(0),
      readAt: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}
