/** Reads what is new in one server's logs of one kind and keeps it as roll-ups. */
import { type Kysely, sql } from 'kysely';
import type { Clock } from '../ground/clock.ts';
import { MislaidError } from '../ground/errors.ts';
import type { LogKind, Organisation } from '../ground/identifiers.ts';
import { type LogFile, type Servers, ServerUnreadable } from '../servers/port.ts';
import type { Database } from '../store/schema.ts';
import type { Batch } from './reader/batch.ts';
import { cutLines, type Position } from './reader/cut-lines.ts';
import { Rollup } from './reader/rollup.ts';
import type { BatchOrigin } from './store/batch-origin.ts';
import { claimFiles, isUnchanged, type KnownFile, knownFiles, openUnpacked } from './store/log-files.ts';
import { createProgress, type Progress } from './store/progress.ts';
import { writeBatch } from './store/write-batch.ts';
import { writersLock } from './store/write-clients.ts';

export type ReadOptions = {
  db: Kysely<Database>;
  organisation: Organisation;
  clock: Clock;
  /** Files last written before are left alone: a first reading of years of logs helps nobody. */
  since?: Date;
  signal?: AbortSignal;
};

export type ServerRead = {
  files: number;
  bytes: number;
  requests: number;
  /** Files that another reader was at: left to it, and nothing was counted twice. */
  elsewhere: number;
  /** Device ids of the phones that made these requests, as the lines wrote them. */
  phones: readonly string[];
  problem?: string;
};

/** From here on the tables are worth counting anew. */
const longReading = 32 << 20;
/** Most bytes between two commits: what a crash makes us read again. */
const batchBytes = 128 << 20;

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
  const { db, organisation, clock, signal } = options;
  const origin: BatchOrigin = { organisation, server, kind };
  const progress = createProgress(db, origin, clock);
  const nothing = { files: 0, bytes: 0, requests: 0, elsewhere: 0, phones: [] };
  // Asked for at once: both only wait.
  const reading = knownFiles(db, origin);
  reading.catch(() => undefined);
  let files: LogFile[];
  try {
    files = await servers.listLogs(server, kind, options.since);
  } catch (error) {
    const problem = problemOf(error, server);
    await progress.begin([]);
    await progress.end(problem);
    return { ...nothing, problem };
  }
  const known = await reading;
  const changed = files
    .filter((file) => !isUnchanged(known, file))
    .sort((a, b) => a.modifiedAt.getTime() - b.modifiedAt.getTime());
  if (changed.length === 0) {
    await progress.end(null);
    return nothing;
  }
  const claims = { origin, listed: files, changed, before: known, now: clock.now() };
  const { claimed: work, errors, ...others } = await claimFiles(db, servers, claims);
  const problems = errors.map((error) => problemOf(error, server));
  const sizes = work.map(({ file, row }) => Math.max(0, file.size - (file.compressed ? 0 : row.position)));
  await progress.begin(sizes);
  const phones = new Set<string>();
  let requests = 0;
  let { elsewhere } = others;
  /** Of one file. */
  async function stored(storing: Promise<number>): Promise<void> {
    try {
      const read = await storing;
      requests += read;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ReadElsewhere) elsewhere += 1;
      else if (error instanceof MislaidError) throw error;
      else problems.push(problemOf(error, server));
    }
  }
  // The database stores the end of one file while the next is read.
  let before = Promise.resolve();
  for (const next of work) {
    signal?.throwIfAborted();
    const reading = readFile({ servers, origin, progress, phones, options, ...next });
    const ended = stored(reading.then(({ storing }) => storing));
    // Whoever waits for it next hears of a failure.
    ended.catch(() => undefined);
    await reading.catch(() => undefined);
    await before;
    before = ended;
  }
  await before;
  // PostgreSQL counts its tables now and then by itself; until then it would plan as if they were as they were before.
  if (sizes.reduce((sum, size) => sum + size, 0) > longReading)
    await sql`analyze log_client, log_rollup_row, log_heartbeat`.execute(db);
  const [problem] = problems;
  // The other reader stores how far it is.
  if (elsewhere === 0) await progress.end(problem ?? null);
  return {
    files: work.length,
    bytes: progress.bytesDone,
    requests,
    elsewhere,
    phones: [...phones],
    ...(problem === undefined ? {} : { problem }),
  };
}

type FileReading = {
  servers: Servers;
  origin: BatchOrigin;
  progress: Progress;
  /** Filled for `ServerRead.phones`. */
  phones: Set<string>;
  options: ReadOptions;
  file: LogFile;
  row: KnownFile;
};

/**
 * Roll-ups and position are stored in one transaction, batch by batch; the database stores one while the next is read. Answers when all
 * is read; `storing` are the requests, once they are stored.
 */
async function readFile(reading: FileReading): Promise<{ storing: Promise<number> }> {
  const { servers, origin, file, row, options, progress, phones } = reading;
  const rollup = new Rollup(origin.kind, file.oneLog === true ? { oneLog: true } : {});
  let requests = 0;
  let taken: Position = { offset: row.position, header: row.header, skipping: row.skipping };
  let reached = taken;
  let storing = Promise.resolve();
  async function store(step: Step): Promise<void> {
    await commit(reading, step);
    for (const { deviceId } of step.batch.clients) phones.add(deviceId);
    await progress.add(step.to.offset - step.from.offset);
    requests += step.batch.requests;
  }
  async function take(whole: boolean): Promise<void> {
    await storing;
    storing = store({ from: taken, to: reached, batch: rollup.take(), whole });
    // Whoever waits for it next hears of a failure.
    storing.catch(() => undefined);
    taken = reached;
  }
  const source = await openUnpacked(servers, file, row.position);
  for await (const chunk of cutLines(source, { kind: origin.kind, from: taken, last: file.compressed })) {
    options.signal?.throwIfAborted();
    const full = rollup.read(chunk);
    reached = chunk.next;
    if (full || reached.offset - taken.offset >= batchBytes) await take(false);
  }
  await take(true);
  return { storing: storing.then(progress.fileDone).then(() => requests) };
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
      .where('identity', '=', row.identity)
      .returning(writersLock)
      .executeTakeFirst();
    if (moved === undefined) throw new ReadElsewhere();
    return writeBatch(tx, db, { ...origin, deletions: moved.deletions }, batch);
  });
  remember();
}

function problemOf(error: unknown, server: string): string {
  if (error instanceof ServerUnreadable || error instanceof MislaidError) return error.userMessage;
  return `A log of ${server} could not be read${error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''}.`;
}
