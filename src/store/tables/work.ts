/** Work for jobs, and small settings that the bot keeps. */
import type { Generated } from 'kysely';
import type { Fixed, Json } from './columns.ts';

export type WorkTables = {
  /** What wants a job to run; see queue/job.ts. */
  work: {
    id: Generated<number>;
    job: Fixed<string>;
    /** At most one waiting row per job and key; null: as many as there are. */
    key: Fixed<string | null>;
    payload: Json<Record<string, unknown>>;
    lane: string;
    dueAt: Date;
    state: Generated<'waiting' | 'done' | 'given-up'>;
    attempts: Generated<number>;
    /** Counts every wish for the same job and key: a run that began before the last wish does not end the row. */
    revision: Generated<number>;
    /** BullMQ's id of the last job that was enqueued for it. */
    jobId: string | null;
    enqueuedAt: Date | null;
    lastError: string | null;
    createdAt: Fixed<Date>;
    doneAt: Date | null;
  };
  setting: {
    key: Fixed<string>;
    value: Json<Record<string, unknown>>;
  };
};
