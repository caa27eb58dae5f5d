import { z } from 'zod';
import { incidentSubject, record } from '../../incidents/incident/timeline.ts';
import { outcomeWord } from '../../incidents/wipe/machine.ts';
import { paragraph, strong } from '../../message/text.ts';
import { IncidentArgument, incidentFor, privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';

export const closeCommand = defineCommand({
  id: 'close',
  topic: 'lost-phone',
  patterns: ['close <incident> [because <reason...>]'],
  examples: ['close INC-104', 'close INC-104 because the phone was replaced'],
  args: z.object({
    incident: IncidentArgument,
    reason: z.string().max(1000).optional(),
    stillErased: z.boolean().optional(),
  }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  summary: 'Close an incident',
  details:
    'While Exchange still holds a request you must tick that this phone will still be erased if it connects; the watch goes on.',
  async run(context, args) {
    const view = await incidentFor(context, args.incident);
    if (view.incident.state === 'closed') return privateAnswer(`INC-${args.incident} is closed already.`);
    const undecided = view.wipes.find((wipe) => ['awaiting-approval', 'approved', 'issuing'].includes(wipe.state));
    if (undecided !== undefined) {
      throw refusal(
        'wipe-undecided',
        `INC-${args.incident} cannot be closed yet: a wipe is ${outcomeWord(undecided.state)}. ${undecided.state === 'issuing' ? 'Wait until that is known.' : `Decide it, or say "withdraw INC-${args.incident}".`}`,
      );
    }
    const held = view.wipes.filter(
      (wipe) => ['requested', 'sent', 'refused-by-device', 'not-reported'].includes(wipe.state) || wipe.exchangeHolds,
    );
    if (held.length > 0 && args.stillErased !== true) {
      if (context.via === 'form') return { fieldErrors: { stillErased: 'Tick this: it stays true after closing.' } };
      return {
        form: {
          id: 'close',
          title: `Close INC-${args.incident}`,
          intro: [
            paragraph(
              'Exchange still holds a wipe request for this phone and keeps it for ever. I go on watching after closing.',
            ),
          ],
          fields: [
            {
              kind: 'confirm',
              id: 'stillErased',
              label: 'I know that this phone will still be erased if it connects',
              required: true,
            },
            {
              kind: 'text',
              id: 'reason',
              label: 'Why',
              multiline: false,
              maxLength: 1000,
              required: false,
              ...(args.reason === undefined ? {} : { initial: args.reason }),
            },
          ],
          submit: { label: 'Close', style: 'danger', action: { command: 'close', args: { incident: args.incident } } },
        },
      };
    }
    const reason = (args.reason ?? '').trim();
    await context.store.change(async (change) => {
      await change.tx
        .updateTable('incident')
        .set({
          state: 'closed',
          closedAt: change.now,
          closedBy: context.actor.person.guid,
          closeReason: reason === '' ? null : reason,
        })
        .where('number', '=', args.incident)
        .where('state', '=', 'open')
        .execute();
      await record(change, {
        incident: args.incident,
        kind: 'incident.closed',
        by: context.actor,
        data: { exchangeHolds: held.length > 0 },
      });
      await change.reply(incidentSubject(args.incident), {
        tone: 'neutral',
        blocks: [
          paragraph(
            strong(`INC-${args.incident} is closed`),
            ` by ${context.actor.person.displayName}.${view.incident.hold === 'open' ? ' The hold was still open: nobody said that the password may be reset.' : ''}`,
          ),
        ],
      });
    });
    return {};
  },
});
