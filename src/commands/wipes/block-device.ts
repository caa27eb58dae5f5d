import { z } from 'zod';
import { requestApproval } from '../../incidents/approvals/approvals.ts';
import { blockDeviceSubject } from '../../incidents/devices/block-subject.ts';
import { refuseWhileWiping } from '../../incidents/devices/device-changes.ts';
import { record } from '../../incidents/incident/timeline.ts';
import {
  chooseDevice,
  DeviceArgument,
  IncidentArgument,
  incidentFor,
  privateAnswer,
  requireOpenIncident,
} from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const blockDeviceCommand = defineCommand({
  id: 'block-device',
  topic: 'wipes',
  patterns: ['block device <incident> <device>', 'block device <incident>'],
  examples: ['block device INC-104 1'],
  args: z.object({ incident: IncidentArgument, device: DeviceArgument.optional() }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  summary: 'Block one phone in Exchange',
  details:
    'A blocked phone can no longer hear of a wipe: while the hold is open a second person must approve, and from approval to acknowledgement of a wipe I refuse.',
  async run(context, args) {
    const view = await incidentFor(context, args.incident);
    requireOpenIncident(view, context.actor);
    const chosen = chooseDevice(view, args.device, (device) => ({
      command: 'block-device',
      args: { ...args, device: String(device) },
    }));
    if (chosen.kind === 'answer') return chosen.answer;
    const device = chosen.value;
    await refuseWhileWiping(context.store.db, device.guid, 'block');
    const held = view.incident.hold === 'open';
    await context.store.change(async (change) => {
      await record(change, {
        incident: args.incident,
        kind: 'device.block-asked',
        by: context.actor,
        data: { device: device.number, needsApproval: held },
      });
      if (!held) {
        await change.enqueue('block-device', {
          incident: args.incident,
          device: device.number,
          by: context.actor.person.guid,
          approval: null,
          blocked: true,
        });
        return;
      }
      await requestApproval(change, context.policy, {
        subject: blockDeviceSubject,
        subjectId: `${args.incident}-${device.number}`,
        incident: args.incident,
        organisation: view.incident.organisation,
        payload: { incident: args.incident, device: device.number, label: device.label, deviceGuid: device.guid },
        ownerGuid: view.owner.guid,
        role: 'approver',
        needed: 1,
        by: context.actor,
      });
    });
    return privateAnswer(
      held
        ? 'The hold is still open, and a blocked phone can no longer hear of a wipe: I have asked for an approval.'
        : `I am blocking phone ${device.number}; the thread says when Exchange shows it.`,
    );
  },
});

export const unblockDeviceCommand = defineCommand({
  id: 'unblock-device',
  topic: 'wipes',
  patterns: ['unblock device <incident> <device>', 'unblock device <incident>'],
  examples: ['unblock device INC-104 1'],
  args: z.object({ incident: IncidentArgument, device: DeviceArgument.optional() }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  summary: 'Take a phone off the block list of its mailbox',
  async run(context, args) {
    const view = await incidentFor(context, args.incident);
    const chosen = chooseDevice(view, args.device, (device) => ({
      command: 'unblock-device',
      args: { ...args, device: String(device) },
    }));
    if (chosen.kind === 'answer') return chosen.answer;
    const device = chosen.value;
    await context.store.change(async (change) => {
      await record(change, {
        incident: args.incident,
        kind: 'device.unblock-asked',
        by: context.actor,
        data: { device: device.number },
      });
      await change.enqueue('block-device', {
        incident: args.incident,
        device: device.number,
        by: context.actor.person.guid,
        approval: null,
        blocked: false,
      });
    });
    return privateAnswer(
      `I am taking phone ${device.number} off the block list; the thread says when Exchange shows it.`,
    );
  },
});
