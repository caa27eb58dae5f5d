import { readServer } from '../activesync/read-server.ts';
import { after, day } from '../ground/durations.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { JobContext } from '../incidents/job.ts';
import { logKindNames, ServerUnreadable } from '../servers/port.ts';
import { refreshLogEvidence } from './evidence.ts';

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
 * under way is left to it, and the answer says so. `read: false` only says so.
 */
export async function freshenLogs(
  context: JobContext,
  organisation: Organisation,
  { read: mayRead = true }: { read?: boolean } = {},
): Promise<Freshness> {
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
    for (const kind of ['backEnd', 'frontEnd', 'edge'] as const) {
      const reading = readings.find((row) => row.server === server && row.kind === kind);
      const what = `The ${logKindNames[kind]} of ${server}`;
      try {
        if (reading === undefined) {
          const files = await servers.listLogs(server, kind);
          const unread = files.reduce((sum, { size }) => sum + size, 0);
          if (unread > longReading) {
            progress.push(`${what} (${megabytes(unread)}) wait for their first reading.`);
            continue;
          }
        } else if (reading.finishedAt === null && reading.bytesTotal - reading.bytesDone > longReading) {
          const percent = Math.floor((100 * reading.bytesDone) / reading.bytesTotal);
          const total = megabytes(reading.bytesTotal);
          progress.push(`${what} are read for the first time: ${percent} % of ${total} so far.`);
          continue;
        }
        if (!mayRead) continue;
        const read = await readServer(servers, server, kind, {
          db: store.db,
          organisation,
          clock,
          since: after(clock.now(), -35 * day),
          signal,
        });
        phones.push(...read.phones);
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
