import { z } from 'zod';
import { openIncident } from '../../incidents/incident/open-incident.ts';
import { isNamedPlace } from '../../incidents/incident/places.ts';
import { record } from '../../incidents/incident/timeline.ts';
import { describeRights, expectSuspension, type Suspension } from '../../incidents/roles/suspension.ts';
import { button, buttons, paragraph, strong } from '../../message/text.ts';
import { DeviceArgument, PersonArgument, privateAnswer } from '../arguments.ts';
import { definePersonCommand } from '../targets.ts';
import { LossArgument } from './report-lost.ts';

const things = '(device|phone|mobile|cell|cellphone|smartphone|handset|tablet|iphone|ipad|android)';

export const lostDeviceCommand = definePersonCommand({
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
    kind: LossArgument,
    device: DeviceArgument.optional(),
    /** What the report does to its owner was shown. */
    confirmed: z.boolean().optional(),
  }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'report',
  intents: [{ title: 'Open a case for a lost phone', needs: ['loss'], about: 'person', strangers: 20 }],
  summary: 'Open an incident for a lost, stolen or missing phone',
  details:
    'Lists the phones that sync with the mailbox, says what must not be done yet, and leads to a wipe that a second person approves.',
  async run(context, { kind, device, confirmed }, owner) {
    const { store, policy, place, actor, clock } = context;
    const { displayName } = owner;
    if (confirmed !== true) {
      const now = clock.now();
      const expected = await expectSuspension(store.db, policy, { owner, reporter: actor.person.guid, now });
      const own = owner.guid === actor.person.guid;
      if (!own && (expected.kind === 'suspended' || expected.kind === 'waiting')) {
        const args = { person: owner.guid, kind, ...(device === undefined ? {} : { device }), confirmed: true };
        return {
          private: {
            tone: 'warning',
            blocks: [
              paragraph(`${displayName} can ${describeRights(expected.roles)}. `, strong(whatItDoes(expected))),
              paragraph('Report it?'),
              buttons(button(`Report the phone of ${displayName}`, 'lost-device', args, { style: 'danger' })),
            ],
          },
        };
      }
    }
    const { number, joined, suspension } = await store.change(async (change) => {
      const at = place === undefined ? {} : { place };
      const opened = await openIncident(change, policy, { owner, kind, by: actor, byOwner: false, ...at });
      // Which phones there are is read by a job: what was said is a remark, by which the card offers that phone first.
      if (device !== undefined)
        await record(change, { incident: opened.number, kind: 'device.named', by: actor, data: { device } });
      return opened;
    });
    const isHere = place !== undefined && isNamedPlace(policy, place);
    const role = suspension === undefined ? '' : whatItDid(suspension, number, owner.displayName);
    if (isHere && !joined && role === '') return {};
    const sentence = joined
      ? `INC-${number} is already open for ${displayName}; I am reading the phones again.`
      : `INC-${number} is open for ${displayName}. Do not reset the password yet.`;
    return privateAnswer(sentence, role, isHere ? '' : ' Its card is in the helpdesk channel.');
  },
});

/** Said before it is done: what the report takes from its owner. */
function whatItDoes({ kind }: Suspension): string {
  return kind === 'waiting'
    ? 'This is the second person with rights whose phone you report within 24 hours: they keep them until somebody else of security or an admin says that it is right.'
    : 'Reporting their phone takes that from them at once, until somebody else of security or an admin gives it back. Security and every admin are told.';
}

function whatItDid({ kind, roles }: Suspension, incident: number, name: string): string {
  if (roles.length === 0) return '';
  if (kind === 'waiting')
    return ` INC-${incident} waits for the word of security or an admin, other than you: until then ${name} keeps what they hold. Nothing else of it waits.`;
  return ` ${name} is suspended until security or an admin, other than they and who reported it, restores them.`;
}
