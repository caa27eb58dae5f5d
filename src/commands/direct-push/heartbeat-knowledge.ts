import { z } from 'zod';
import { adviceMessage, edgeKinds } from '../../heartbeat/advice.ts';
import { explainMessage } from '../../heartbeat/explain.ts';
import { historyMessage } from '../../heartbeat/history.ts';
import { latestReading, readingsByDay } from '../../heartbeat/readings.ts';
import { longestHeartbeat } from '../../heartbeat/values.ts';
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
  summary: 'How Direct Push did over the last two weeks, and what changed',
  async run({ store, organisation, clock, policy: { timeZone } }) {
    const readings = await readingsByDay(store.db, { organisation, now: clock.now(), days, timeZone });
    return { private: historyMessage(readings, days) };
  },
});

export const heartbeatExplainCommand = defineCommand({
  id: 'heartbeat-explain',
  topic: 'direct-push',
  patterns: ['heartbeat explain', 'explain (heartbeat|event 1040|1040)'],
  examples: ['heartbeat explain', 'explain event 1040'],
  args: z.object({}),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  intents: [
    { title: 'Explain heartbeats', needs: ['push', 'explain'], likes: ['which'], never: ['person'], about: 'nothing' },
  ],
  summary: 'What heartbeats and event 1040 mean, in words, with the numbers of now',
  async run({ store, organisation }) {
    return { private: explainMessage(await latestReading(store.db, organisation)) };
  },
});

/** What people call a box, where its kind in policy.yaml is called otherwise. */
const alsoCalled = { citrix: 'citrix-adc', netscaler: 'citrix-adc', 'big-ip': 'f5', loadmaster: 'kemp' } as const;
const Called = z.enum(['citrix', 'netscaler', 'big-ip', 'loadmaster']).transform((name) => alsoCalled[name]);

export const heartbeatAdviceCommand = defineCommand({
  id: 'heartbeat-advice',
  topic: 'direct-push',
  patterns: [
    'heartbeat (how|advice) [for] <kind:f5|big-ip|citrix-adc|citrix|netscaler|haproxy|nginx|azure|kemp|loadmaster|fortigate|other>',
  ],
  examples: ['heartbeat how f5', 'heartbeat advice for haproxy'],
  args: z.object({ kind: z.union([z.enum(edgeKinds), Called]) }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  summary: 'What to set on a firewall, load balancer or proxy so that phones can wait',
  async run({ store, organisation }, { kind }) {
    const reading = await latestReading(store.db, organisation);
    const values = reading?.servers.map(({ values: { max } }) => max) ?? [];
    return { private: adviceMessage(kind, values.length === 0 ? longestHeartbeat : Math.max(...values)) };
  },
});
