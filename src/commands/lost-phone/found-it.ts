import { z } from 'zod';
import { after, day } from '../../ground/durations.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import { closeHold } from '../../incidents/hold/hold.ts';
import { replyOnIncident } from '../../incidents/incident/reply.ts';
import { record } from '../../incidents/incident/timeline.ts';
import { loadIncident } from '../../incidents/incident/view.ts';
import { lockIncident } from '../../incidents/lock-order.ts';
import { suspendedSentence, suspendingIncidents } from '../../incidents/roles/current-roles.ts';
import { notify } from '../../notices/notify.ts';
import type { Change } from '../../store/port.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';
import { closeIncident } from './close.ts';
import { ownReport } from './own-report.ts';

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
  intents: [
    { title: 'Say that I have my phone again', needs: ['own-find'], about: 'self', strangers: 2 },
    {
      title: 'Say that I have my phone again',
      needs: ['mistaken', 'told'],
      likes: ['self', 'phone'],
      never: ['person', 'case', 'here', 'unreal', 'own-loss', 'loss'],
      about: 'self',
      strangers: 1,
    },
  ],
  summary: 'You found your own phone',
  async run(context) {
    const { actor, store, policy } = context;
    const report = await ownReport(context);
    if (report === undefined) return privateAnswer('You have no open report.');
    const n = report.incident.number;
    const { again, untouched, suspended } = await store.change(async (change) => {
      // A wipe may have been proposed since this was looked at.
      await lockIncident(change, n);
      const view = await loadIncident(change.tx, n);
      if (view.incident.state === 'closed') throw refusal('incident-closed', `INC-${n} is closed already.`);
      // Said again it is no news: nobody is called a second time, nor a channel filled.
      if (view.timeline.unverifiedFindAt !== undefined) return { again: true, untouched: false, suspended: false };
      const untouched =
        (await takenBack(change, actor.person.guid)) < mostTakenBack &&
        view.incident.openedBy === actor.person.guid &&
        view.wipes.length === 0 &&
        view.approvals.length === 0 &&
        // After somebody acted on the report, the owner's word from chat is a remark and no longer a withdrawal.
        [...view.timeline.actedBy].every((guid) => guid === actor.person.guid);
      // The lost phone may hold this chat: what came from it is said as such, and the helpdesk decides.
      await record(change, { incident: n, kind: 'owner.reported-found', by: actor, data: {} });
      let stays = (await suspendingIncidents(change.tx, actor.person.guid)).length > 0;
      if (untouched) {
        stays = await closeIncident(
          change,
          policy,
          view,
          actor,
          'Taken back by the owner before anybody had acted on it; not verified.',
        );
        await closeHold(change, n, actor, 'The owner took the report back before anybody had acted on it.');
      }
      await replyOnIncident(
        change,
        n,
        'warning',
        untouched ? 'The owner took the report back.' : 'The owner says that it was found: not verified.',
        ' Said from chat, which the lost phone may hold. Verify the owner another way before you believe it.',
      );
      await notify(change, policy, 'owner-says-found', {
        incident: n,
        line: [untouched ? 'report taken back by the owner, from chat' : 'owner says found, from chat, not verified'],
      });
      return { again: false, untouched, suspended: stays && actor.grantedRoles.size > 1 };
    });
    if (again)
      return privateAnswer('I have told the helpdesk already; they will reach you another way than by this phone.');
    const role = suspended ? ` ${suspendedSentence([n])}` : '';
    return privateAnswer(
      untouched
        ? `Thank you. I have taken back your report INC-${n} and told the helpdesk.${role}`
        : 'Thank you. I have told the helpdesk; they will reach you another way than by this phone.',
    );
  },
});

/** So many reports of a day an owner takes back alone: what is lost and found more often the helpdesk closes. */
const mostTakenBack = 2;

async function takenBack(change: Change, owner: PersonGuid): Promise<number> {
  const { count } = await change.tx
    .selectFrom('incident')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('personGuid', '=', owner)
    .where('closedBy', '=', owner)
    .where('closedAt', '>', after(change.now, -day))
    .executeTakeFirstOrThrow();
  return Number(count);
}
