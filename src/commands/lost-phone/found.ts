import { z } from 'zod';
import { closeHold } from '../../incidents/hold/hold.ts';
import { incidentSubject, record } from '../../incidents/incident/timeline.ts';
import type { IncidentView } from '../../incidents/incident/view.ts';
import { paragraph, strong } from '../../message/text.ts';
import { notifySecurity } from '../../notices/security.ts';
import { IncidentArgument, incidentFor, privateAnswer, requireOpenIncident } from '../arguments.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { VerifiedArgs, verifiedForm, verifiedProblems } from '../verified-caller.ts';

/** Said by the helpdesk, after it verified the owner. The owner's own `found it` is found-it.ts. */
export const foundCommand = defineCommand({
  id: 'found',
  topic: 'lost-phone',
  patterns: ['found <incident> [because <reason...>]', '<incident> (is|was) found'],
  examples: ['found INC-104', 'found INC-104 because she has it in her hand'],
  args: z.object({ incident: IncidentArgument, none: z.boolean().optional(), ...VerifiedArgs }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  summary: 'The phone was found, or none of these is lost: proposals are withdrawn and the hold closes',
  async run(context, args) {
    const view = await incidentFor(context, args.incident);
    requireOpenIncident(view, context.actor);
    const fieldErrors = verifiedProblems(args);
    if (Object.keys(fieldErrors).length > 0) {
      if (context.via === 'form') return { fieldErrors };
      return {
        form: verifiedForm({
          id: 'found',
          title: args.none === true ? 'None of these phones' : 'The phone was found',
          says:
            args.none === true
              ? 'No phone of this mailbox is lost. Open proposals are withdrawn and the hold closes. Security is told.'
              : 'Open proposals are withdrawn. A wipe that Exchange holds must be cancelled apart. Security is told.',
          submit: args.none === true ? 'None of these' : 'Found',
          reason: args.reason,
          action: {
            command: 'found',
            args: { incident: args.incident, ...(args.none === undefined ? {} : { none: args.none }) },
          },
        }),
      };
    }
    const onTheWay = view.wipes.filter((wipe) =>
      ['issuing', 'requested', 'sent', 'refused-by-device', 'not-reported'].includes(wipe.state),
    );
    await settle(context, view, args, onTheWay.length === 0);
    const [first] = onTheWay;
    if (first === undefined)
      return privateAnswer(`Noted. No wipe of INC-${args.incident} is on its way, and the hold is closed.`);
    return privateAnswer(
      first.state === 'sent' || first.state === 'refused-by-device'
        ? `Noted, but Exchange has handed the wipe to the phone already. If it must be saved, say "remove device INC-${args.incident} ${first.deviceNumber}": a second person must approve.`
        : `Noted, but a wipe is on its way. Cancel it now: "cancel wipe INC-${args.incident} ${first.deviceNumber}".`,
    );
  },
});

async function settle(
  context: CommandContext,
  view: IncidentView,
  args: { incident: number; reason?: string | undefined; how?: string | undefined; none?: boolean | undefined },
  nothingOnTheWay: boolean,
): Promise<void> {
  const what = args.none === true ? 'none of these phones is lost' : 'found';
  await context.store.change(async (change) => {
    for (const approval of view.approvals.filter((candidate) => ['waiting', 'approved'].includes(candidate.state))) {
      await context.approvals.end(change, context.policy, approval, 'withdrawn', {
        by: context.actor,
        why: what,
      });
    }
    await record(change, {
      incident: args.incident,
      kind: 'incident.found',
      by: context.actor,
      data: { reason: args.reason, verified: args.how, none: args.none ?? false },
    });
    await change.reply(incidentSubject(args.incident), {
      tone: 'success',
      blocks: [
        paragraph(
          strong(`INC-${args.incident}: ${what}`),
          `, says ${context.actor.person.displayName}: ${String(args.reason)}`,
        ),
      ],
    });
    await notifySecurity(change, context.policy, {
      incident: args.incident,
      line: [`${what}, said by ${context.actor.person.displayName}; owner verified: ${String(args.how)}`],
    });
    if (nothingOnTheWay)
      await closeHold(
        change,
        args.incident,
        context.actor,
        args.none === true ? 'No phone is chosen for a wipe.' : 'The phone was found, and no wipe is on its way.',
      );
  });
}
