import { z } from 'zod';
import { MislaidError } from '../errors.ts';
import { record } from '../incidents/timeline.ts';
import { chooseDevice, DeviceArgument, IncidentArgument, incidentFor, openIncidentOnly, said } from './choose.ts';
import { defineCommand } from './command.ts';
import { VerifiedArgs, verifiedForm, verifiedProblems } from './verified.ts';

/** States in which Exchange may hold a request that can be taken back or given up. */
const asked: readonly string[] = ['requested', 'sent', 'refused-by-device', 'not-reported'];

export const cancelWipe = defineCommand({
  id: 'cancel-wipe',
  patterns: ['cancel wipe <incident> [<device>] [because <reason...>]'],
  examples: ['cancel wipe INC-104', 'cancel wipe INC-104 1 because the phone was found'],
  args: z.object({ incident: IncidentArgument, device: DeviceArgument.optional(), ...VerifiedArgs }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  private: true,
  summary: 'Cancel a wipe that the phone has not heard of yet',
  details: 'Only possible until Exchange has handed it to the phone; I read Exchange again to be sure.',
  async run(context, args) {
    const view = await incidentFor(context, args.incident);
    openIncidentOnly(view, context.actor);
    let open = view.wipes.filter((wipe) => asked.includes(wipe.state));
    if (args.device !== undefined) {
      const chosen = chooseDevice(view, args.device, (device) => ({
        command: 'cancel-wipe',
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
        userMessage: `Exchange holds no wipe of INC-${args.incident} that could be cancelled. A proposal that was not carried out yet is taken back with "withdraw INC-${args.incident}".`,
      });
    }
    if (open.length > 1) {
      throw new MislaidError({
        code: 'which-wipe',
        message: 'several wipes are open',
        userMessage: `More than one wipe of INC-${args.incident} is on its way: name the phone, as in "cancel wipe INC-${args.incident} ${wipe.deviceNumber}".`,
      });
    }
    const fieldErrors = verifiedProblems(args);
    if (Object.keys(fieldErrors).length > 0) {
      if (context.via === 'form') return { fieldErrors };
      return {
        form: verifiedForm({
          id: 'cancel-wipe',
          title: 'Cancel the wipe',
          says: 'The request is taken back in Exchange, and read again. Security is told.',
          submit: 'Cancel the wipe',
          reason: args.reason,
          action: { command: 'cancel-wipe', args: { incident: args.incident, device: String(wipe.deviceNumber) } },
        }),
      };
    }
    await context.store.change(async (change) => {
      await record(change, {
        incident: args.incident,
        kind: 'wipe.cancel-asked',
        by: context.actor,
        data: { wipe: wipe.id, reason: args.reason, verified: args.how },
      });
      await change.enqueue(
        'cancel-wipe',
        { wipe: wipe.id, mode: 'cancel', by: context.actor.person.guid, why: String(args.reason) },
        { key: `${wipe.id}-cancel` },
      );
    });
    return said('I am cancelling it in Exchange and will read it back; the thread says how it ended.');
  },
});
