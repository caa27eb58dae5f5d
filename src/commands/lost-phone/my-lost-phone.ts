import { z } from 'zod';
import { incidentSubject, record } from '../../incidents/incident/timeline.ts';
import { requireDevice } from '../../incidents/incident/view.ts';
import { paragraph, strong } from '../../message/text.ts';
import { IncidentArgument, incidentFor, privateAnswer, requireOpenIncident } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';

/** The owner says which of her phones it is: a remark for the helpdesk, which decides. */
export const myLostPhoneCommand = defineCommand({
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
  async run(context, { incident, device: number }) {
    const view = await incidentFor(context, incident);
    if (view.owner.guid !== context.actor.person.guid) {
      throw refusal('not-your-device', 'That report is not yours.');
    }
    requireOpenIncident(view, context.actor);
    const device = requireDevice(view, Number(number));
    await context.store.change(async (change) => {
      await record(change, {
        incident,
        kind: 'owner.reported-lost',
        by: context.actor,
        data: { device: device.number },
      });
      await change.reply(incidentSubject(incident), {
        tone: 'warning',
        blocks: [
          paragraph(
            strong(`The owner says, from chat, that it is phone ${device.number} · ${device.facts.name}.`),
            ' Verify the owner another way before anything is wiped.',
          ),
        ],
      });
    });
    return privateAnswer(
      `Thank you. I have told the helpdesk that it is ${device.facts.name}. They will reach you another way than by this phone.`,
    );
  },
});
