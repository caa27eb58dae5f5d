/** One world on the lab: its processes are killed at each point in turn while four cases are in flight, and then all must be true. */
import { setTimeout as pause } from 'node:timers/promises';
import { advanceLab, createLabClock } from '../../src/exchange/lab/clock.ts';
import { cases, converse } from './people.ts';
import type { KillPoint } from './process.ts';
import { startVictim, type Victim } from './victim.ts';
import { labTruth, type Servers, untruths, type World } from './world.ts';

/** A point that was not reached within this time is not reached at all. */
const patienceMs = 120_000;
/** By the lab's clock: past the deadline of a call (`issueTimeLimit`), and long before an approval's. */
const standsStillFor = 2 * 60_000;
/** What a process does first when it goes on, or when its PostgreSQL is there again. */
const goesOnMs = 3_000;
/** Far more than it takes: only what never comes true waits so long. */
const settleMs = 300_000;
/** Rounds go on while it is looked whether all is true, so what is under way at one look is looked at again. */
const lookAgainMs = 60_000;

export type Outcome = { kills: string[]; problems: string[] };

export type LabRun = {
  servers: Servers;
  kind: 'lab' | 'empty';
  kills: readonly KillPoint[];
  environment: Readonly<Record<string, string>>;
};

export async function runOnLab({ servers, kind, kills, environment }: LabRun): Promise<Outcome> {
  const world = await servers.world(kind);
  const redisUrl = servers.redisUrl();
  const victims: Victim[] = [];
  const start = (kill: KillPoint): Victim => {
    const redis = redisUrl === undefined ? {} : { REDIS_URL: redisUrl };
    const own = { ...environment, ...redis, DATABASE_URL: world.url, MISLAID_EXCHANGE: 'lab', LAB_SPEED: '60' };
    const victim = startVictim({ environment: own, kill, cluster: servers.cluster });
    victims.push(victim);
    return victim;
  };
  const where: string[] = [];
  const missed: string[] = [];
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(kills.length * patienceMs + settleMs)]);
  const conversation = converse(world, cases, signal);
  conversation.catch(() => undefined);
  try {
    let last: Victim | undefined;
    for (const kill of kills) {
      // Several processes need Redis; there the second takes over at once, and dies at its own first such point.
      const both = [start(kill), ...(redisUrl === undefined ? [] : [start(kill)])];
      const struck = await untilStruck(both);
      if (kill.kind === 'stand-still' && struck !== undefined) {
        await advanceLab(world.db, standsStillFor);
        for (const one of both.filter((victim) => victim.struck() !== undefined)) one.process.kill('SIGCONT');
        await pause(goesOnMs);
      }
      if (kill.kind === 'commit' && kill.strikes === 'postgres') {
        // The bot is not killed, and has to go on by itself.
        last = both[0];
        for (const other of both.slice(1)) await other.kill();
      } else {
        for (const victim of both) await victim.kill();
      }
      if (struck === undefined) missed.push(`its kill point was not reached: ${JSON.stringify(kill)}`);
      where.push(struck ?? 'nowhere');
    }
    last ??= start({ kind: 'none' });
    if (!(await last.ready)) throw new Error('the last process ended by itself');
    await conversation;
    const problems = await settle(world, last);
    return { kills: where, problems: [...problems, ...missed] };
  } catch (error) {
    return { kills: where, problems: [error instanceof Error ? error.message : String(error), ...missed] };
  } finally {
    over.abort();
    for (const victim of victims) await victim.kill();
    await world.close();
  }
}

async function untilStruck(victims: readonly Victim[]): Promise<string | undefined> {
  const end = performance.now() + patienceMs;
  const place = () => victims.find((victim) => victim.struck() !== undefined)?.struck();
  while (performance.now() < end && place() === undefined && victims.every((victim) => victim.lives())) await pause(30);
  // One that was struck has perhaps said so only in its last moment.
  await pause(100);
  return place();
}

/** Lets the lab's time pass until every wipe rests and nothing is due; answers what is not as it must be then. */
async function settle(world: World, last: Victim): Promise<string[]> {
  const clock = await createLabClock({ db: world.db, pollMs: 200 });
  try {
    const end = performance.now() + settleMs;
    while (!(await wipesRest(world)) && performance.now() < end) {
      // Phones and back-offs wait by the lab's clock; a killed worker's lock waits by the real one.
      await advanceLab(world.db, 30_000);
      await pause(400);
    }
    await clock.refresh();
    const quietEnd = performance.now() + settleMs;
    while (!(await isQuiet(world, clock.now())) && performance.now() < quietEnd) await pause(50);
    const look = async () =>
      untruths(world.db, { incidents: cases.length, now: clock.now(), truth: await labTruth(world.db) });
    let problems = await look();
    const looksEnd = performance.now() + lookAgainMs;
    while (problems.length > 0 && performance.now() < looksEnd) {
      await pause(1_000);
      problems = await look();
    }
    return last.lives() ? problems : [...problems, 'the last process ended by itself'];
  } finally {
    clock.stop();
  }
}

async function wipesRest({ db }: World): Promise<boolean> {
  const rows = await db.selectFrom('wipe').select('state').execute();
  return (
    rows.length === cases.length &&
    rows.every((row) => !['awaiting-approval', 'approved', 'issuing', 'requested', 'sent'].includes(row.state))
  );
}

/** Nothing due is waiting, and every card shows what is stored. */
async function isQuiet({ db }: World, now: Date): Promise<boolean> {
  const due = await db
    .selectFrom('work')
    .select('id')
    .where('state', '=', 'waiting')
    .where((eb) => eb.or([eb('dueAt', '<=', now), eb('enqueuedAt', 'is not', null)]))
    .executeTakeFirst();
  const delivery = await db.selectFrom('delivery').select('id').where('state', '=', 'waiting').executeTakeFirst();
  return due === undefined && delivery === undefined;
}
