import type { Kysely } from 'kysely';
import { after, day, hour } from '../ground/durations.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Database } from '../store/schema.ts';
import { readHours } from './read-observations.ts';
import { type EdgeReading, edgeLength, type Reading, type ServerReading } from './reading.ts';
import { nearThreshold } from './verdict.ts';

/** Longer between two readings, and it may have been over meanwhile. */
const previousHolds = 2 * hour;
/** Hours with fewer requests than this say nothing of themselves. */
const fewest = 5;

/**
 * Since when heartbeats are short on the servers that the verdict is about: the begin of the last unbroken run of hours whose
 * average was at the threshold, or of the events where they began earlier. undefined where it is not a matter of time.
 */
export async function sinceWhen(input: {
  db: Kysely<Database>;
  organisation: Organisation;
  now: Date;
  servers: readonly ServerReading[];
  edges: readonly EdgeReading[];
  overall: Pick<Reading, 'verdict' | 'about'>;
  /** The reading before this one: where it says the same, its answer still holds. */
  previous: Reading | undefined;
}): Promise<Reading['since']> {
  const { db, organisation, now, servers, edges, overall, previous } = input;
  if (overall.verdict !== 'edge-too-short' && overall.verdict !== 'clients-too-short') return undefined;
  if (previous?.since !== undefined && isSame(previous, overall, now)) return previous.since;
  const isAbout = (server: string) => overall.about.includes(server);
  const about = servers.filter(({ server }) => isAbout(server));
  const hours = await readHours(db, { organisation, servers: overall.about, since: after(now, -14 * day) });
  const runs = about.map(({ server, values }) =>
    shortRun(
      hours.filter((row) => row.server === server),
      values.threshold * nearThreshold,
    ),
  );
  const events = about.map(({ events: found }) => Date.parse(found?.runningSince ?? ''));
  const cuts = edges
    .filter((edge) => edgeLength(edge) !== undefined && edge.servers.some(isAbout))
    .map(({ estimate }) => (estimate.kind === 'seen' ? estimate.firstHour : Number.NaN));
  const [first] = [
    ...runs.filter((run) => run !== undefined),
    ...[...events, ...cuts].filter((at) => !Number.isNaN(at)).map((at) => ({ at, atLeast: false })),
  ].sort((a, b) => a.at - b.at);
  return first === undefined ? undefined : { at: new Date(first.at).toISOString(), atLeast: first.atLeast };
}

function isSame(previous: Reading, overall: Pick<Reading, 'verdict' | 'about'>, now: Date): boolean {
  const fresh = now.getTime() - Date.parse(previous.at) < previousHolds;
  return fresh && previous.verdict === overall.verdict && previous.about.join() === overall.about.join();
}

/** The last unbroken run of hours whose average is at most `limit`. */
export function shortRun(
  hours: readonly { hour: Date; requests: number; average: number }[],
  limit: number,
): { at: number; atLeast: boolean } | undefined {
  const telling = hours.filter(({ requests }) => requests >= fewest);
  const start = telling.findLastIndex(({ average }) => average > limit) + 1;
  const begin = telling[start];
  return begin === undefined ? undefined : { at: begin.hour.getTime(), atLeast: start === 0 };
}
