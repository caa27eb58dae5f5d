import { z } from 'zod';
import { defineJob } from '../src/incidents/job.ts';
import { watchWipe as work } from '../src/incidents/wipe/watch-wipe.ts';

export const watchWipeJob = defineJob({
  name: 'watch-wipe',
  does: 'Follows a wipe until the phone acknowledges',
  lane: 'exchange',
  payload: z.object({ wipe: z.number().int() }),
  run: (context, payload) => work(context, payload.wipe),
});
