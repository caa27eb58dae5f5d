/** Cancelling and giving up a wipe: both take the request back in Exchange, for a verified caller and with a reason. */
import { z } from 'zod';
import { MislaidError } from '../../ground/errors.ts';
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
    throw new MislaidError({
      code: 'no-wipe-to-end',
      message: `INC-${args.incident}: no wipe that Exchange holds`,
      userMessage: `Exchange holds no wipe of INC-${args.incident} that could be ${ending.done}. A proposal that was not carried out yet is taken back with "withdraw INC-${args.incident}".`,
    });
  }
  if (open.length > 1) {
    throw new MislaidError({
      code: 'which-wipe',
      message: 'several wipes are open',
      userMessage: `More than one wipe of INC-${args.incident} is on its way: name the phone, as in "${ending.typed} INC-${args.incident} ${wipe.deviceNumber}".`,
    });
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
