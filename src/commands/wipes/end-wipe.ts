/** Cancelling and giving up a wipe: both take the request back in Exchange, for a verified caller and with a reason. */
import { z } from 'zod';
import { record } from '../../incidents/incident/timeline.ts';
import type { DraftAnswer } from '../../message/model.ts';
import {
  chooseDevice,
  DeviceArgument,
  IncidentArgument,
  incidentFor,
  privateAnswer,
  requireOpenIncident,
} from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';
import { VerifiedArgs, verifiedForm, verifiedProblems } from '../verified-caller.ts';

/** States in which Exchange may hold a request that can be taken back or given up. */
const asked: readonly string[] = ['requested', 'sent', 'refused-by-device', 'not-reported'];

export const EndWipeArgs = z.object({
  incident: IncidentArgument,
  device: DeviceArgument.optional(),
  ...VerifiedArgs,
});
export type EndWipeArgs = z.infer<typeof EndWipeArgs>;

/** What the two commands differ in. */
export type WipeEnding = {
  readonly command: 'cancel-wipe' | 'give-up';
  readonly mode: 'cancel' | 'give-up';
  /** As it is typed before the incident's number. */
  readonly typed: string;
  /** "no wipe that could be …". */
  readonly done: string;
  readonly event: 'wipe.cancel-asked' | 'wipe.give-up-asked';
  /** The form's title, and its button. */
  readonly title: string;
  readonly says: string;
  readonly answer: string;
};

/** Finds the one wipe that Exchange holds, asks for reason and verification, and hands it to the job that takes it back. */
export async function endWipe(context: CommandContext, args: EndWipeArgs, ending: WipeEnding): Promise<DraftAnswer> {
  const view = await incidentFor(context, args.incident);
  requireOpenIncident(view, context.actor);
  let open = view.wipes.filter((wipe) => asked.includes(wipe.state));
  if (args.device !== undefined) {
    const chosen = chooseDevice(view, args.device, (device) => ({
      command: ending.command,
      args: { ...args, device: String(device) },
    }));
    if (chosen.kind === 'answer') return chosen.answer;
    open = open.filter((wipe) => wipe.deviceNumber === chosen.value.number);
  }
  const [wipe] = open;
  if (wipe === undefined) {
    throw refusal(
      'no-wipe-to-end',
      `Exchange holds no wipe of INC-${args.incident} that could be ${ending.done}. A proposal that was not carried out yet is taken back with "withdraw INC-${args.incident}".`,
    );
  }
  if (open.length > 1) {
    throw refusal(
      'which-wipe',
      `More than one wipe of INC-${args.incident} is on its way: name the phone, as in "${ending.typed} INC-${args.incident} ${wipe.deviceNumber}".`,
    );
  }
  const fieldErrors = verifiedProblems(args);
  if (Object.keys(fieldErrors).length > 0) {
    if (context.via === 'form') return { fieldErrors };
    return {
      form: verifiedForm({
        id: ending.command,
        title: ending.title,
        says: ending.says,
        submit: ending.title,
        reason: args.reason,
        action: { command: ending.command, args: { incident: args.incident, device: String(wipe.deviceNumber) } },
      }),
    };
  }
  await context.store.change(async (change) => {
    await record(change, {
      incident: args.incident,
      kind: ending.event,
      by: context.actor,
      data: { wipe: wipe.id, reason: args.reason, verified: args.how },
    });
    await change.enqueue(
      'cancel-wipe',
      { wipe: wipe.id, mode: ending.mode, by: context.actor.person.guid, why: String(args.reason) },
      { key: `${wipe.id}-${ending.mode}` },
    );
  });
  return privateAnswer(ending.answer);
}

export const cancelWipeCommand = defineCommand({
  id: 'cancel-wipe',
  topic: 'wipes',
  patterns: ['cancel wipe <incident> [<device>] [because <reason...>]'],
  examples: ['cancel wipe INC-104', 'cancel wipe INC-104 1 because the phone was found'],
  args: EndWipeArgs,
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  summary: 'Cancel a wipe that the phone has not heard of yet',
  details: 'Only possible until Exchange has handed it to the phone; I read Exchange again to be sure.',
  run: (context, args) =>
    endWipe(context, args, {
      command: 'cancel-wipe',
      mode: 'cancel',
      typed: 'cancel wipe',
      done: 'cancelled',
      event: 'wipe.cancel-asked',
      title: 'Cancel the wipe',
      says: 'The request is taken back in Exchange, and read again. Security is told.',
      answer: 'I am cancelling it in Exchange and will read it back; the thread says how it ended.',
    }),
});

export const giveUpCommand = defineCommand({
  id: 'give-up',
  topic: 'wipes',
  patterns: ['give up <incident> [<device>] [because <reason...>]'],
  examples: ['give up INC-104', 'give up INC-104 because nobody knows where it is'],
  args: EndWipeArgs,
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  summary: 'Stop waiting for a phone to hear of its wipe',
  details:
    'The wipe is cancelled in Exchange first and read back; only then may the phone be blocked and the password reset.',
  run: (context, args) =>
    endWipe(context, args, {
      command: 'give-up',
      mode: 'give-up',
      typed: 'give up',
      done: 'given up',
      event: 'wipe.give-up-asked',
      title: 'Give up the wipe',
      says: 'The wipe is cancelled in Exchange first. If it cannot be cancelled, this phone will still be erased if it connects. Security is told.',
      answer: 'I am cancelling it in Exchange first and will read it back; the thread says how it ended.',
    }),
});
