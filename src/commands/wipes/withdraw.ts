import { z } from 'zod';
import { personByGuid } from '../../directory/find.ts';
import { lockApproval } from '../../incidents/approvals/approvals.ts';
import { describeWaiting } from '../../incidents/approvals/waiting.ts';
import { aboutWipe, isHeldBreakGlass, withdrawBreakGlass } from '../../incidents/break-glass/withdraw.ts';
import { type Approval, type IncidentView, loadIncident, type Wipe } from '../../incidents/incident/view.ts';
import { button, buttons, paragraph } from '../../message/text.ts';
import { longestLabel, shortened } from '../../message/words.ts';
import { type Choice, chooseDevice, privateAnswer } from '../arguments.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';
import { refuseOwner } from '../targets.ts';
import { ApprovalArgs, chooseApproval, phoneOf } from './choose-approval.ts';

/** `wipe`: one for which the glass was broken, which has no approval. */
const WithdrawArgs = ApprovalArgs.extend({ wipe: z.number().int().positive().optional() });

export const withdrawCommand = defineCommand({
  id: 'withdraw',
  topic: 'wipes',
  patterns: ['withdraw <incident> [<device>]'],
  examples: ['withdraw INC-104', 'withdraw INC-104 1'],
  args: WithdrawArgs,
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  summary: 'Take back a request before it is carried out',
  async run(context, args) {
    const { store, approvals, policy, actor } = context;
    const chosen = await chooseWithdrawal(context, args);
    if (chosen.kind === 'answer') return chosen.answer;
    const { what, approval, breakGlass } = chosen.value;
    await refuseOwnerOf(context, chosen.value);
    const done = await store.change(async (change) => {
      if (breakGlass !== undefined) return withdrawBreakGlass(change, policy, { ...breakGlass, by: actor });
      const locked = await lockApproval(change, approval.id);
      return approvals.end(change, policy, locked, 'withdrawn', { by: actor, why: null });
    });
    if (!done)
      throw refusal(
        'too-late-to-withdraw',
        `Too late to withdraw “${what}”: it was decided or carried out already. Its card says how far it got.`,
      );
    return privateAnswer(`Withdrawn: ${what}. Nothing was asked of Exchange.`);
  },
});

/** Whose phone it is takes back only what they asked for themselves. */
async function refuseOwnerOf(context: CommandContext, { approval, breakGlass }: Withdrawal): Promise<void> {
  if (breakGlass !== undefined) return refuseOwner(context, breakGlass.view.owner);
  if (approval.ownerGuid === null || approval.requestedBy === context.actor.person.guid) return;
  const owner = await personByGuid(context.store.db, approval.ownerGuid);
  if (owner !== undefined) await refuseOwner(context, owner);
}

type Withdrawal =
  | { what: string; approval: Approval; breakGlass?: never }
  | { what: string; approval?: never; breakGlass: { view: IncidentView; wipe: Wipe } };

/** What is meant of all that can be taken back on an incident; several: a choice that names each. */
async function chooseWithdrawal(
  context: CommandContext,
  args: z.infer<typeof WithdrawArgs>,
): Promise<Choice<Withdrawal>> {
  const { store, approvals } = context;
  // A button that names a request is about that one.
  const named = args.incident === undefined || args.approval !== undefined;
  const view = named ? undefined : await loadIncident(store.db, args.incident ?? 0);
  const device =
    view === undefined || args.device === undefined ? undefined : chooseDevice(view, 'withdraw', { ...args });
  const held = (view?.wipes ?? []).filter(
    (wipe) =>
      isHeldBreakGlass(wipe) &&
      (args.wipe === undefined || args.wipe === wipe.id) &&
      (device?.kind !== 'one' || device.value.number === wipe.deviceNumber),
  );
  const open = (view?.approvals ?? []).filter(
    (approval) =>
      (approval.state === 'waiting' || approval.state === 'approved') &&
      (device?.kind !== 'one' || phoneOf({ wipes: view?.wipes ?? [] }, approval) === device.value.number),
  );
  const [only, ...more] = held;
  if (args.wipe !== undefined && only === undefined) {
    throw refusal(
      'too-late-to-withdraw',
      'Too late to withdraw it: it is not held any more. Its card says how far it got.',
    );
  }
  if (view !== undefined && only !== undefined && (args.wipe !== undefined || open.length > 0 || more.length > 0)) {
    if (args.wipe !== undefined) return one({ what: aboutWipe(view, only), breakGlass: { view, wipe: only } });
    const described = await describeWaiting(approvals, store.db, open);
    const blocks = [
      paragraph(`More than one request of INC-${view.incident.number} can be taken back. Which one do you withdraw?`),
      buttons(
        ...described.map(({ approval, what }) =>
          button(shortened(what, longestLabel), 'withdraw', { approval: approval.id }),
        ),
        ...held.map((wipe) =>
          button(shortened(aboutWipe(view, wipe), longestLabel), 'withdraw', {
            incident: view.incident.number,
            wipe: wipe.id,
          }),
        ),
      ),
    ];
    return { kind: 'answer', answer: { private: { tone: 'neutral', blocks } } };
  }
  if (view !== undefined && only !== undefined)
    return one({ what: aboutWipe(view, only), breakGlass: { view, wipe: only } });
  const chosen = await chooseApproval(context, args, 'withdraw');
  if (chosen.kind === 'answer') return chosen;
  const { what } = await approvals.content(store.db, chosen.value.approval);
  return one({ what, approval: chosen.value.approval });
}

function one(value: Withdrawal): Choice<Withdrawal> {
  return { kind: 'one', value };
}
