import { z } from 'zod';
import { closeHold } from '../../incidents/hold/hold.ts';
import { incidentSubject, record } from '../../incidents/incident/timeline.ts';
import { loadIncident } from '../../incidents/incident/view.ts';
import { paragraph, strong } from '../../message/text.ts';
import { notifySecurity } from '../../notices/security.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const foundItCommand = defineCommand({
  id: 'found-it',
  topic: 'lost-phone',
  patterns: [
    'found it',
    'i found it',
    'i (found|have found|got) my (device|phone|mobile|tablet|iphone|ipad|android) [back|again]',
    "i've found my (device|phone|mobile|tablet|iphone|ipad|android)",
  ],
  examples: ['found it', 'I found my phone'],
  args: z.object({}),
  roles: ['user'],
  effect: 'report',
  anyPlace: true,
  summary: 'You found your own phone',
  async run(context) {
    const { actor, store, policy } = context;
    const row = await store.db
      .selectFrom('incident')
      .select('number')
      .where('personGuid', '=', actor.person.guid)
      .where('state', '=', 'open')
      .orderBy('number', 'desc')
      .executeTakeFirst();
    if (row === undefined) return privateAnswer('You have no open report.');
    const n = row.number;
    const view = await loadIncident(store.db, n);
    const untouched =
      view.incident.openedBy === actor.person.guid &&
      view.wipes.length === 0 &&
      // After somebody acted on the report, the owner's word from chat is a remark and no longer a withdrawal.
      [...view.timeline.actedBy].every((guid) => guid === actor.person.guid);
    await store.change(async (change) => {
      // The lost phone may hold this chat: what came from it is said as such, and the helpdesk decides.
      await record(change, { incident: n, kind: 'owner.reported-found', by: actor, data: {} });
      if (untouched) {
        await change.tx
          .updateTable('incident')
          .set({
            state: 'closed',
            closedAt: change.now,
            closedBy: actor.person.guid,
            closeReason: 'Taken back by the owner before anybody had acted on it; not verified.',
          })
          .where('number', '=', n)
          .execute();
        await closeHold(change, n, actor, 'The owner took the report back before anybody had acted on it.');
      }
      await change.reply(incidentSubject(n), {
        tone: 'warning',
        blocks: [
          paragraph(
            strong(untouched ? 'The owner took the report back.' : 'The owner says that it was found: not verified.'),
            ' Said from chat, which the lost phone may hold. Verify the owner another way before you believe it.',
          ),
        ],
      });
      await notifySecurity(change, policy, {
        incident: n,
        tone: 'warning',
        line: [untouched ? 'report taken back by the owner, from chat' : 'owner says found, from chat, not verified'],
      });
    });
    return privateAnswer(
      untouched
        ? `Thank you. I have taken back your report INC-${n} and told the helpdesk.`
        : 'Thank you. I have told the helpdesk; they will reach you another way than by this phone.',
    );
  },
});
