/** Reads what is new in one server's logs of one kind and keeps it as roll-ups. */
import { type Kysely, sql } from 'kysely';
import type { Clock } from '../ground/clock.ts';
import { MislaidError } from '../ground/errors.ts';
import type { LogKind, Organisation } from '../ground/identifiers.ts';
import { type LogFile, type Servers, ServerUnreadable } from '../servers/port.ts';
import type { Database } from '../store/schema.ts';
import type { Batch } from './reader/batch.ts';
import { cutLines, type Position } from './reader/cut-lines.ts';
import { createReaderPool, type ReaderPool } from './reader/pool.ts';
import type { BatchOrigin } from './store/batch-origin.ts';
import { fileRow, isUnchanged, type KnownFile, knownFiles, openUnpacked } from './store/log-files.ts';
import { createProgress, type Progress, type ReadProgress } from './store/progress.ts';
import { writeBatch } from './store/write-batch.ts';
import { writersLock } from './store/write-clients.ts';

export type ReadOptions = {
  db: Kysely<Database>;
  organisation: Organisation;
  clock: Clock;
  /** Files last written before are left alone: a first reading of years of logs helps nobody. */
  since?: Date;
  signal?: AbortSignal;
  /** Called when something was stored, at most a few times a second. */
  onProgress?: (progress: ReadProgress) => void;
  /** Threads for a long reading; a short one takes the calling thread. Default 2. */
  threads?: number;
};

export type ServerRead = {
  files: number;
  bytes: number;
  requests: number;
  /** Files that another reader was at: left to it, and nothing was counted twice. */
  elsewhere: number;
  /** Device ids of the phones that made these requests, as the lines wrote them; some more than once. */
  phones: readonly string[];
  problem?: string;
};

/** From here on threads are worth their start. */
const LONG_READING = 32 << 20;
/** Phones that a long reading tells before those told twice are left out. */
const MOST_REPEATED = 100_000;
/** Most bytes between two commits: what a crash makes us read again. */
const BATCH_BYTES = 128 << 20;

/**
 * One pass over the server's files of this kind. A server or file that cannot be read makes `problem` (a sentence for people),
 * never an error; what was read before stays.
 */
export async function readServer(
  servers: Servers,
  server: string,
  kind: LogKind,
  options: ReadOptions,
): Promise<ServerRead> {
  const { db, organisation, clock } = options;
  const origin: BatchOrigin = { organisation, server, kind };
  const progress = createProgress(db, origin, clock, options.onProgress);
  const phones: string[] = [];
  // Asked for at once: both only wait.
  const reading = knownFiles(db, origin);
  reading.catch(() => undefined);
  let files: LogFile[];
  try {
    files = await servers.listLogs(server, kind, options.since);
  } catch (error) {
    const problem = sentenceOf(error, server);
    await progress.begin([]);
    await progress.end(problem);
    return { files: 0, bytes: 0, requests: 0, elsewhere: 0, phones, problem };
  }
  const known = await reading;
  const changed = files
    .filter((file) => !isUnchanged(known, file))
    .sort((a, b) => a.modifiedAt.getTime() - b.modifiedAt.getTime());
  if (changed.length === 0) {
    await progress.end(null);
    return { files: 0, bytes: 0, requests: 0, elsewhere: 0, phones };
  }
  const listed = new Set(files.map(({ identity }) => identity));
  const work: { file: LogFile; row: KnownFile }[] = [];
  const problems: string[] = [];
  for (const file of changed) {
    try {
      work.push({ file, row: await fileRow(db, servers, { origin, file, known, listed, now: clock.now() }) });
    } catch (error) {
      problems.push(sentenceOf(error, server));
    }
  }
  await progress.begin(work.map(({ file, row }) => Math.max(0, file.size - (file.compressed ? 0 : row.position))));
  const long =
    work.reduce((sum, { file, row }) => sum + file.size - (file.compressed ? 0 : row.position), 0) > LONG_READING;
  const pool = createReaderPool({ threads: long ? (options.threads ?? 2) : 0 });
  let requests = 0;
  let elsewhere = 0;
  try {
    const queue = [...work];
    const readNext = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        options.signal?.throwIfAborted();
        try {
          requests += await readFile({ servers, origin, pool, progress, phones, options, ...next });
        } catch (error) {
          options.signal?.throwIfAborted();
          if (error instanceof ReadElsewhere) elsewhere += 1;
          else if (error instanceof MislaidError) throw error;
          else problems.push(sentenceOf(error, server));
        }
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, pool.threads) }, readNext));
  } finally {
    await pool.close();
  }
  // PostgreSQL counts its tables now and then by itself; until then it would plan as if they were as they were before.
  if (long) await sql`analyze log_client, log_rollup_row, log_heartbeat_row`.execute(db);
  const problem = problems[0];
  // The one that is at the rest tells how far it is.
  if (elsewhere === 0) await progress.end(problem ?? null);
  return {
    files: work.length,
    bytes: progress.bytesDone,
    requests,
    elsewhere,
    phones,
    ...(problem === undefined ? {} : { problem }),
  };
}

type FileReading = {
  servers: Servers;
  origin: BatchOrigin;
  pool: ReaderPool;
  progress: Progress;
  /** Filled with what `ServerRead.phones` tells. */
  phones: string[];
  options: ReadOptions;
  file: LogFile;
  row: KnownFile;
};

/** Answers the requests read. Roll-ups and position are stored in one transaction, batch by batch. */
async function readFile(reading: FileReading): Promise<number> {
  const { servers, origin, pool, file, row, options, progress, phones } = reading;
  const session = pool.open({ kind: origin.kind, hours: true });
  let requests = 0;
  let stored: Position = { offset: row.position, header: row.header, skipping: row.skipping };
  let reached = stored;
  async function store(whole: boolean): Promise<void> {
    const batch = await session.take();
    await commit(reading, { from: stored, to: reached, batch, whole });
    for (const { deviceId } of batch.clients) phones.push(deviceId);
    if (phones.length > MOST_REPEATED) {
      const once = new Set(phones);
      phones.length = 0;
      for (const phone of once) phones.push(phone);
    }
    await progress.add(reached.offset - stored.offset);
    stored = reached;
    requests += batch.requests;
  }
  try {
    const source = await openUnpacked(servers, file, row.position);
    for await (const chunk of cutLines(source, {
      kind: origin.kind,
      from: stored,
      last: file.compressed,
      buffers: pool.buffers,
    })) {
      options.signal?.throwIfAborted();
      reached = chunk.next;
      const full = await session.read(chunk);
      if (full || reached.offset - stored.offset >= BATCH_BYTES) await store(false);
    }
    await store(true);
    await progress.fileDone();
    return requests;
  } finally {
    session.close();
  }
}

/** The file's position moved while it was read: another job or process is at it, and this reading's batch is not stored. */
class ReadElsewhere extends Error {}

type Step = { from: Position; to: Position; batch: Batch /** The file was read to its end. */; whole: boolean };

async function commit({ origin, row, file, options }: FileReading, { from, to, batch, whole }: Step): Promise<void> {
  const end = whole ? { size: file.size, modifiedAt: file.modifiedAt } : {};
  const { db } = options;
  const remember = await db.transaction().execute(async (tx) => {
    const moved = await tx
      .updateTable('logFile')
      .set({ position: to.offset, header: to.header, skipping: to.skipping, readAt: options.clock.now(), ...end })
      .where('id', '=', row.id)
      .where('position', '=', from.offset)
      .returning(writersLock)
      .executeTakeFirst();
    if (moved === undefined) throw new ReadElsewhere();
    return writeBatch(tx, db, { ...origin, deletions: moved.deletions }, batch);
  });
  remember();
}

function sentenceOf(error: unknown, server: string): string {
  if (error instanceof ServerUnreadable || error instanceof MislaidError) return error.userMessage;
  return `A log of ${server} could not be read${error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''}.`;
}
