import { z } from 'zod';
import { defineJob } from '../src/incidents/job.ts';
import { reconcileWipe as work } from '../src/incidents/wipe/reconcile-wipe.ts';

export const reconcileWipeJob = defineJob({
  name: 'reconcile-wipe',
  does: 'Reads whether Exchange was asked for a wipe',
  lane: 'exchange',
  payload: z.object({ wipe: z.number().int(), step: z.number().int().min(0), refused: z.string().optional() }),
  run: (context, { wipe, step, refused }) => work(context, wipe, step, refused),
});
