import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { LogFile, Servers } from '../../servers/port.ts';
import type { Database } from '../../store/schema.ts';
import type { LogFileTable } from '../../store/tables/activesync.ts';
import type { BatchOrigin } from './batch-origin.ts';

export type KnownFile = Selectable<LogFileTable>;

/** Enough of a file to know it again: the head of IIS (with its date) and the first lines. */
const headBytes = 1_024;
/** A shorter head may be nothing but `#Software` and `#Fields`, and proves no kinship with another identity. */
const tellingHead = 400;

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
  // A file as long as its head: then no more of it is fetched than is needed.
  for await (const piece of await openUnpacked(servers, { ...file, size: Math.min(file.size, headBytes) }, 0)) {
    pieces.push(Uint8Array.from(piece.subarray(0, headBytes)));
    length += piece.length;
    if (length >= headBytes) break;
  }
  return Buffer.concat(pieces).subarray(0, headBytes);
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

/** Nothing was written to the file since it was read: not even its head needs to be read. */
export function isUnchanged(known: readonly KnownFile[], file: LogFile): boolean {
  const row = known.findLast(({ identity }) => identity === file.identity);
  return row !== undefined && row.size === file.size && row.modifiedAt.getTime() === file.modifiedAt.getTime();
}

/** A file that is to be read, and how far it was. */
export type ClaimedFile = { file: LogFile; row: KnownFile };

export type Claiming = {
  origin: BatchOrigin;
  /** Every file that the server lists, and those of them that changed. */
  listed: readonly LogFile[];
  changed: readonly LogFile[];
  /** What was known when they were listed. */
  before: readonly KnownFile[];
  now: Date;
};

/**
 * The rows of the files, made now for new ones; one reader at a time decides which file is which. A known identity with another head is
 * a new file (an inode used again, or truncated after copying); another identity with a known head is the same file, renamed by copying
 * or packed since. `elsewhere` counts files that another reader took for others since we listed them: left to it.
 */
export async function claimFiles(
  db: Kysely<Database>,
  servers: Servers,
  { origin, listed, changed, before, now }: Claiming,
): Promise<{ claimed: ClaimedFile[]; elsewhere: number; errors: unknown[] }> {
  const heads = new Map<string, Buffer>();
  const errors: unknown[] = [];
  for (const file of changed) {
    try {
      heads.set(file.identity, await headOf(servers, file));
    } catch (error) {
      errors.push(error);
    }
  }
  const identities = new Set(listed.map(({ identity }) => identity));
  return await db.transaction().execute(async (tx) => {
    const name = `log files ${origin.organisation} ${origin.server} ${origin.kind}`;
    await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(tx);
    const claimed: ClaimedFile[] = [];
    let elsewhere = 0;
    // By id. Nobody else changes them until the commit.
    const rows = new Map((await knownFiles(tx, origin)).map((row) => [row.id, row]));
    const claim = (file: LogFile, row: KnownFile) => {
      rows.set(row.id, row);
      claimed.push({ file, row });
    };
    for (const file of changed) {
      const head = heads.get(file.identity);
      if (head === undefined) continue;
      const known = [...rows.values()];
      const holder = known.find(({ identity }) => identity === file.identity);
      if (holder !== undefined && isOf(holder, head) && (file.compressed || file.size >= holder.position)) {
        claim(file, await placed(tx, holder, file));
        continue;
      }
      if (holder !== undefined && !before.some(({ id }) => id === holder.id)) {
        elsewhere += 1;
        continue;
      }
      // A file that is listed under its own identity, with its own head, is no other's origin.
      const isAtHome = (row: KnownFile) => {
        const own = heads.get(row.identity);
        return identities.has(row.identity) && (own === undefined || isOf(row, own));
      };
      const moved = known.findLast(
        (row) => row.identity !== file.identity && row.headLength >= tellingHead && !isAtHome(row) && isOf(row, head),
      );
      // Its rows stay known by their head: a copy of what it was may come.
      if (holder !== undefined) {
        const identity = `${holder.identity} until ${holder.id}`;
        await rename(tx, holder.id, { identity });
        rows.set(holder.id, { ...holder, identity });
      }
      claim(file, moved === undefined ? await added(tx, origin, file, head, now) : await placed(tx, moved, file));
    }
    return { claimed, elsewhere, errors };
  });
}

function isOf(row: KnownFile, head: Buffer): boolean {
  return row.headLength <= head.length && row.headHash === hashOf(head.subarray(0, row.headLength));
}

async function rename(tx: Kysely<Database>, id: number, to: { identity: string; path?: string }): Promise<void> {
  await tx.updateTable('logFile').set(to).where('id', '=', id).execute();
}

async function placed(tx: Kysely<Database>, row: KnownFile, { identity, path }: LogFile): Promise<KnownFile> {
  if (row.identity !== identity || row.path !== path) await rename(tx, row.id, { identity, path });
  return { ...row, identity, path };
}

async function added(
  tx: Kysely<Database>,
  origin: BatchOrigin,
  { identity, path }: LogFile,
  head: Buffer,
  now: Date,
): Promise<KnownFile> {
  return await tx
    .insertInto('logFile')
    .values({
      ...origin,
      identity,
      path,
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
