/** Prometheus metrics of one process. What is counted in the store is read when /metrics is asked, so that it is always true. */
import type { Kysely } from 'kysely';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../ground/clock.ts';
import { readOutsideRound } from '../incidents/outside-wipes/round.ts';
import type { Database } from '../store/schema.ts';

export type Metrics = {
  readonly registry: Registry;
  commandHandled(command: string, outcome: string, seconds: number): void;
  jobRan(job: string, outcome: string, seconds: number): void;
  delivered(platform: string, kind: string, outcome: string): void;
};

export function createMetrics(db: Kysely<Database>, clock: Clock): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const commands = new Counter({
    name: 'mislaid_commands_total',
    help: 'Commands by outcome.',
    labelNames: ['command', 'outcome'],
    registers,
  });
  const commandSeconds = new Histogram({
    name: 'mislaid_command_seconds',
    help: 'From stored to answered.',
    labelNames: ['command'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3],
    registers,
  });
  const jobs = new Counter({
    name: 'mislaid_jobs_total',
    help: 'Job runs by outcome.',
    labelNames: ['job', 'outcome'],
    registers,
  });
  const jobSeconds = new Histogram({
    name: 'mislaid_job_seconds',
    help: 'Duration of job runs.',
    labelNames: ['job'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900],
    registers,
  });
  const deliveries = new Counter({
    name: 'mislaid_deliveries_total',
    help: 'Messages to chat by outcome.',
    labelNames: ['platform', 'kind', 'outcome'],
    registers,
  });

  gauge('mislaid_jobs_waiting', 'Work rows by job and state.', ['job', 'state'], () =>
    db
      .selectFrom('work')
      .select((eb) => ['job', 'state', eb.fn.countAll<number>().as('n')])
      .where('state', '!=', 'done')
      .groupBy(['job', 'state'])
      .execute()
      .then((rows) => rows.map((row) => ({ labels: { job: row.job, state: row.state }, value: row.n }))),
  );
  gauge(
    'mislaid_wipes',
    'Wipes by state and organisation; drills are counted apart.',
    ['state', 'organisation', 'drill'],
    () =>
      db
        .selectFrom('wipe')
        .select((eb) => ['state', 'organisation', 'drill', eb.fn.countAll<number>().as('n')])
        .groupBy(['state', 'organisation', 'drill'])
        .execute()
        .then((rows) =>
          rows.map((row) => ({
            labels: { state: row.state, organisation: row.organisation, drill: String(row.drill) },
            value: row.n,
          })),
        ),
  );
  gauge('mislaid_approvals_waiting', 'Proposals that wait for a decision.', ['kind'], () =>
    db
      .selectFrom('approval')
      .select((eb) => ['subjectKind', eb.fn.countAll<number>().as('n')])
      .where('state', '=', 'waiting')
      .groupBy('subjectKind')
      .execute()
      .then((rows) => rows.map((row) => ({ labels: { kind: row.subjectKind }, value: row.n }))),
  );
  gauge(
    'mislaid_outside_wipes_round_seconds',
    'How long the last whole look at everybody for wipes from elsewhere took.',
    ['organisation'],
    async () => {
      const rounds = await Promise.all(
        (['real', 'lab'] as const).map(async (organisation) => ({
          organisation,
          last: (await readOutsideRound(db, organisation))?.last,
        })),
      );
      return rounds.flatMap(({ organisation, last }) =>
        last ? [{ labels: { organisation }, value: last.seconds }] : [],
      );
    },
  );
  gauge('mislaid_incidents_open', 'Open incidents.', ['drill'], () =>
    db
      .selectFrom('incident')
      .select((eb) => ['drill', eb.fn.countAll<number>().as('n')])
      .where('state', '=', 'open')
      .groupBy('drill')
      .execute()
      .then((rows) => rows.map((row) => ({ labels: { drill: String(row.drill) }, value: row.n }))),
  );
  gauge('mislaid_deliveries_due', 'Messages that are due and not yet delivered.', [], async () => {
    const [cards, others] = await Promise.all([
      db
        .selectFrom('card')
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .whereRef('wanted', '>', 'shown')
        .where('dead', '=', false)
        .where('dueAt', '<=', clock.now())
        .executeTakeFirstOrThrow(),
      db
        .selectFrom('delivery')
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .where('state', '=', 'waiting')
        .where('dueAt', '<=', clock.now())
        .executeTakeFirstOrThrow(),
    ]);
    return [{ labels: {}, value: Number(cards.n) + Number(others.n) }];
  });
  gauge('mislaid_wipes_locked', '1 while no wipe is issued by anyone.', [], async () => {
    const newest = await db.selectFrom('wipeLock').select('state').orderBy('id', 'desc').executeTakeFirst();
    return [{ labels: {}, value: newest?.state === 'locked' ? 1 : 0 }];
  });

  function gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    read: () => Promise<{ labels: Record<Label, string>; value: number | string }[]>,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers,
      async collect() {
        this.reset();
        // PostgreSQL's counts are bigints, which arrive as text.
        for (const { labels, value } of await read()) this.set(labels, Number(value));
      },
    });
  }

  return {
    registry,
    commandHandled: (command, outcome, seconds) => {
      commands.inc({ command, outcome });
      commandSeconds.observe({ command }, seconds);
    },
    jobRan: (job, outcome, seconds) => {
      jobs.inc({ job, outcome });
      jobSeconds.observe({ job }, seconds);
    },
    delivered: (platform, kind, outcome) => deliveries.inc({ platform, kind, outcome }),
  };
}
