import { z } from 'zod';
import { replyOnIncident } from '../../incidents/incident/reply.ts';
import { requireCurrentRole, suspendingIncidents } from '../../incidents/roles/current-roles.ts';
import { accountsNotTold } from '../../incidents/roles/rights.ts';
import { endSuspensions } from '../../incidents/roles/suspension.ts';
import { paragraph } from '../../message/text.ts';
import { namesInList } from '../../message/words.ts';
import { notify } from '../../notices/notify.ts';
import { PersonArgument, privateAnswer, ReasonArgument } from '../arguments.ts';
import { definePersonCommand } from '../targets.ts';
import { reasonField } from '../verified-caller.ts';

/** Gives people back what a report of their phone took from them. */
export const restoreCommand = definePersonCommand({
  id: 'restore',
  topic: 'lost-phone',
  patterns: ['restore [roles of] <person> because <reason...>', 'restore [roles of] <person>'],
  examples: ['restore Otto because he called from his desk and the phone held no chat'],
  args: z.object({ person: PersonArgument, reason: z.string().optional() }),
  roles: ['security', 'admin'],
  effect: 'change',
  intents: [{ title: 'Give somebody their roles back', needs: ['restore', 'roles', 'person'], about: 'person' }],
  summary: 'Give somebody the roles back that they lost because a phone of theirs was reported',
  details:
    'Whose own phone is reported holds only what every user holds, also after the incident was closed, because the phone may speak in their name. Verify them another way first. Neither they nor who reported it can do this.',
  async run({ actor, store, policy, via }, args, person) {
    const reason = ReasonArgument.safeParse(args.reason ?? '');
    const { displayName } = person;
    if (!reason.success) {
      if (via === 'form') return { fieldErrors: { reason: 'Say why, in a few words: security reads it.' } };
      const numbers = (await suspendingIncidents(store.db, person.guid)).map((number) => `INC-${number}`);
      const why = numbers.length === 0 ? '' : ` They are suspended by ${namesInList(numbers, 'and')}.`;
      return {
        form: {
          id: 'restore',
          title: 'Give roles back',
          intro: [
            paragraph(`${displayName} holds all roles again after this.${why} Verify them first, not by that phone.`),
          ],
          fields: [reasonField({ hint: 'Everybody of security and every admin reads this.' })],
          submit: { label: 'Restore', style: 'danger', action: { command: 'restore', args: { person: person.guid } } },
        },
      };
    }
    const incidents = await store.change(async (change) => {
      await requireCurrentRole(change.tx, actor, ['security', 'admin'], change.now);
      const ended = await endSuspensions(change, policy, { person, by: actor, reason: reason.data });
      if (ended.length === 0) return ended;
      const who = actor.person.displayName;
      for (const incident of ended) {
        await replyOnIncident(
          change,
          incident,
          'warning',
          `${who} gave ${displayName} their roles back`,
          `, whatever becomes of this incident: ${reason.data}`,
        );
      }
      const line = [`roles of ${displayName} restored by ${who}: ${reason.data}`];
      await notify(change, policy, 'roles-restored', {
        about: [person.guid, actor.person.guid],
        ...(ended[0] === undefined ? {} : { incident: ended[0] }),
        line,
        without: await accountsNotTold(change.tx, policy, person.organisation, [actor.person.guid, person.guid]),
      });
      return ended;
    });
    if (incidents.length === 0) return privateAnswer(`Nothing suspends ${displayName}.`);
    return privateAnswer(`${displayName} holds all roles again.`);
  },
});
