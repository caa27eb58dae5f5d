import { z } from 'zod';
import { explainMessage } from '../../heartbeat/explain.ts';
import { latestLook } from '../../heartbeat/looks.ts';
import { defineCommand } from '../command.ts';

export const heartbeatExplainCommand = defineCommand({
  id: 'heartbeat-explain',
  topic: 'direct-push',
  patterns: ['heartbeat explain', 'explain (heartbeat|event 1040|1040)'],
  examples: ['heartbeat explain', 'explain event 1040'],
  args: z.object({}),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  private: true,
  summary: 'What heartbeats and event 1040 mean, in words, with the numbers of now',
  async run({ store, organisation }) {
    return { private: explainMessage(await latestLook(store.db, organisation)) };
  },
});
