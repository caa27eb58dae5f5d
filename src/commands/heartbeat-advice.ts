import { z } from 'zod';
import { adviceMessage, edgeKinds } from '../heartbeat/advice.ts';
import { latestLook } from '../heartbeat/looks.ts';
import { longestHeartbeat } from '../heartbeat/values.ts';
import { defineCommand } from './command.ts';

export const heartbeatAdvice = defineCommand({
  id: 'heartbeat-advice',
  patterns: ['heartbeat (how|advice) [for] <kind:f5|citrix-adc|haproxy|nginx|azure|kemp|fortigate|other>'],
  examples: ['heartbeat how f5', 'heartbeat advice for haproxy'],
  args: z.object({ kind: z.enum(edgeKinds) }),
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
