import { z } from 'zod';
import { requestApproval } from '../../incidents/approvals/approvals.ts';
import { removeDeviceSubject } from '../../incidents/devices/remove-subject.ts';
import { record } from '../../incidents/incident/timeline.ts';
import { blocksDeviceChanges, outcomeWord } from '../../incidents/wipe/machine.ts';
import { latestWipe } from '../../incidents/wipe/wipes.ts';
import { chooseDevice, DeviceArgument, IncidentArgument, incidentFor, privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';

export const removeDeviceCommand = defineCommand({
  id: 'remove-device',
  topic: 'wipes',
  patterns: ['remove device <incident> <device>', 'remove device <incident>'],
  examples: ['remove device INC-104 1'],
  args: z.object({ incident: IncidentArgument, device: DeviceArgument.optional() }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'destroy',
  summary: "Remove a phone's partnership from Exchange",
  details:
    'After the acknowledgement: so that the phone is not wiped again if it comes back. Before it: it ends the wipe, which needs a second person, and is the only way to save a phone found too late.',
  async run(context, args) {
    const view = await incidentFor(context, args.incident);
    const chosen = chooseDevice(view, args.device, (device) => ({
      command: 'remove-device',
      args: { ...args, device: String(device) },
    }));
    if (chosen.kind === 'answer') return chosen.answer;
    const device = chosen.value;
    if (!device.present) return privateAnswer(`Phone ${device.number} is no longer in Exchange.`);
    const wipe = latestWipe(view.wipes, device.number);
    if (wipe?.state === 'approved' || wipe?.state === 'issuing') {
      throw refusal(
        'wipe-on-its-way',
        `I will not remove phone ${device.number} now: its wipe is ${outcomeWord(wipe.state)}. Withdraw it, or wait until Exchange was asked.`,
      );
    }
    // Without an acknowledgement the partnership's end is the wipe's end, or the hold's: a second person looks first.
    const needsApproval =
      wipe?.state !== 'acknowledged' &&
      ((wipe !== undefined && blocksDeviceChanges(wipe.state)) || view.incident.hold === 'open');
    await context.store.change(async (change) => {
      await record(change, {
        incident: args.incident,
        kind: 'device.remove-asked',
        by: context.actor,
        data: { device: device.number, needsApproval },
      });
      if (needsApproval) {
        await requestApproval(change, context.policy, {
          subject: removeDeviceSubject,
          subjectId: `${args.incident}-${device.number}`,
          incident: args.incident,
          organisation: view.incident.organisation,
          payload: { incident: args.incident, device: device.number, label: device.label, deviceGuid: device.guid },
          ownerGuid: view.owner.guid,
          role: 'approver',
          needed: 1,
          by: context.actor,
        });
        return;
      }
      await change.enqueue('remove-device', {
        incident: args.incident,
        device: device.number,
        by: context.actor.person.guid,
        approval: null,
      });
    });
    return privateAnswer(
      needsApproval
        ? 'This ends the chance of a wipe, so a second person must approve: I have asked.'
        : `I read the acknowledgement once more and then remove phone ${device.number}; the thread says how it ended.`,
    );
  },
});
