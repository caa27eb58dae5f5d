import { z } from 'zod';
import { openIncident } from '../../incidents/incident/open-incident.ts';
import { isNamedPlace } from '../../incidents/incident/places.ts';
import { record } from '../../incidents/incident/timeline.ts';
import { choosePerson, DeviceArgument, PersonArgument, privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

const things = '(device|phone|mobile|cell|cellphone|smartphone|handset|tablet|iphone|ipad|android)';

export const lostDeviceCommand = defineCommand({
  id: 'lost-device',
  topic: 'lost-phone',
  patterns: [
    `<kind:lost|stolen|missing> ${things} [of|from|for] <person> [(device|phone) <device>]`,
    `<kind:lost|stolen|missing> <person>`,
    `<person> (has|) <kind:lost> (her|his|their|the|a) [work|company] ${things}`,
    `<person> (has|had|) (her|his|their|the|a) [work|company] ${things} <kind:stolen>`,
    `<person> (is|) <kind:missing> (her|his|their|the|a) [work|company] ${things}`,
    `(somebody|someone) [has] <kind:stole|stolen> <person>'s [work|company] ${things}`,
    `<person>'s [work|company] ${things} (is|was|got|has been|) <kind:lost|stolen|missing>`,
  ],
  examples: [
    'lost device alice',
    'lost phone alice.ng@contoso.example',
    'stolen iphone Alice Moreau',
    'missing tablet bob',
    'lost device alice device 2',
    'alice lost her phone',
    "alice's phone was stolen",
  ],
  args: z.object({
    person: PersonArgument,
    kind: z
      .enum(['lost', 'stolen', 'missing', 'suspicious', 'stole'])
      .transform((kind) => (kind === 'stole' ? 'stolen' : kind))
      .default('lost'),
    device: DeviceArgument.optional(),
  }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'report',
  summary: 'Open an incident for a lost, stolen or missing phone',
  details:
    'Lists the phones that sync with the mailbox, says what must not be done yet, and leads to a wipe that a second person approves.',
  async run(context, { person: name, kind, device }) {
    const found = await choosePerson(context, name, (guid) => ({
      command: 'lost-device',
      args: { person: guid, kind, ...(device === undefined ? {} : { device }) },
    }));
    if (found.kind === 'answer') return found.answer;

    const { number, joined } = await context.store.change(async (change) => {
      const opened = await openIncident(change, context.policy, {
        owner: found.value,
        kind,
        by: context.actor,
        byOwner: false,
        ...(context.place === undefined ? {} : { place: context.place }),
      });
      // Which phones there are is read by a job: what was said is a remark, by which the card offers that phone first.
      if (device !== undefined)
        await record(change, { incident: opened.number, kind: 'device.named', by: context.actor, data: { device } });
      return opened;
    });
    const where =
      context.place !== undefined && isNamedPlace(context.policy, context.place)
        ? ''
        : ' Its card is in the helpdesk channel.';
    if (joined)
      return privateAnswer(
        `INC-${number} is already open for ${found.value.displayName}; I am reading the phones again.${where}`,
      );
    return where === ''
      ? {}
      : privateAnswer(`INC-${number} is open for ${found.value.displayName}. Do not reset the password yet.${where}`);
  },
});
