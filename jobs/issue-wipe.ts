import { z } from 'zod';
import { defineJob } from '../src/incidents/job.ts';
import { issueWipe as work } from '../src/incidents/wipe/issue-wipe.ts';

export const issueWipeJob = defineJob({
  name: 'issue-wipe',
  does: 'Asks Exchange for an approved wipe, once',
  lane: 'wipes',
  payload: z.object({ wipe: z.number().int() }),
  run: (context, payload) => work(context, payload.wipe),
});
