import { z } from 'zod';
import { openIncident } from '../incidents/open-incident.ts';
import { isNamedPlace } from '../incidents/places.ts';
import { choosePerson, PersonArgument, said } from './choose.ts';
import { defineCommand } from './command.ts';

const things = '(device|phone|mobile|cell|cellphone|smartphone|handset|tablet|iphone|ipad|android)';

export const lostDevice = defineCommand({
  id: 'lost-device',
  patterns: [
    `<kind:lost|stolen|missing> ${things} [of|from|for] <person>`,
    `<kind:lost|stolen|missing> <person>`,
    `<person> (has|) <kind:lost> (her|his|their|the|a) [work|company] ${things}`,
    `<person>'s [work|company] ${things} (is|was|got|) <kind:lost|stolen|missing>`,
  ],
  examples: [
    'lost device alice',
    'lost phone alice.ng@contoso.example',
    'stolen iphone Alice Moreau',
    'missing tablet bob',
    'alice lost her phone',
    "alice's phone was stolen",
  ],
  args: z.object({ person: PersonArgument, kind: z.enum(['lost', 'stolen', 'missing', 'suspicious']).default('lost') }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'report',
  private: true,
  summary: 'Open an incident for a lost, stolen or missing phone',
  details:
    'Lists the phones that sync with the mailbox, says what must not be done yet, and leads to a wipe that a second person approves.',
  async run(context, { person: name, kind }) {
    const found = await choosePerson(context, name, (guid) => ({
      command: 'lost-device',
      args: { person: guid, kind },
    }));
    if (found.kind === 'answer') return found.answer;

    const { number, joined } = await context.store.change((change) =>
      openIncident(change, context.policy, {
        owner: found.value,
        kind,
        by: context.actor,
        byOwner: false,
        ...(context.place === undefined ? {} : { place: context.place }),
      }),
    );
    const where =
      context.place !== undefined && isNamedPlace(context.policy, context.place)
        ? ''
        : ' Its card is in the helpdesk channel.';
    if (joined)
      return said(
        `INC-${number} is already open for ${found.value.displayName}; I am reading the phones again.${where}`,
      );
    return where === ''
      ? {}
      : said(`INC-${number} is open for ${found.value.displayName}. Do not reset the password yet.${where}`);
  },
});
