/** Cancelling and giving up a wipe: both take the request back in Exchange, for a verified caller and with a reason. */
import { z } from 'zod';
import { aboutPhone } from '../../incidents/devices/device.ts';
import { record } from '../../incidents/incident/timeline.ts';
import { requireDevice, type Wipe } from '../../incidents/incident/view.ts';
import { button, buttons, paragraph } from '../../message/text.ts';
import { chooseDevice, DeviceArgument, IncidentArgument, privateAnswer } from '../arguments.ts';
import type { Command } from '../command.ts';
import { mayBeHeld } from '../held-wipes.ts';
import { refusal } from '../refusal.ts';
import { defineIncidentCommand } from '../targets.ts';
import { askVerified, VerifiedArgs } from '../verified-caller.ts';

const EndWipeArgs = z.object({ incident: IncidentArgument, device: DeviceArgument.optional(), ...VerifiedArgs });
type EndWipe = Command<z.infer<typeof EndWipeArgs>>;

/** Finds the one wipe that Exchange holds, asks for reason and verification, and hands it to the job that takes it back. */
function defineEnding(
  ending: Pick<EndWipe, 'examples' | 'summary' | 'details' | 'intents'> & {
    readonly id: 'cancel-wipe' | 'give-up';
    readonly mode: 'cancel' | 'give-up';
    /** As it is typed before the incident's number. */
    readonly typed: string;
    /** "no wipe that could be …". */
    readonly done: string;
    /** The form's title, and its button. */
    readonly title: string;
    readonly says: string;
    readonly answer: string;
  },
): EndWipe {
  const { mode, typed, done, title, says, answer, ...texts } = ending;
  return defineIncidentCommand({
    ...texts,
    topic: 'wipes',
    patterns: [`${typed} <incident> [<device>] [because <reason...>]`],
    args: EndWipeArgs,
    roles: ['helpdesk', 'security', 'admin'],
    effect: 'change',
    mustBeOpen: true,
    async run(context, args, view) {
      const { incident, reason, how } = args;
      const { store, actor } = context;
      const chosen = args.device === undefined ? undefined : chooseDevice(view, ending.id, args);
      if (chosen?.kind === 'answer') return chosen.answer;
      const open = view.wipes
        .filter(mayBeHeld)
        .filter(({ deviceNumber }) => chosen === undefined || deviceNumber === chosen.value.number);
      const [wipe, ...others] = open;
      const inDoubt = view.wipes.find(
        ({ state, deviceNumber }) =>
          state === 'issuing' && (chosen === undefined || deviceNumber === chosen.value.number),
      );
      if (wipe === undefined && inDoubt !== undefined) {
        throw refusal(
          'not-known-whether-asked',
          `It is not known yet whether Exchange took the wipe of phone ${inDoubt.deviceNumber}, so it cannot be ${done} yet. I am reading it again, and the card says how it stands.`,
        );
      }
      if (wipe === undefined) {
        throw refusal(
          'no-wipe-to-end',
          `Exchange holds no wipe of INC-${incident} that could be ${done}. A proposal that was not carried out yet is taken back with "withdraw INC-${incident}".`,
        );
      }
      const named = (each: Wipe) =>
        aboutPhone(view.owner.displayName, 'wipe', requireDevice(view, each.deviceNumber).facts, each.scope);
      if (others.length > 0) {
        const row = open.map((each) => button(named(each), ending.id, { ...args, device: String(each.deviceNumber) }));
        const blocks = [
          paragraph(`More than one wipe of INC-${incident} is on its way. Which one is meant?`),
          buttons(...row),
        ];
        return { private: { tone: 'neutral', blocks } };
      }
      const device = String(wipe.deviceNumber);
      const what = named(wipe);
      const form = { id: ending.id, title, says: `${what}. ${says}`, submit: title, args: { incident, device } };
      const asking = askVerified(context, view, args, form);
      if (asking !== undefined) return asking;
      await store.change(async (change) => {
        const data = { wipe: wipe.id, reason, verified: how };
        await record(change, { incident, kind: `wipe.${mode}-asked`, by: actor, data });
        await change.enqueue(
          'cancel-wipe',
          { wipe: wipe.id, mode, by: actor.person.guid, why: String(reason) },
          { key: `${wipe.id}-${mode}` },
        );
      });
      return privateAnswer(`${what}: ${answer}`);
    },
  });
}

export const cancelWipeCommand = defineEnding({
  id: 'cancel-wipe',
  mode: 'cancel',
  typed: 'cancel wipe',
  examples: ['cancel wipe INC-104', 'cancel wipe INC-104 1 because the phone was found'],
  summary: 'Cancel a wipe that the phone has not heard of yet',
  details: 'Only possible until Exchange has handed it to the phone; I read Exchange again to be sure.',
  done: 'cancelled',
  title: 'Cancel the wipe',
  says: 'The request is taken back in Exchange, and read again: nothing is erased. That works until the phone has been told; if it was, I say so and the wipe goes on. Security is told.',
  answer: 'I am cancelling it in Exchange and will read it back; the thread says how it ended.',
});

export const giveUpCommand = defineEnding({
  id: 'give-up',
  mode: 'give-up',
  typed: 'give up',
  intents: [{ title: 'Give up a wipe', needs: ['giveUp', 'case'], likes: ['phone'], about: 'case' }],
  examples: ['give up INC-104', 'give up INC-104 because nobody knows where it is'],
  summary: 'Stop waiting for a phone to hear of its wipe',
  details:
    'The wipe is cancelled in Exchange first and read back; only then may the phone be blocked and the password reset.',
  done: 'given up',
  title: 'Give up the wipe',
  says: 'Nobody waits for this phone any more. The wipe is cancelled in Exchange first; if that is too late, Exchange keeps it, and what it erases will still be erased if the phone connects. Then block the phone and reset the password. Security is told.',
  answer: 'I am cancelling it in Exchange first and will read it back; the thread says how it ended.',
});
