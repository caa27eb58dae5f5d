import { z } from 'zod';
import { DeviceArgument, IncidentArgument, ReasonArgument } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { chooseApproval } from './choose-approval.ts';

export const denyCommand = defineCommand({
  id: 'deny',
  topic: 'wipes',
  patterns: ['deny <incident> [<device>] because <reason...>', 'deny <incident> [<device>]'],
  examples: ['deny INC-104 because the phone was found', 'deny INC-104 1 because nobody verified the caller'],
  args: z.object({
    approval: z.number().int().positive().optional(),
    incident: IncidentArgument.optional(),
    device: DeviceArgument.optional(),
    reason: z.string().optional(),
  }),
  // The helpdesk may say it, so that who asked is told who can decide; the rule itself refuses.
  roles: ['helpdesk', 'approver', 'security', 'admin'],
  effect: 'change',
  summary: 'Deny what somebody asked for, with a reason',
  async run(context, args) {
    const chosen = await chooseApproval(context, args, 'deny');
    if (chosen.kind === 'answer') return chosen.answer;
    const reason = ReasonArgument.safeParse(args.reason ?? '');
    if (!reason.success) {
      if (context.via === 'form')
        return { fieldErrors: { reason: 'Say why, in a few words: the requester reads it.' } };
      return {
        form: {
          id: 'deny',
          title: 'Deny',
          fields: [
            {
              kind: 'text',
              id: 'reason',
              label: 'Why',
              multiline: true,
              maxLength: 1000,
              required: true,
              hint: 'The requester reads this.',
            },
          ],
          submit: { label: 'Deny', style: 'danger', action: { command: 'deny', args: { approval: chosen.value.id } } },
        },
      };
    }
    await context.store.change((change) =>
      context.approvals.decide(change, context.policy, {
        approvalId: chosen.value.id,
        by: context.actor,
        decision: 'deny',
        reason: reason.data,
      }),
    );
    return {};
  },
});
