import { z } from 'zod';
import { MislaidError } from '../errors.ts';
import { endApproval, lockApproval } from '../incidents/approvals.ts';
import { approvalSubjectFor } from '../incidents/subjects/index.ts';
import { DeviceArgument, IncidentArgument, said } from './choose.ts';
import { waitingApproval } from './choose-approval.ts';
import { defineCommand } from './command.ts';

export const withdraw = defineCommand({
  id: 'withdraw',
  patterns: ['withdraw <incident> [<device>]'],
  examples: ['withdraw INC-104', 'withdraw INC-104 1'],
  args: z.object({
    approval: z.number().int().positive().optional(),
    incident: IncidentArgument.optional(),
    device: DeviceArgument.optional(),
  }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  private: true,
  summary: 'Take back a request before it is carried out',
  async run(context, args) {
    const chosen = await waitingApproval(context, args, 'withdraw');
    if (chosen.kind === 'answer') return chosen.answer;
    const done = await context.store.change(async (change) => {
      const approval = await lockApproval(change, chosen.value.id);
      return endApproval(change, context.policy, approvalSubjectFor, approval, 'withdrawn', {
        by: context.actor,
        why: null,
      });
    });
    if (!done) {
      throw new MislaidError({
        code: 'too-late-to-withdraw',
        message: `approval ${chosen.value.id} is no longer open`,
        userMessage: 'Too late to withdraw: it was decided or carried out already. Its card says how far it got.',
      });
    }
    return said('Withdrawn. Nothing was asked of Exchange.');
  },
});
