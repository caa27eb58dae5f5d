import { z } from 'zod';
import { lockApproval } from '../../incidents/approvals/approvals.ts';
import { moveWipe } from '../../incidents/wipe/wipes.ts';
import { notifySecurity } from '../../notices/security.ts';
import { DeviceArgument, IncidentArgument, privateAnswer } from '../arguments.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';
import { chooseApproval } from './choose-approval.ts';

export const withdrawCommand = defineCommand({
  id: 'withdraw',
  topic: 'wipes',
  patterns: ['withdraw <incident> [<device>]'],
  examples: ['withdraw INC-104', 'withdraw INC-104 1'],
  args: z.object({
    approval: z.number().int().positive().optional(),
    incident: IncidentArgument.optional(),
    device: DeviceArgument.optional(),
  }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  summary: 'Take back a request before it is carried out',
  async run(context, args) {
    if (args.incident !== undefined && (await withdrawnBreakGlass(context, args.incident))) {
      return privateAnswer('Withdrawn. Nothing was asked of Exchange.');
    }
    const chosen = await chooseApproval(context, args, 'withdraw');
    if (chosen.kind === 'answer') return chosen.answer;
    const done = await context.store.change(async (change) => {
      const approval = await lockApproval(change, chosen.value.id);
      return context.approvals.end(change, context.policy, approval, 'withdrawn', {
        by: context.actor,
        why: null,
      });
    });
    if (!done) {
      throw refusal(
        'too-late-to-withdraw',
        'Too late to withdraw: it was decided or carried out already. Its card says how far it got.',
      );
    }
    return privateAnswer('Withdrawn. Nothing was asked of Exchange.');
  },
});

/** A wipe for which the glass was broken has no approval: while it is held it is taken back by itself. */
async function withdrawnBreakGlass(context: CommandContext, incident: number): Promise<boolean> {
  const wipe = await context.store.db
    .selectFrom('wipe')
    .select('id')
    .where('incidentNumber', '=', incident)
    .where('state', '=', 'approved')
    .where('breakGlassBy', 'is not', null)
    .executeTakeFirst();
  if (wipe === undefined) return false;
  return context.store.change(async (change) => {
    const held = await change.tx
      .selectFrom('wipe')
      .selectAll()
      .where('id', '=', wipe.id)
      .where('state', '=', 'approved')
      .forUpdate()
      .executeTakeFirst();
    if (held === undefined) return false;
    const moved = await moveWipe(
      change,
      held,
      { kind: 'withdrawn' },
      { by: context.actor, set: { endedAt: change.now, heldBecause: null } },
    );
    if (moved === undefined) return false;
    await notifySecurity(change, context.policy, {
      incident,
      line: [`break-glass wipe of phone ${held.deviceNumber} withdrawn by ${context.actor.person.displayName}`],
    });
    return true;
  });
}
