import { z } from 'zod';
import { adviceMessage, edgeKinds } from '../../heartbeat/advice.ts';
import { latestLook } from '../../heartbeat/looks.ts';
import { longestHeartbeat } from '../../heartbeat/values.ts';
import { defineCommand } from '../command.ts';

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
  private: true,
  summary: 'What to set on a firewall, load balancer or proxy so that phones can wait',
  async run({ store, organisation }, { kind }) {
    const look = await latestLook(store.db, organisation);
    const values = look?.servers.map(({ values: { max } }) => max) ?? [];
    return { private: adviceMessage(kind, values.length === 0 ? longestHeartbeat : Math.max(...values)) };
  },
});
