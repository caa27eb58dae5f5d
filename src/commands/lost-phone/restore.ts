import { z } from 'zod';
import { incidentSubject, record } from '../../incidents/incident/timeline.ts';
import { requireCurrentRole, suspendingIncidents } from '../../incidents/roles/current-roles.ts';
import { paragraph, strong } from '../../message/text.ts';
import { notifySecurity } from '../../notices/security.ts';
import { choosePerson, PersonArgument, privateAnswer, ReasonArgument } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';

/** Gives people their roles back while an incident on a device of theirs is still open. */
export const restoreCommand = defineCommand({
  id: 'restore',
  topic: 'lost-phone',
  patterns: ['restore [roles of] <person> because <reason...>'],
  examples: ['restore Otto because he called from his desk and the phone held no chat'],
  args: z.object({ person: PersonArgument, reason: ReasonArgument }),
  roles: ['security', 'admin'],
  effect: 'change',
  summary: 'Give somebody their roles back while a phone of theirs is missing',
  details:
    'Whose own phone is in an open incident holds only what every user holds, because the phone may speak in their name. Verify them another way first.',
  async run(context, { person: name, reason }) {
    const { actor, store, policy, clock } = context;
    const chosen = await choosePerson(context, name, (guid) => ({
      command: 'restore',
      args: { person: guid, reason },
    }));
    if (chosen.kind === 'answer') return chosen.answer;
    const person = chosen.value;
    if (person.guid === actor.person.guid) {
      throw refusal('restore-own', 'Nobody restores himself. Somebody else of security or an admin must.');
    }
    await requireCurrentRole(store.db, actor, ['security', 'admin'], clock.now());
    const numbers = await suspendingIncidents(store.db, person.guid);
    if (numbers.length === 0) return privateAnswer(`Nothing suspends ${person.displayName}.`);
    await store.change(async (change) => {
      for (const incident of numbers) {
        await record(change, {
          incident,
          kind: 'roles.restored',
          by: actor,
          data: { person: person.guid, reason },
        });
        await change.reply(incidentSubject(incident), {
          tone: 'warning',
          blocks: [
            paragraph(
              strong(`${actor.person.displayName} gave ${person.displayName} their roles back`),
              `, although this incident is open: ${reason}`,
            ),
          ],
        });
        await notifySecurity(change, policy, {
          incident,
          tone: 'warning',
          line: [`roles of ${person.displayName} restored by ${actor.person.displayName}: ${reason}`],
        });
      }
    });
    return privateAnswer(`${person.displayName} holds all roles again.`);
  },
});
