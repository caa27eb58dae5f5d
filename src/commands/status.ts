import { z } from 'zod';
import { incidentCard } from '../incidents/cards/incident-card.ts';
import { IncidentArgument, incidentFor } from './choose.ts';
import { defineCommand } from './command.ts';

export const status = defineCommand({
  id: 'status',
  patterns: ['status <incident>', 'show <incident>'],
  examples: ['status INC-104'],
  args: z.object({ incident: IncidentArgument }),
  roles: ['helpdesk', 'approver', 'security', 'admin'],
  effect: 'read',
  private: true,
  summary: 'How far an incident got, what it waits for, and what comes next',
  async run(context, { incident }) {
    const view = await incidentFor(context, incident);
    return {
      private: await incidentCard({ view, db: context.store.db, policy: context.policy, now: context.clock.now() }),
    };
  },
});
