import { readServer } from '../activesync/read-server.ts';
import type { LogKind, Organisation } from '../ground/identifiers.ts';
import type { JobContext } from '../incidents/job.ts';
import { logKindNames, type Servers, ServerUnreadable } from '../servers/port.ts';
import { refreshLogEvidence } from './evidence.ts';

const kinds: readonly LogKind[] = ['backEnd', 'frontEnd', 'edge'];
const day = 86_400_000;
/** Bytes: more takes longer than a person waits. */
const longReading = 64_000_000;

/** What could not be read, as sentences; and whether there are servers at all. */
export type Freshness = {
  servers: number;
  problems: readonly string[];
  stillReading: boolean;
  /** How far each long first reading is, a sentence each. */
  progress: readonly string[];
};

/**
 * Reads what came since the last minute's reading, so that an answer is about now. A server whose first, long reading is still
 * under way is left to it, and the answer says so.
 */
export async function freshenLogs(context: JobContext, organisation: Organisation): Promise<Freshness> {
  const { store, clock, signal } = context;
  const servers = context.servers(organisation);
  const readings = await store.db
    .selectFrom('logReading')
    .selectAll()
    .where('organisation', '=', organisation)
    .execute();
  const problems = new Set<string>();
  const progress: string[] = [];
  const phones: string[] = [];
  const names = servers.list();
  for (const server of names) {
    for (const kind of kinds) {
      const reading = readings.find((row) => row.server === server && row.kind === kind);
      const left = reading === undefined ? undefined : reading.bytesTotal - reading.bytesDone;
      const what = `The ${logKindNames[kind]} of ${server}`;
      if (reading !== undefined && left !== undefined && reading.finishedAt === null && left > longReading) {
        const percent = Math.floor((100 * reading.bytesDone) / reading.bytesTotal);
        progress.push(`${what} are read for the first time: ${percent} % of ${megabytes(reading.bytesTotal)} so far.`);
        continue;
      }
      try {
        const unread = left === undefined ? await sizeOf(servers, server, kind) : 0;
        if (unread > longReading) {
          progress.push(`${what} (${megabytes(unread)}) wait for their first reading.`);
          continue;
        }
        const read = await readServer(servers, server, kind, {
          db: store.db,
          organisation,
          clock,
          since: new Date(clock.now().getTime() - 35 * day),
          signal,
        });
        for (const phone of read.phones) phones.push(phone);
        if (read.problem !== undefined) problems.add(read.problem);
      } catch (error) {
        if (!(error instanceof ServerUnreadable)) throw error;
        problems.add(error.userMessage);
      }
    }
  }
  await refreshLogEvidence(store, organisation, phones);
  return { servers: names.length, problems: [...problems], stillReading: progress.length > 0, progress };
}

function megabytes(bytes: number): string {
  return bytes < 2e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

async function sizeOf(servers: Servers, server: string, kind: LogKind): Promise<number> {
  const files = await servers.listLogs(server, kind);
  return files.reduce((sum, { size }) => sum + size, 0);
}
