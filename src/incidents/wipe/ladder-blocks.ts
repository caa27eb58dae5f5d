/** Of a wipe that does not get through: the ladder of next steps, what each one costs, and its buttons. */
import type { Block, Button, Intent } from '../../message/model.ts';
import { button, buttons, list, paragraph, strong, text, time } from '../../message/text.ts';
import { longestLabel } from '../../message/words.ts';
import type { Policy } from '../../policy.ts';
import { phoneName } from '../devices/device.ts';
import { contactKnown } from '../devices/reachability.ts';
import type { IncidentView, Wipe } from '../incident/view.ts';
import { ladder, ladderOfRefusal, type Rung } from '../plan-b/rules.ts';

/** It was not reached, or that is not known: what there is to decide, cheapest first. */
export function notReached(wipe: Wipe, view: IncidentView, policy: Policy): Block<Intent>[] {
  const device = view.devices.find((candidate) => candidate.number === wipe.deviceNumber);
  const isContactKnown = device !== undefined && contactKnown({ device: device.facts, online: undefined });
  const lastTried = device?.facts.lastAttempt ?? device?.facts.lastSync ?? null;
  const n = wipe.incidentNumber;
  return [
    paragraph(
      ...(wipe.unreadSince === null
        ? [
            strong('Not reached'),
            ...(wipe.requestedAt === null ? [] : [' since the request, ', time(wipe.requestedAt)]),
            ' (its longest wait would have ended by now). The phone last tried: ',
          ]
        : [
            strong('Not known whether it was reached'),
            ': Exchange has not said since ',
            time(wipe.unreadSince),
            ' how this wipe stands. Before, the phone last tried: ',
          ]),
      lastTried !== null ? time(lastTried) : isContactKnown ? 'never' : 'not known',
      `. ${securityWasTold(policy)} Next steps, cheapest first, and what each one costs:`,
    ),
    rungs(ladder),
    buttons(
      button('Keep waiting 4 h', 'keep-waiting', { incident: n, hours: 4 }, { epoch: view.incident.planBRaisedTimes }),
      button(
        wipeLabel('Give up wipe', wipe, view),
        'give-up',
        { incident: n, device: String(wipe.deviceNumber) },
        { style: 'danger' },
      ),
    ),
  ];
}

/** It was told and does not obey: that no answer came is known, and waiting for one helps nobody. */
export function refusedBlocks(wipe: Wipe, view: IncidentView, policy: Policy): Block<Intent>[] {
  const n = wipe.incidentNumber;
  return [
    paragraph(
      strong('The phone refuses the wipe'),
      `: it was told more than once, has connected since and does not acknowledge it. ${securityWasTold(policy)} Next steps, cheapest first, and what each one costs:`,
    ),
    rungs(ladderOfRefusal),
    buttons(
      button(
        wipeLabel('Give up wipe', wipe, view),
        'give-up',
        { incident: n, device: String(wipe.deviceNumber) },
        { style: 'danger' },
      ),
      ...(view.incident.hold === 'open' ? [button('Reset the password anyway…', 'reset-anyway', { incident: n })] : []),
      ...removalButtons(wipe, view),
    ),
  ];
}

/** Of a phone that was found after it was told: the only way left. */
export function removalButtons(wipe: Wipe, view: IncidentView): Button<Intent>[] {
  if (view.timeline.found === undefined) return [];
  const row = { incident: wipe.incidentNumber, device: String(wipe.deviceNumber) };
  return [button(wipeLabel('Save it: remove partnership', wipe, view), 'remove-device', row, { style: 'danger' })];
}

/** "Cancel wipe of 1 iPhone 15 …9F3A": a card may hold several wipes, so each button says which it means. */
export function wipeLabel(does: string, wipe: Wipe, { devices }: IncidentView): string {
  const device = devices.find(({ number }) => number === wipe.deviceNumber);
  const before = `${does} of ${wipe.deviceNumber}`;
  return device === undefined ? before : `${before} ${phoneName(device.facts, longestLabel - before.length - 1)}`;
}

function securityWasTold({ channels }: Policy): string {
  return `Security was told${channels.security.length === 0 ? ' nowhere: policy names no security channel' : ''}.`;
}

function rungs(steps: readonly Rung[]): Block<Intent> {
  return list(
    ...steps.map((rung) =>
      text(strong(rung.does), ` — ${rung.costs}${rung.endsWipe ? ' (ends the chance of a wipe)' : ''}`),
    ),
  );
}
