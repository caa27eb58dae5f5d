import { z } from 'zod';
import { historyMessage } from '../../heartbeat/history.ts';
import { looksByDay } from '../../heartbeat/looks.ts';
import { defineCommand } from '../command.ts';

const days = 14;

export const heartbeatHistoryCommand = defineCommand({
  id: 'heartbeat-history',
  topic: 'direct-push',
  patterns: ['heartbeat history'],
  examples: ['heartbeat history'],
  args: z.object({}),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  private: true,
  summary: 'How Direct Push did over the last two weeks, and what changed',
  async run({ store, organisation, clock, policy: { timeZone } }) {
    const looks = await looksByDay(store.db, { organisation, now: clock.now(), days, timeZone });
    return { private: historyMessage(looks, days) };
  },
});
