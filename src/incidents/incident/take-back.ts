/** Once a case is over: what it did on the way and may be taken back, and how the phone, or the one after it, is used again. */
import type { Block, Button, Intent, Text } from '../../message/model.ts';
import { button, buttons, list, paragraph, strong, text } from '../../message/text.ts';
import { phoneName } from '../devices/device.ts';
import { isOpen } from '../wipe/state.ts';
import type { IncidentDevice, IncidentView } from './view.ts';

/** Nothing while a wipe may still be on its way, or while nobody has said how it ended. */
export function takeBackBlocks(view: IncidentView): Block<Intent>[] {
  if (!isOver(view)) return [];
  const items = [...blockedPhones(view), ...disabledAccount(view), ...againOnPhones(view)];
  if (items.length === 0) return [];
  const row = view.devices.filter((device) => isBlocked(view, device)).map((device) => unblock(view, device));
  return [
    paragraph(strong('To take back, and to use a phone again:')),
    list(...items),
    ...(row.length === 0 ? [] : [buttons(...row)]),
  ];
}

function isOver({ incident, timeline, wipes }: IncidentView): boolean {
  if (wipes.some(({ state }) => isOpen(state))) return false;
  return (
    incident.state === 'closed' ||
    timeline.found !== undefined ||
    (incident.hold === 'closed' && wipes.some(({ state }) => state === 'acknowledged' || state === 'cancelled'))
  );
}

function isBlocked({ timeline }: IncidentView, { number }: IncidentDevice): boolean {
  return timeline.blocked.has(number);
}

function unblock({ incident }: IncidentView, { number, facts }: IncidentDevice): Button<Intent> {
  const row = { incident: incident.number, device: String(number) };
  return button(`Unblock ${number} ${phoneName(facts, 40)}`, 'unblock-device', row);
}

function blockedPhones(view: IncidentView): Text[] {
  return view.devices
    .filter((device) => isBlocked(view, device))
    .map(({ number, facts }) =>
      text(
        strong(`Phone ${number} · ${phoneName(facts)} is blocked`),
        ' since this case: it gets no mail until it is unblocked.',
      ),
    );
}

/** The account is not disabled here, so neither is it enabled here. */
function disabledAccount({ owner }: IncidentView): Text[] {
  if (owner.accountEnabled !== false || owner.mailboxType === 'shared') return [];
  return [
    text(
      strong('The account is disabled.'),
      ' If that was for this case, somebody with the rights enables it again in the directory; I cannot.',
    ),
  ];
}

function againOnPhones({ devices, wipes, timeline, incident }: IncidentView): Text[] {
  const changed = timeline.ticks.some(({ step }) => step === 'password');
  const password = changed ? ' with the new password' : '';
  const items: Text[] = [];
  const wiped = devices.filter(({ number }) =>
    wipes.some((wipe) => wipe.deviceNumber === number && wipe.state === 'acknowledged'),
  );
  const still = wiped.filter(({ present }) => present);
  // While the case is open its own button stands above.
  if (still.length > 0 && incident.state === 'closed')
    items.push(
      text(
        strong('Before that phone is used again, remove its partnership'),
        `, else it is wiped again ("remove device INC-${incident.number} ${still[0]?.number}").`,
      ),
    );
  const removed = devices.some(({ number, present }) => !present && timeline.removed.has(number));
  if (wiped.length > 0 || removed)
    items.push(
      text(
        strong('The same phone or its successor'),
        `: add the work account on it${password}. It comes as a new partnership; where Exchange quarantines new phones, an administrator allows it.`,
      ),
    );
  else if (changed && timeline.found?.none !== true)
    items.push(text(strong('The phone'), ': enter the new password in its mail app.'));
  if (timeline.ticks.some(({ step }) => step === 'sim'))
    items.push(text(strong('The SIM'), ': the carrier activates it again, or sends another.'));
  return items;
}
