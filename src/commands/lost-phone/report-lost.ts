import { z } from 'zod';
import { openIncident } from '../../incidents/incident/open-incident.ts';
import { suspendedSentence } from '../../incidents/roles/current-roles.ts';
import { paragraph, strong } from '../../message/text.ts';
import { firstWord } from '../../message/words.ts';
import { defineCommand } from '../command.ts';

const things = '(phone|device|mobile|cell|cellphone|smartphone|handset|tablet|iphone|ipad|android)';

export const LossArgument = z
  .enum(['lost', 'stolen', 'missing', 'suspicious', 'stole'])
  .transform((kind) => (kind === 'stole' ? 'stolen' : kind))
  .default('lost');

export const reportLostCommand = defineCommand({
  id: 'report-lost',
  topic: 'lost-phone',
  patterns: [
    `(i|i've) [have|just] <kind:lost> my [work|company] ${things}`,
    `<kind:lost|stolen|missing> my [work|company] ${things}`,
    `my [work|company] ${things} (is|was|has been|got|) <kind:lost|stolen|missing>`,
    `(somebody|someone|they) [has|have] <kind:stole|stolen> my [work|company] ${things}`,
    `[i] [have] had my [work|company] ${things} <kind:stolen>`,
    `i (cannot|can't) find my [work|company] ${things}`,
  ],
  examples: [
    'I lost my phone',
    'lost my phone',
    'my phone was stolen',
    'somebody stole my iPhone',
    "I can't find my iPad",
  ],
  args: z.object({ kind: LossArgument }),
  roles: ['user'],
  effect: 'report',
  anyPlace: true,
  intents: [
    { title: 'Report my own phone as lost', needs: ['own-loss'], never: ['stillHave'], about: 'self', strangers: 20 },
    {
      title: 'Report my own phone as lost',
      needs: [['open'], 'lost', 'phone', 'told'],
      likes: ['self'],
      never: ['person', 'negated'],
      about: 'self',
    },
  ],
  summary: 'Report your own phone as lost or stolen',
  details:
    'The helpdesk is told at once. Please do not change your password yourself: a phone that cannot log in never hears of a wipe.',
  async run(context, { kind }) {
    const { actor } = context;
    const { number } = await context.store.change((change) =>
      openIncident(change, context.policy, { owner: actor.person, kind, by: actor, byOwner: true }),
    );
    // The list of phones follows privately once Exchange has been asked (jobs/read-devices.ts).
    return {
      private: {
        title: `INC-${number} · Your phone`,
        tone: 'warning',
        blocks: [
          paragraph(
            `I'm sorry about your phone, ${firstWord(actor.person.displayName)}. I am looking at the phones connected to your mailbox and will ask you here which one it is.`,
          ),
          paragraph(strong('Please do not change your password yourself'), '; the helpdesk will tell you when.'),
          ...(actor.grantedRoles.size > 1 ? [paragraph(suspendedSentence([number]))] : []),
          paragraph(
            'I have told the helpdesk; they will reach you another way than by this phone. I answer only here, where you wrote from.',
          ),
        ],
      },
    };
  },
});
