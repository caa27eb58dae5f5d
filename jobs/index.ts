/** The registry of jobs: one file per job, one line here. */
import type { z } from 'zod';
import type { Job } from '../src/queue/job.ts';

export const jobs = [] as const satisfies readonly Job<string, never>[];

type Registered = (typeof jobs)[number];
export type JobName = Registered extends never ? string : Registered['name'];
export type JobPayload<N extends JobName> =
  Extract<Registered, { name: N }> extends { payload: z.ZodType<infer P> } ? P : never;
