import { z } from 'zod';
import { replyOnIncident } from '../../incidents/incident/reply.ts';
import { record } from '../../incidents/incident/timeline.ts';
import { type IncidentView, loadIncident } from '../../incidents/incident/view.ts';
import { lockIncident } from '../../incidents/lock-order.ts';
import { isOpen } from '../../incidents/wipe/machine.ts';
import { latestWipe } from '../../incidents/wipe/wipes.ts';
import { notify } from '../../notices/notify.ts';
import { chooseDevice, DeviceArgument, IncidentArgument, privateAnswer } from '../arguments.ts';
import { refusal } from '../refusal.ts';
import { defineIncidentCommand } from '../targets.ts';
import { askVerified, VerifiedArgs } from '../verified-caller.ts';

/** The helpdesk has verified the owner another way than by chat: from here on the phone is left out of the wipe. */
export const verifyKeptCommand = defineIncidentCommand({
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
  mustBeOpen: true,
  async run(context, args, view) {
    const { store, policy, actor } = context;
    const chosen = chooseDevice(view, 'verify-kept', args);
    if (chosen.kind === 'answer') return chosen.answer;
    const { number, label } = chosen.value;
    const { what, incident, reason, how } = args;
    const kept = what === 'verify';
    if (kept) refuseOpenWipe(view, number);
    const asking = askVerified(context, view, args, {
      id: 'verify-kept',
      title: kept ? 'The owner still has it' : 'The owner does not have it',
      says: `Phone ${number} · ${label} ${kept ? 'is then left out of the wipe' : 'may then be wiped again'}.`,
      submit: kept ? 'Verified' : 'Take it back',
      args: { what, incident, device: String(number) },
      epoch: view.events.length,
    });
    if (asking !== undefined) return asking;
    await store.change(async (change) => {
      await lockIncident(change, incident);
      if (kept) refuseOpenWipe(await loadIncident(change.tx, incident), number);
      await change.tx
        .updateTable('incidentDevice')
        .set({ keptVerifiedBy: kept ? actor.person.guid : null })
        .where('incidentNumber', '=', incident)
        .where('number', '=', number)
        .execute();
      await record(change, {
        incident,
        kind: kept ? 'device.kept-verified' : 'device.kept-withdrawn',
        by: actor,
        data: { device: number, reason, verified: how },
      });
      const who = actor.person.displayName;
      const headline = kept
        ? `Phone ${number} is with its owner, verified by ${who}`
        : `Phone ${number} no longer counts as kept, says ${who}`;
      await replyOnIncident(change, incident, 'neutral', headline, `: ${reason}`);
      if (kept) {
        const line = [`phone ${number} is left out of the wipe: ${who} verified that its owner has it`];
        await notify(change, policy, 'device-kept', { incident, line });
      }
    });
    return privateAnswer(
      kept
        ? `Phone ${number} is left out of the wipe.`
        : `Phone ${number} may be wiped again, after the usual approval.`,
    );
  },
});

/** Throws MislaidError `wipe-open`. */
function refuseOpenWipe({ wipes }: IncidentView, number: number): void {
  const wipe = latestWipe(wipes, number);
  if (wipe === undefined || !isOpen(wipe.state)) return;
  throw refusal('wipe-open', `Phone ${number} has a wipe on its way or waiting. Withdraw, cancel or give it up first.`);
}
