import { z } from 'zod';
import { incidentSubject, record } from '../../incidents/incident/timeline.ts';
import { isOpen } from '../../incidents/wipe/machine.ts';
import { latestWipe } from '../../incidents/wipe/wipes.ts';
import { paragraph, strong } from '../../message/text.ts';
import {
  chooseDevice,
  DeviceArgument,
  IncidentArgument,
  incidentFor,
  privateAnswer,
  requireOpenIncident,
} from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';
import { VerifiedArgs, verifiedForm, verifiedProblems } from '../verified-caller.ts';

/** The helpdesk has verified the owner another way than by chat: from here on the phone is left out of the wipe. */
export const verifyKeptCommand = defineCommand({
  id: 'verify-kept',
  topic: 'lost-phone',
  patterns: ['<what:verify|unverify> kept <incident> <device> [because <reason...>]'],
  examples: ['verify kept INC-104 2', 'unverify kept INC-104 2 because it was the other phone'],
  args: z.object({
    what: z.enum(['verify', 'unverify']),
    incident: IncidentArgument,
    device: DeviceArgument,
    ...VerifiedArgs,
  }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  summary: 'Leave a phone out of the wipe, because the owner was verified and still has it',
  details:
    'What the owner says from chat is only a mark, because the lost phone may hold the chat. Verify them another way first; the wipe of that phone is then refused until somebody says "unverify kept".',
  async run(context, args) {
    const view = await incidentFor(context, args.incident);
    requireOpenIncident(view, context.actor);
    if (view.owner.guid === context.actor.person.guid) {
      throw refusal('own-device', 'This is about your own phones, so somebody else must verify it.');
    }
    const chosen = chooseDevice(view, args.device, (device) => ({
      command: 'verify-kept',
      args: { ...args, device: String(device) },
    }));
    if (chosen.kind === 'answer') return chosen.answer;
    const device = chosen.value;
    const kept = args.what === 'verify';
    const wipe = latestWipe(view.wipes, device.number);
    if (kept && wipe !== undefined && isOpen(wipe.state)) {
      throw refusal(
        'wipe-open',
        `Phone ${device.number} has a wipe on its way or waiting. Withdraw, cancel or give it up first.`,
      );
    }
    const fieldErrors = verifiedProblems(args);
    if (Object.keys(fieldErrors).length > 0) {
      if (context.via === 'form') return { fieldErrors };
      return {
        form: verifiedForm({
          id: 'verify-kept',
          title: kept ? 'The owner still has it' : 'The owner does not have it',
          says: kept
            ? `Phone ${device.number} · ${device.label} is then left out of the wipe.`
            : `Phone ${device.number} · ${device.label} may then be wiped again.`,
          submit: kept ? 'Verified' : 'Take it back',
          reason: args.reason,
          action: {
            command: 'verify-kept',
            args: { what: args.what, incident: args.incident, device: String(device.number) },
            epoch: view.events.length,
          },
        }),
      };
    }
    await context.store.change(async (change) => {
      await change.tx
        .updateTable('incidentDevice')
        .set({ keptVerifiedBy: kept ? context.actor.person.guid : null })
        .where('incidentNumber', '=', args.incident)
        .where('number', '=', device.number)
        .execute();
      await record(change, {
        incident: args.incident,
        kind: kept ? 'device.kept-verified' : 'device.kept-withdrawn',
        by: context.actor,
        data: { device: device.number, reason: args.reason, verified: args.how },
      });
      await change.reply(incidentSubject(args.incident), {
        tone: 'neutral',
        blocks: [
          paragraph(
            strong(
              kept
                ? `Phone ${device.number} is with its owner, verified by ${context.actor.person.displayName}`
                : `Phone ${device.number} no longer counts as kept, says ${context.actor.person.displayName}`,
            ),
            `: ${String(args.reason)}`,
          ),
        ],
      });
    });
    return privateAnswer(
      kept
        ? `Phone ${device.number} is left out of the wipe.`
        : `Phone ${device.number} may be wiped again, after the usual approval.`,
    );
  },
});
