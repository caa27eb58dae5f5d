import { z } from 'zod';
import { runStep } from '../src/apps/block/run-step.ts';
import { defineJob } from '../src/incidents/job.ts';

export const runAppStepJob = defineJob({
  name: 'run-app-step',
  does: 'Carries out one approved step of blocking an app, reads it back and says what came of it',
  lane: 'exchange',
  payload: z.object({ step: z.number().int() }),
  run: (context, { step }) => runStep(context, step),
});
