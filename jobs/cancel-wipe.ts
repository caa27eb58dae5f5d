import { z } from 'zod';
import { defineJob } from '../src/incidents/job.ts';
import { cancelWipeInExchange as work } from '../src/incidents/wipe/cancel-wipe.ts';

export const cancelWipeJob = defineJob({
  name: 'cancel-wipe',
  does: 'Cancels a wipe in Exchange and reads it back',
  lane: 'exchange',
  payload: z.object({ wipe: z.number().int(), mode: z.enum(['cancel', 'give-up']), by: z.string(), why: z.string() }),
  run: (context, payload) => work(context, payload),
});
