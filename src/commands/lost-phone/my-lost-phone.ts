import { z } from 'zod';
import { replyOnIncident } from '../../incidents/incident/reply.ts';
import { record } from '../../incidents/incident/timeline.ts';
import { requireDevice } from '../../incidents/incident/view.ts';
import { IncidentArgument, privateAnswer, requireOpenIncident } from '../arguments.ts';
import { refusal } from '../refusal.ts';
import { defineIncidentCommand } from '../targets.ts';

/** The owner says which of their phones it is: a remark for the helpdesk, which decides. */
export const myLostPhoneCommand = defineIncidentCommand({
  id: 'my-lost-phone',
  topic: 'lost-phone',
  patterns: [],
  examples: [],
  clickOnly: true,
  args: z.object({ incident: IncidentArgument, device: z.string() }),
  roles: ['user'],
  effect: 'report',
  anyPlace: true,
  summary: 'Say which of your own phones is lost',
  async run(context, { incident, device: number }, view) {
    if (view.owner.guid !== context.actor.person.guid) {
      throw refusal('not-your-device', 'That report is not yours.');
    }
    requireOpenIncident(view, context.actor);
    const device = requireDevice(view, Number(number));
    const { name } = device.facts;
    await context.store.change(async (change) => {
      const data = { device: device.number };
      await record(change, { incident, kind: 'owner.reported-lost', by: context.actor, data });
      await replyOnIncident(
        change,
        incident,
        'warning',
        `The owner says, from chat, that it is phone ${device.number} · ${name}.`,
        ' Verify the owner another way before anything is wiped.',
      );
    });
    return privateAnswer(
      `Thank you. I have told the helpdesk that it is ${name}. They will reach you another way than by this phone.`,
    );
  },
});
