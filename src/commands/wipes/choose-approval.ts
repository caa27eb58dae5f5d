import { z } from 'zod';
import { describeWaiting } from '../../incidents/approvals/waiting.ts';
import { type Approval, type IncidentView, loadIncident } from '../../incidents/incident/view.ts';
import { button, buttons, list, paragraph } from '../../message/text.ts';
import { longestLabel, shortened } from '../../message/words.ts';
import { type Choice, chooseDevice, DeviceArgument, IncidentArgument } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { refusal } from '../refusal.ts';

export const ApprovalArgs = z.object({
  approval: z.number().int().positive().optional(),
  incident: IncidentArgument.optional(),
  device: DeviceArgument.optional(),
});

/**
 * The waiting approval that a click names, or the one waiting on an incident (and device) that a sentence names.
 * Several: a choice. None: says so. With the incident, where it was read for that.
 */
export async function chooseApproval(
  context: CommandContext,
  args: z.infer<typeof ApprovalArgs> & { reason?: string | undefined },
  command: 'approve' | 'deny' | 'withdraw',
): Promise<Choice<{ approval: Approval; view?: IncidentView }>> {
  const { db } = context.store;
  const { reason } = args;
  if (args.approval !== undefined) {
    const approval = await db.selectFrom('approval').selectAll().where('id', '=', args.approval).executeTakeFirst();
    if (approval === undefined)
      throw refusal('no-such-approval', 'There is no such request any more. Say "approvals" to see what waits.');
    return { kind: 'one', value: { approval } };
  }
  const incident = args.incident ?? 0;
  const view = await loadIncident(db, incident);
  const device = args.device === undefined ? undefined : chooseDevice(view, command, { incident, device: args.device });
  const states = command === 'withdraw' ? ['waiting', 'approved'] : ['waiting'];
  const open = view.approvals.filter(({ state }) => states.includes(state));
  if (device?.kind === 'answer' && open.length > 0) return device;
  const isMeant = (approval: Approval) => device?.kind !== 'one' || phoneOf(view, approval) === device.value.number;
  const [first, ...others] = open.filter(isMeant);
  if (first === undefined)
    throw refusal(
      'nothing-waits',
      `Nothing ${device?.kind === 'one' ? `about phone ${device.value.number} of` : 'on'} INC-${incident} waits for a decision. Say "approvals" to see what does.`,
    );
  if (others.length === 0) return { kind: 'one', value: { approval: first, view } };
  const waiting = await describeWaiting(context.approvals, db, [first, ...others]);
  const blocks = [
    paragraph(`More than one request waits on INC-${incident}. Which one do you ${command}?`),
    list(...waiting.map(({ line }) => line)),
    buttons(
      ...waiting.map(({ approval: { id }, what, shown }) =>
        button(
          shortened(what, longestLabel),
          command,
          // Who denies has read the line; who approves is shown the whole first.
          command === 'deny'
            ? { approval: id, ...shown, ...(reason === undefined ? {} : { reason }) }
            : { approval: id },
        ),
      ),
    ),
  ];
  return { kind: 'answer', answer: { private: { tone: 'neutral', blocks } } };
}

/** The number of the phone that a request is about; undefined: about none. */
export function phoneOf(
  { wipes }: Pick<IncidentView, 'wipes'>,
  { subjectKind, subjectId, payload }: Pick<Approval, 'subjectKind' | 'subjectId' | 'payload'>,
): number | undefined {
  if (subjectKind !== 'wipe') return typeof payload.device === 'number' ? payload.device : undefined;
  return wipes.find(({ id }) => String(id) === subjectId)?.deviceNumber;
}
