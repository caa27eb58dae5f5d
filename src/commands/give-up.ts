import { z } from 'zod';
import { MislaidError } from '../errors.ts';
import { record } from '../incidents/timeline.ts';
import { chooseDevice, DeviceArgument, IncidentArgument, incidentFor, openIncidentOnly, said } from './choose.ts';
import { defineCommand } from './command.ts';
import { VerifiedArgs, verifiedForm, verifiedProblems } from './verified.ts';

/** States in which Exchange may hold a request that can be taken back or given up. */
const asked: readonly string[] = ['requested', 'sent', 'refused-by-device', 'not-reported'];

export const giveUp = defineCommand({
  id: 'give-up',
  patterns: ['give up <incident> [<device>] [because <reason...>]'],
  examples: ['give up INC-104', 'give up INC-104 because nobody knows where it is'],
  args: z.object({ incident: IncidentArgument, device: DeviceArgument.optional(), ...VerifiedArgs }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'change',
  private: true,
  summary: 'Stop waiting for a phone to hear of its wipe',
  details:
    'The wipe is cancelled in Exchange first and read back; only then may the phone be blocked and the password reset.',
  async run(context, args) {
    const view = await incidentFor(context, args.incident);
    openIncidentOnly(view, context.actor);
    let open = view.wipes.filter((wipe) => asked.includes(wipe.state));
    if (args.device !== undefined) {
      const chosen = chooseDevice(view, args.device, (device) => ({
        command: 'give-up',
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
        userMessage: `Exchange holds no wipe of INC-${args.incident} that could be given up. A proposal that was not carried out yet is taken back with "withdraw INC-${args.incident}".`,
      });
    }
    if (open.length > 1) {
      throw new MislaidError({
        code: 'which-wipe',
        message: 'several wipes are open',
        userMessage: `More than one wipe of INC-${args.incident} is on its way: name the phone, as in "give up INC-${args.incident} ${wipe.deviceNumber}".`,
      });
    }
    const fieldErrors = verifiedProblems(args);
    if (Object.keys(fieldErrors).length > 0) {
      if (context.via === 'form') return { fieldErrors };
      return {
        form: verifiedForm({
          id: 'give-up',
          title: 'Give up the wipe',
          says: 'The wipe is cancelled in Exchange first. If it cannot be cancelled, this phone will still be erased if it connects. Security is told.',
          submit: 'Give up the wipe',
          reason: args.reason,
          action: { command: 'give-up', args: { incident: args.incident, device: String(wipe.deviceNumber) } },
        }),
      };
    }
    await context.store.change(async (change) => {
      await record(change, {
        incident: args.incident,
        kind: 'wipe.give-up-asked',
        by: context.actor,
        data: { wipe: wipe.id, reason: args.reason, verified: args.how },
      });
      await change.enqueue(
        'cancel-wipe',
        { wipe: wipe.id, mode: 'give-up', by: context.actor.person.guid, why: String(args.reason) },
        { key: `${wipe.id}-give-up` },
      );
    });
    return said('I am cancelling it in Exchange first and will read it back; the thread says how it ended.');
  },
});
