import { z } from 'zod';
import { defineJob } from '../src/incidents/job.ts';
import { raisePlanB } from '../src/incidents/plan-b/plan-b.ts';

export const planBJob = defineJob({
  name: 'plan-b',
  does: 'Tells security when a phone was not told of its wipe in time, and again while nobody answers',
  lane: 'upkeep',
  payload: z.object({ wipe: z.number().int() }),
  run: (context, payload) => raisePlanB(context, payload.wipe),
});
