/** The registry of jobs: one file per job, one line here. */
import type { z } from 'zod';
import type { AnyJob } from '../src/queue/job.ts';
import { checkpointAudit } from './checkpoint-audit.ts';

export const jobs = [checkpointAudit] as const satisfies readonly AnyJob[];

type Registered = (typeof jobs)[number];
export type JobName = Registered extends never ? string : Registered['name'];
export type JobPayload<N extends JobName> =
  Extract<Registered, { name: N }> extends { payload: z.ZodType<infer P> } ? P : never;
