import { z } from 'zod';
import type { Actor } from '../../directory/actor.ts';
import { unfinishedOfOthers } from '../../incidents/devices/held-requests.ts';
import { replyOnIncident } from '../../incidents/incident/reply.ts';
import { record } from '../../incidents/incident/timeline.ts';
import { type IncidentView, loadIncident } from '../../incidents/incident/view.ts';
import { lockIncident } from '../../incidents/lock-order.ts';
import { closeSuspensions } from '../../incidents/roles/suspension.ts';
import { outcomeWord } from '../../incidents/wipe/machine.ts';
import { stillErased } from '../../incidents/wipe/scope.ts';
import { paragraph } from '../../message/text.ts';
import { notify } from '../../notices/notify.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import type { WipeScope } from '../../store/tables/wipes.ts';
import { IncidentArgument, privateAnswer } from '../arguments.ts';
import { mayBeHeld } from '../held-wipes.ts';
import { refusal } from '../refusal.ts';
import { defineIncidentCommand } from '../targets.ts';
import { reasonField } from '../verified-caller.ts';

export const closeCommand = defineIncidentCommand({
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
  intents: [{ title: 'Close a case', needs: ['close', 'case'], likes: ['here'], about: 'case' }],
  summary: 'Close an incident',
  details:
    'While Exchange still holds a request you must tick that what it erases will still be erased if the phone connects; the watch goes on.',
  async run(context, args, view) {
    if (view.incident.state === 'closed') return privateAnswer(`INC-${args.incident} is closed already.`);
    refuseUndecided(view);
    if (holdsRequest(view) && args.stillErased !== true) {
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
              label: `I know that ${stillErased(heldScopes(view))}`,
              required: true,
            },
            reasonField({ multiline: false, required: false, initial: args.reason }),
          ],
          submit: { label: 'Close', style: 'danger', action: { command: 'close', args: { incident: args.incident } } },
        },
      };
    }
    const reason = (args.reason ?? '').trim();
    await context.store.change(async (change) => {
      // A wipe may have been proposed, or asked of Exchange, since this was looked at.
      await lockIncident(change, args.incident);
      const now = await loadIncident(change.tx, args.incident);
      if (now.incident.state === 'closed') return;
      refuseUndecided(now);
      if (holdsRequest(now) && args.stillErased !== true) {
        throw refusal('wipe-held', `Exchange holds a wipe of INC-${args.incident} by now. Say "close" again.`);
      }
      for (const approval of now.approvals.filter(({ state }) => state === 'waiting')) {
        const why = `INC-${args.incident} was closed by ${context.actor.person.displayName}.`;
        await context.approvals.end(change, context.policy, approval, 'voided', { by: null, why });
      }
      const suspended = await closeIncident(change, context.policy, now, context.actor, reason === '' ? null : reason);
      // No wipe is asked for here any more, and nobody said why the phone needs none.
      if (now.incident.hold === 'open') {
        const line = [
          `closed by ${context.actor.person.displayName} while the hold was open${reason === '' ? '' : `: ${reason}`}`,
        ];
        await notify(change, context.policy, 'closed-on-hold', { incident: args.incident, line });
      }
      await replyOnIncident(
        change,
        args.incident,
        'neutral',
        `INC-${args.incident} is closed`,
        ` by ${context.actor.person.displayName}.${now.incident.hold === 'open' ? ' The hold was still open: nobody said that the password may be reset.' : ''}${suspended ? ` ${now.owner.displayName} stays suspended until security or an admin says "restore ${now.owner.displayName} because …".` : ''}`,
      );
    });
    return {};
  },
});

/** Throws MislaidError `wipe-undecided`. */
function refuseUndecided({ incident, wipes }: IncidentView): void {
  const undecided = wipes.find((wipe) => ['awaiting-approval', 'approved', 'issuing'].includes(wipe.state));
  if (undecided === undefined) return;
  throw refusal(
    'wipe-undecided',
    `INC-${incident.number} cannot be closed yet: a wipe is ${outcomeWord(undecided.state)}. ${undecided.state === 'issuing' ? 'Wait until that is known.' : `Decide it, or say "withdraw INC-${incident.number}".`}`,
  );
}

export function holdsRequest(view: IncidentView): boolean {
  return heldScopes(view).length > 0;
}

/** Whoever asked for it: the phone is erased all the same. */
function heldScopes({ wipes, devices, ownRequests }: IncidentView): WipeScope[] {
  const own = wipes.filter((wipe) => mayBeHeld(wipe) || wipe.exchangeHolds);
  const others = devices
    .filter(({ present }) => present)
    .flatMap(({ guid, facts }) => unfinishedOfOthers(facts, ownRequests.get(guid)));
  return [...own, ...others].map(({ scope }) => scope);
}

/** Answers whether its owner stays suspended: closing gives nobody a role back. */
export async function closeIncident(
  change: Change,
  policy: Policy,
  view: IncidentView,
  by: Actor,
  closeReason: string | null,
): Promise<boolean> {
  const { number } = view.incident;
  await change.tx
    .updateTable('incident')
    .set({ state: 'closed', closedAt: change.now, closedBy: by.person.guid, closeReason })
    .where('number', '=', number)
    .where('state', '=', 'open')
    .execute();
  const data = { exchangeHolds: holdsRequest(view) };
  await record(change, { incident: number, kind: 'incident.closed', by, data });
  return closeSuspensions(change, policy, number, view.owner);
}
