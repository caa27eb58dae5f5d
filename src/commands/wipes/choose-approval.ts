import type { Approval } from '../../incidents/incident/view.ts';
import { buttons, paragraph } from '../../message/text.ts';
import { type Choice, chooseDevice, incidentFor } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { refusal } from '../refusal.ts';

/**
 * The waiting approval that a click names, or the one waiting on an incident (and device) that a sentence names.
 * Several: a choice. None: says so.
 */
export async function chooseApproval(
  context: CommandContext,
  args: { approval?: number | undefined; incident?: number | undefined; device?: string | undefined },
  command: 'approve' | 'deny' | 'withdraw',
): Promise<Choice<Approval>> {
  const { db } = context.store;
  if (args.approval !== undefined) {
    const approval = await db.selectFrom('approval').selectAll().where('id', '=', args.approval).executeTakeFirst();
    if (approval === undefined)
      throw refusal('no-such-approval', 'There is no such request any more. Say "approvals" to see what waits.');
    return { kind: 'one', value: approval };
  }
  const number = args.incident ?? 0;
  const view = await incidentFor(context, number);
  const states = command === 'withdraw' ? ['waiting', 'approved'] : ['waiting'];
  let waiting = view.approvals.filter((approval) => states.includes(approval.state));
  if (args.device !== undefined && waiting.length > 0) {
    const device = chooseDevice(view, args.device, (chosen) => ({
      command,
      args: { incident: number, device: chosen },
    }));
    if (device.kind === 'answer') return device;
    const subjects = new Set(
      view.wipes.filter((wipe) => wipe.deviceNumber === device.value.number).map((wipe) => String(wipe.id)),
    );
    waiting = waiting.filter((approval) => approval.subjectKind !== 'wipe' || subjects.has(approval.subjectId));
  }
  const [first] = waiting;
  if (first === undefined) {
    throw refusal('nothing-waits', `Nothing on INC-${number} waits for a decision. Say "approvals" to see what does.`);
  }
  if (waiting.length === 1) return { kind: 'one', value: first };
  return {
    kind: 'answer',
    answer: {
      private: {
        tone: 'neutral',
        blocks: [
          paragraph(`More than one request waits on INC-${number}. Which one?`),
          buttons(
            ...waiting.map((approval) => ({
              label: `${approval.subjectKind} ${approval.subjectId}`,
              action: { command, args: { approval: approval.id } },
            })),
          ),
        ],
      },
    },
  };
}
