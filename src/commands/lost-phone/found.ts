import { z } from 'zod';
import { withdrawBreakGlass } from '../../incidents/break-glass/withdraw.ts';
import { closeHold } from '../../incidents/hold/hold.ts';
import { replyOnIncident } from '../../incidents/incident/reply.ts';
import { record } from '../../incidents/incident/timeline.ts';
import { loadIncident } from '../../incidents/incident/view.ts';
import { lockIncident } from '../../incidents/lock-order.ts';
import { notify } from '../../notices/notify.ts';
import { IncidentArgument, privateAnswer, requireOpenIncident } from '../arguments.ts';
import { mayBeHeld } from '../held-wipes.ts';
import { defineIncidentCommand } from '../targets.ts';
import { askVerified, VerifiedArgs } from '../verified-caller.ts';

/** Said by the helpdesk, after they verified the owner. The owner's own `found it` is found-it.ts. */
export const foundCommand = defineIncidentCommand({
  id: 'found',
  topic: 'lost-phone',
  patterns: ['found <incident> [because <reason...>]', '<incident> (is|was) found'],
  examples: ['found INC-104', 'found INC-104 because she has it in her hand'],
  args: z.object({ incident: IncidentArgument, none: z.boolean().optional(), ...VerifiedArgs }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  intents: [{ title: 'Say that a phone was found', needs: ['find', 'case'], about: 'case', strangers: 2 }],
  summary: 'The phone was found, or none of these is lost: proposals are withdrawn and the hold closes',
  mustBeOpen: true,
  async run(context, args, seen) {
    const { store, approvals, policy, actor } = context;
    const none = args.none === true;
    const asking = askVerified(context, seen, args, {
      id: 'found',
      title: none ? 'None of these phones' : 'The phone was found',
      says: none
        ? 'No phone of this mailbox is lost. Open proposals are withdrawn and the hold closes. Security is told.'
        : 'Open proposals are withdrawn. A wipe that Exchange holds must be cancelled apart. Security is told.',
      submit: none ? 'None of these' : 'Found',
      args: { incident: args.incident, ...(args.none === undefined ? {} : { none }) },
    });
    if (asking !== undefined) return asking;
    const { incident, reason, how } = args;
    const who = actor.person.displayName;
    const what = none ? 'none of these phones is lost' : 'found';
    const onTheWay = await store.change(async (change) => {
      // A wipe may have been proposed, or asked of Exchange, since this was looked at.
      await lockIncident(change, incident);
      const view = await loadIncident(change.tx, incident);
      requireOpenIncident(view, actor);
      for (const approval of view.approvals.filter(({ state }) => state === 'waiting' || state === 'approved'))
        await approvals.end(change, policy, approval, 'withdrawn', { by: actor, why: what });
      for (const wipe of view.wipes) await withdrawBreakGlass(change, policy, { view, wipe, by: actor });
      const [onTheWay] = view.wipes.filter((wipe) => wipe.state === 'issuing' || mayBeHeld(wipe));
      await record(change, {
        incident,
        kind: 'incident.found',
        by: actor,
        data: { reason, verified: how, none },
      });
      await replyOnIncident(change, incident, 'success', `INC-${incident}: ${what}`, `, says ${who}: ${reason}`);
      await notify(change, policy, 'device-found', {
        incident,
        line: [`${what}, said by ${who}; owner verified: ${how}`],
      });
      if (onTheWay === undefined) {
        const why = none ? 'No phone is chosen for a wipe.' : 'The phone was found, and no wipe is on its way.';
        await closeHold(change, incident, actor, why);
      }
      return onTheWay;
    });
    if (onTheWay === undefined)
      return privateAnswer(`Noted. No wipe of INC-${incident} is on its way, and the hold is closed.`);
    return privateAnswer(
      onTheWay.state === 'sent' || onTheWay.state === 'refused-by-device'
        ? `Noted, but Exchange has handed the wipe to the phone already. If it must be saved, say "remove device INC-${incident} ${onTheWay.deviceNumber}": a second person must approve.`
        : `Noted, but a wipe is on its way. Cancel it now: "cancel wipe INC-${incident} ${onTheWay.deviceNumber}".`,
    );
  },
});
