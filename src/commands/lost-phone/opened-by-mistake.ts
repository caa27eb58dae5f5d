import { z } from 'zod';
import { endHold } from '../../incidents/hold/hold.ts';
import { replyOnIncident } from '../../incidents/incident/reply.ts';
import { record } from '../../incidents/incident/timeline.ts';
import { type IncidentView, loadIncident } from '../../incidents/incident/view.ts';
import { lockIncident } from '../../incidents/lock-order.ts';
import { paragraph } from '../../message/text.ts';
import { notify } from '../../notices/notify.ts';
import { IncidentArgument, privateAnswer, requireOpenIncident } from '../arguments.ts';
import { refusal } from '../refusal.ts';
import { defineIncidentCommand } from '../targets.ts';
import { reasonField } from '../verified-caller.ts';
import { closeIncident, holdsRequest } from './close.ts';

/** Nobody's phone was lost, and so none was found: the case ends without a word about its owner. */
export const openedByMistakeCommand = defineIncidentCommand({
  id: 'opened-by-mistake',
  topic: 'lost-phone',
  patterns: ['opened by mistake <incident> [because <reason...>]', '<incident> was opened by mistake'],
  examples: ['opened by mistake INC-104', 'opened by mistake INC-104 because I chose the wrong Alice'],
  args: z.object({ incident: IncidentArgument, reason: z.string().max(1000).optional() }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  intents: [
    {
      title: 'Close a case that was opened by mistake',
      needs: ['mistaken', 'case'],
      likes: ['open', 'cases'],
      about: 'case',
    },
  ],
  summary: 'Close a case that was opened by mistake: no phone counts as lost, or as found',
  details:
    'Only while nothing but reading has happened: once something was asked of Exchange, or somebody else reported the phone, it ends by "found" or "close".',
  mustBeOpen: true,
  async run(context, { incident, reason = '' }, view) {
    const { store, policy, actor, approvals } = context;
    refuseMore(view);
    if (reason.trim().length < 3) {
      const missing = 'Say how it came about, in a few words.';
      if (context.via === 'form') return { fieldErrors: { reason: missing } };
      return {
        form: {
          id: 'opened-by-mistake',
          title: 'Opened by mistake',
          intro: [
            paragraph(
              `INC-${incident} closes. What waits is withdrawn, nothing is asked of Exchange, and nothing is said about a phone of ${view.owner.displayName}. Security reads your reason.`,
            ),
          ],
          fields: [reasonField({ multiline: false, hint: 'For example: wrong person chosen.' })],
          submit: { label: 'Close as mistake', action: { command: 'opened-by-mistake', args: { incident } } },
        },
      };
    }
    const who = actor.person.displayName;
    await store.change(async (change) => {
      // Something may have been asked of Exchange, or the owner may have reported it, too, since this was looked at.
      await lockIncident(change, incident);
      const now = await loadIncident(change.tx, incident);
      requireOpenIncident(now, actor);
      refuseMore(now);
      for (const approval of now.approvals.filter(({ state }) => state === 'waiting'))
        await approvals.end(change, policy, approval, 'withdrawn', {
          by: actor,
          why: 'The case was opened by mistake.',
        });
      await record(change, {
        incident,
        kind: 'incident.opened-by-mistake',
        by: actor,
        data: { reason: reason.trim() },
      });
      await endHold(change, incident, actor, 'The case was opened by mistake: nothing was asked of Exchange.');
      const suspended = await closeIncident(change, policy, now, actor, reason.trim());
      const name = now.owner.displayName;
      await replyOnIncident(
        change,
        incident,
        'neutral',
        `INC-${incident} was opened by mistake, and is closed`,
        ` by ${who}. Nothing was asked of Exchange.${suspended ? ` ${name} stays suspended until security or an admin says "restore ${name} because …".` : ''}`,
      );
      await notify(change, policy, 'opened-by-mistake', {
        incident,
        line: [`closed by ${who} as opened by mistake: ${reason.trim()}`],
      });
    });
    return privateAnswer(`INC-${incident} is closed as opened by mistake. Nothing was asked of Exchange.`);
  },
});

/** States in which Exchange was surely never asked. */
const neverAsked: readonly string[] = ['awaiting-approval', 'denied', 'withdrawn', 'expired', 'voided'];

/** Throws MislaidError `more-than-a-mistake`: something was done, or others reported it, which "mistake" would hide. */
function refuseMore(view: IncidentView): void {
  const { incident, events, wipes } = view;
  const n = incident.number;
  const wipe = wipes.find(({ state }) => !neverAsked.includes(state));
  const others = events.some(
    (event) =>
      (event.kind === 'incident.reported-again' && event.actorGuid !== incident.openedBy) ||
      event.kind === 'owner.reported-lost',
  );
  const changed = events.some(({ kind }) => kind === 'device.block-asked' || kind === 'device.remove-asked');
  const why = incident.byOwner
    ? 'its owner reported it'
    : incident.openedBy === null
      ? 'nobody opened it: Exchange showed a wipe'
      : others
        ? 'somebody else has reported the phone, too'
        : wipe !== undefined || holdsRequest(view)
          ? 'a wipe was approved, or asked of Exchange'
          : changed
            ? 'a phone was blocked or removed, or that was asked for'
            : undefined;
  if (why === undefined) return;
  throw refusal(
    'more-than-a-mistake',
    `INC-${n} is more than a mistake: ${why}. If no phone is lost, say "found INC-${n}" once the owner was verified; else say "close INC-${n}".`,
  );
}
