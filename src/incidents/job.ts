/** What jobs of this product are given, and how one is defined. */
import type { AuditSeal } from '../audit/checkpoint.ts';
import type { Capabilities, Exchange } from '../exchange/port.ts';
import type { Identity, Place } from '../ground/addresses.ts';
import type { Clock, Ids } from '../ground/clock.ts';
import type { DoctorRow } from '../ground/doctor-row.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Policy } from '../policy.ts';
import type { AnyQueueJob as QueueAnyJob, QueueJob, RunContext } from '../queue/job.ts';
import type { Servers } from '../servers/port.ts';
import type { Store } from '../store/port.ts';
import type { Approvals } from './approvals/approvals.ts';
import type { ForgottenList } from './retention/forgotten.ts';

export type JobContext = RunContext & {
  readonly store: Store;
  /** The Exchange of the organisation that the work row names. */
  exchange(organisation: Organisation): Exchange;
  servers(organisation: Organisation): Servers;
  readonly policy: Policy;
  readonly approvals: Approvals;
  readonly clock: Clock;
  readonly ids: Ids;
  capabilities(organisation: Organisation): Promise<Capabilities>;
  /** Looks at everything that the bot needs; absent where the process was put together for a test. */
  doctor?(): Promise<DoctorRow[]>;
  /** Signs checkpoints of the audit; absent where this process has no data folder or key. */
  readonly seal?: AuditSeal;
  /** What the audit and alarms are sent on with; absent where the process was put together for a test. */
  readonly forwarding?: {
    readonly token?: string | undefined;
    readonly smtpPassword?: string | undefined;
    readonly productVersion: string;
  };
  /** Who was forgotten, kept apart from the database; absent where this process has no data folder. */
  readonly forgotten?: ForgottenList;
  /** What bots posted in the place, newest first; undefined where it cannot be read from here. Absent in a process without chat. */
  readBack?(place: Place): Promise<readonly string[] | undefined>;
  /** Delivers what is due for one place or identity, in order; answers when the next thing is due there. Only in the lane `deliveries`. */
  deliver(target: Place | Identity): Promise<{ nextDueAt?: Date }>;
};

export type BotJob<Name extends string, P> = QueueJob<Name, P, JobContext>;

/** Any job of the registry, its payload not yet parsed. */
export type AnyBotJob = QueueAnyJob<JobContext>;

export function defineJob<const Name extends string, P>(job: BotJob<Name, P>): BotJob<Name, P> {
  return job;
}
