import { z } from 'zod';
import { record } from '../../incidents/incident/timeline.ts';
import { chooseDevice, DeviceArgument, IncidentArgument, incidentFor, privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const unblockDeviceCommand = defineCommand({
  id: 'unblock-device',
  topic: 'wipes',
  patterns: ['unblock device <incident> <device>', 'unblock device <incident>'],
  examples: ['unblock device INC-104 1'],
  args: z.object({ incident: IncidentArgument, device: DeviceArgument.optional() }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  private: true,
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
