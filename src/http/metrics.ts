/** Prometheus metrics of one process. What is counted in the store is read when /metrics is asked, so that it is always true. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../ground/clock.ts';
import { readOutsideRound } from '../incidents/outside-wipes/round.ts';
import type { Database } from '../store/schema.ts';

/** One row of a gauge: its labels, and `n`. PostgreSQL's counts are bigints, which arrive as text. */
type Row = { n: number | string } & Readonly<Record<string, unknown>>;

/** What is counted in the store when it is asked for: what it is, its labels, and the rows. */
const counts: Record<string, { help: string; labels: string[]; rows(now: Date): RawBuilder<Row> }> = {
  mislaid_jobs_waiting: {
    help: 'Work rows by job and state.',
    labels: ['job', 'state'],
    rows: () => sql`select job, state, count(*) as n from work where state <> 'done' group by job, state`,
  },
  mislaid_wipes: {
    help: 'Wipes by state and organisation; drills are counted apart.',
    labels: ['state', 'organisation', 'drill'],
    rows: () => sql`select state, organisation, drill, count(*) as n from wipe group by state, organisation, drill`,
  },
  mislaid_approvals_waiting: {
    help: 'Proposals that wait for a decision.',
    labels: ['kind'],
    rows: () => sql`
      select subject_kind as kind, count(*) as n from approval where state = 'waiting' group by subject_kind`,
  },
  mislaid_incidents_open: {
    help: 'Open incidents.',
    labels: ['drill'],
    rows: () => sql`select drill, count(*) as n from incident where state = 'open' group by drill`,
  },
  mislaid_deliveries_due: {
    help: 'Messages that are due and not yet delivered.',
    labels: [],
    rows: (now) => sql`
      select (select count(*) from card where wanted > shown and not dead and due_at <= ${now})
        + (select count(*) from delivery where state = 'waiting' and due_at <= ${now}) as n`,
  },
  mislaid_oldest_work_seconds: {
    help: 'For how long the work that is due and not on its way waits, by lane; a sweep or a worker that is late shows here.',
    labels: ['lane'],
    rows: (now) => sql`
      select lane, extract(epoch from ${now}::timestamptz - min(due_at)) as n
      from work where state = 'waiting' and due_at <= ${now} group by lane`,
  },
  mislaid_oldest_delivery_seconds: {
    help: 'For how long the message that is due and waits longest has waited since it was wanted.',
    labels: [],
    rows: (now) => sql`
      select coalesce(extract(epoch from ${now}::timestamptz - least(
        (select min(due_at) from card where wanted > shown and not dead and due_at <= ${now}),
        (select min(created_at) from delivery where state = 'waiting'))), 0) as n`,
  },
  mislaid_wipes_not_known: {
    help: 'Wipes of which no reading says what Exchange holds.',
    labels: ['organisation'],
    rows: () => sql`
      select organisation, count(*) as n from wipe
      where unread_since is not null and ended_at is null group by organisation`,
  },
  mislaid_wipes_locked: {
    help: '1 while no wipe is issued by anyone.',
    labels: [],
    rows: () => sql`
      select count(*) as n from wipe_lock where state = 'locked' and id = (select max(id) from wipe_lock)`,
  },
};

export class Metrics {
  readonly registry = new Registry();
  readonly #commands = this.#counter('mislaid_commands_total', 'Commands by outcome.', ['command', 'outcome']);
  readonly #commandSeconds = this.#histogram(
    'mislaid_command_seconds',
    'From stored to answered.',
    'command',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3],
  );
  readonly #jobs = this.#counter('mislaid_jobs_total', 'Job runs by outcome.', ['job', 'outcome']);
  readonly #jobSeconds = this.#histogram(
    'mislaid_job_seconds',
    'Duration of job runs.',
    'job',
    [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900],
  );
  readonly #deliveries = this.#counter('mislaid_deliveries_total', 'Messages to chat by outcome.', [
    'platform',
    'kind',
    'outcome',
  ]);

  readonly #calls = this.#counter('mislaid_exchange_calls_total', 'Calls to Exchange by outcome.', [
    'cmdlet',
    'outcome',
  ]);

  constructor(db: Kysely<Database>, clock: Clock) {
    for (const [name, { help, labels, rows }] of Object.entries(counts)) {
      this.#gauge(name, help, labels, async () => (await rows(clock.now()).execute(db)).rows);
    }
    const help = 'How long the last whole look at everybody for wipes from elsewhere took.';
    this.#gauge('mislaid_outside_wipes_round_seconds', help, ['organisation'], async () => {
      const rows: Row[] = [];
      for (const organisation of ['real', 'lab'] as const) {
        const last = (await readOutsideRound(db, organisation))?.last;
        if (last) rows.push({ organisation, n: last.seconds });
      }
      return rows;
    });
  }

  /** What this process alone knows: since when the audit cannot be written, and when each configured certificate ends. */
  watch(known: { auditAwaySince(): Date | undefined; certificates(): readonly { name: string; ends: Date }[] }): void {
    this.#gauge(
      'mislaid_audit_away',
      '1 while the audit cannot be written, as far as this process has seen.',
      [],
      async () => [{ n: known.auditAwaySince() === undefined ? 0 : 1 }],
    );
    const help = 'When a certificate ends with which Mislaid proves who it is, in seconds since 1970.';
    this.#gauge('mislaid_certificate_end_timestamp_seconds', help, ['certificate'], async () =>
      known.certificates().map(({ name, ends }) => ({ certificate: name, n: ends.getTime() / 1_000 })),
    );
  }

  exchangeCalled(cmdlet: string, outcome: string): void {
    this.#calls.inc({ cmdlet, outcome });
  }

  commandHandled(command: string, outcome: string, seconds: number): void {
    this.#commands.inc({ command, outcome });
    this.#commandSeconds.observe({ command }, seconds);
  }

  jobRan(job: string, outcome: string, seconds: number): void {
    this.#jobs.inc({ job, outcome });
    this.#jobSeconds.observe({ job }, seconds);
  }

  delivered(platform: string, kind: string, outcome: string): void {
    this.#deliveries.inc({ platform, kind, outcome });
  }

  #gauge(name: string, help: string, labelNames: string[], read: () => Promise<Row[]>): void {
    const collect = async (): Promise<void> => {
      const rows = await read();
      gauge.reset();
      for (const { n, ...row } of rows) {
        gauge.set(Object.fromEntries(labelNames.map((label) => [label, String(row[label])])), Number(n));
      }
    };
    const gauge = new Gauge({ name, help, labelNames, registers: [this.registry], collect });
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #histogram(name: string, help: string, label: string, buckets: number[]): Histogram {
    return new Histogram({ name, help, labelNames: [label], buckets, registers: [this.registry] });
  }
}
