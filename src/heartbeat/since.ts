import type { Kysely } from 'kysely';
import type { Organisation } from '../ground/identifiers.ts';
import type { Database } from '../store/schema.ts';
import type { EdgeLook, Look, ServerLook } from './look.ts';
import { readHours } from './read-observations.ts';
import { nearThreshold } from './verdict.ts';

const hour = 3_600_000;
const lookedBack = 14 * 24 * hour;
/** Longer between two looks, and it may have been over meanwhile. */
const previousHolds = 2 * hour;
/** Hours with fewer requests than this say nothing of themselves. */
const fewest = 5;

type Since = { at: string; atLeast: boolean };

/**
 * Since when heartbeats are short on the servers that the verdict is about: the begin of the last unbroken run of hours whose
 * average was at the threshold, or of the events where they began earlier. undefined where it is not a matter of time.
 */
export async function sinceWhen(input: {
  db: Kysely<Database>;
  organisation: Organisation;
  now: Date;
  looks: readonly ServerLook[];
  edges: readonly EdgeLook[];
  overall: Pick<Look, 'verdict' | 'about'>;
  /** The look before this one: where it says the same, its answer still holds. */
  previous: Look | undefined;
}): Promise<Since | undefined> {
  const { db, organisation, now, looks, edges, overall, previous } = input;
  if (overall.verdict !== 'edge-too-short' && overall.verdict !== 'clients-too-short') return undefined;
  if (previous?.since !== undefined && isSame(previous, overall, now)) return previous.since;
  const about = looks.filter(({ server }) => overall.about.includes(server));
  const hours = await readHours(db, {
    organisation,
    servers: overall.about,
    since: new Date(now.getTime() - lookedBack),
  });
  const runs = about.map(({ server, values }) =>
    shortRun(
      hours.filter((row) => row.server === server),
      values.threshold * nearThreshold,
    ),
  );
  const events = about.flatMap(({ events: found }) =>
    found?.runningSince === undefined ? [] : [Date.parse(found.runningSince)],
  );
  const cuts = edges.flatMap(({ estimate, servers }) =>
    estimate.kind === 'seen' && servers.some((name) => overall.about.includes(name)) ? [estimate.firstHour] : [],
  );
  const candidates = [
    ...runs.filter((run) => run !== undefined),
    ...[...events, ...cuts].map((at) => ({ at, atLeast: false })),
  ].sort((a, b) => a.at - b.at);
  const [first] = candidates;
  return first === undefined ? undefined : { at: new Date(first.at).toISOString(), atLeast: first.atLeast };
}

function isSame(previous: Look, overall: Pick<Look, 'verdict' | 'about'>, now: Date): boolean {
  const fresh = now.getTime() - Date.parse(previous.at) < previousHolds;
  return fresh && previous.verdict === overall.verdict && previous.about.join() === overall.about.join();
}

/** The last unbroken run of hours whose average is at most `limit`. */
export function shortRun(
  hours: readonly { hour: Date; requests: number; average: number }[],
  limit: number,
): { at: number; atLeast: boolean } | undefined {
  const telling = hours.filter(({ requests }) => requests >= fewest);
  let start: number | undefined;
  for (const [index, { hour: at, average }] of [...telling.entries()].reverse()) {
    if (average > limit) break;
    start = index;
    if (index === 0) return { at: at.getTime(), atLeast: true };
  }
  const begin = start === undefined ? undefined : telling[start];
  return begin === undefined ? undefined : { at: begin.hour.getTime(), atLeast: false };
}
