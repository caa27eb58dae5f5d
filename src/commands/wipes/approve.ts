import { z } from 'zod';
import { requireAudit } from '../../audit/require-audit.ts';
import { DeviceArgument, IncidentArgument, privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { chooseApproval } from './choose-approval.ts';

export const approveCommand = defineCommand({
  id: 'approve',
  topic: 'wipes',
  patterns: ['approve <incident> [<device>]'],
  examples: ['approve INC-104', 'approve INC-104 1'],
  args: z.object({
    approval: z.number().int().positive().optional(),
    incident: IncidentArgument.optional(),
    device: DeviceArgument.optional(),
  }),
  // The helpdesk may say it, so that who asked is told who can decide; the rule itself refuses.
  roles: ['helpdesk', 'approver', 'security', 'admin'],
  effect: 'destroy',
  summary: 'Approve what somebody else asked for',
  details:
    'You decide on exactly what the card shows. Nobody can approve what they asked for themselves, or for their own phone.',
  async run(context, args) {
    const chosen = await chooseApproval(context, args, 'approve');
    if (chosen.kind === 'answer') return chosen.answer;
    await requireAudit(context.store.db, context.clock.now());
    const { complete, missing } = await context.store.change((change) =>
      context.approvals.decide(change, context.policy, {
        approvalId: chosen.value.id,
        by: context.actor,
        decision: 'approve',
        reason: null,
      }),
    );
    if (complete) return {};
    return privateAnswer(`Noted. ${missing === 1 ? 'One more person' : `${missing} more people`} must approve this.`);
  },
});
