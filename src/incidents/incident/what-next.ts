/** What somebody has to do now on an open incident, with its buttons: the first thing on its card. */
import { assertNever } from '../../ground/errors.ts';
import type { Block, Button, Intent } from '../../message/model.ts';
import { button, buttons, note, paragraph, strong } from '../../message/text.ts';
import { deviceButtons } from '../devices/card-blocks.ts';
import { phoneName } from '../devices/device.ts';
import { type Applies, whatApplies } from '../hold/applies.ts';
import { partnershipToRemove, removeButton, tickButtons, tickedBlocks } from '../wipe/follow-up.ts';
import { isOpen } from '../wipe/state.ts';
import { takeBackBlocks } from './take-back.ts';
import type { IncidentDevice, IncidentView } from './view.ts';

export function whatNext(view: IncidentView): Block<Intent>[] {
  const { incident, wipes, timeline } = view;
  const onTheWay = wipes.some((wipe) => isOpen(wipe.state));
  if (onTheWay) return [...tickedBlocks(view), ...besideWipes(view)];
  const ended = wipes.some(({ state, exchangeHolds }) => exchangeHolds || endings.includes(state));
  if (ended || incident.hold === 'closed' || timeline.found !== undefined)
    return [...tickedBlocks(view), ...leadOn(view), ...takeBackBlocks(view)];
  return [...tickedBlocks(view), ...choices(view, whatApplies(view))];
}

/** A wipe of these states is over, and the card leads on from it; after any other it is proposed again. */
const endings: readonly string[] = ['acknowledged', 'cancelled', 'given-up', 'partnership-removed'];

function close({ incident }: IncidentView): Button<Intent> {
  return button('Close', 'close', { incident: incident.number });
}

function mistaken({ incident, wipes }: IncidentView): Button<Intent>[] {
  if (incident.byOwner || incident.kind === 'outside-wipe' || wipes.length > 0) return [];
  return [button('Opened by mistake…', 'opened-by-mistake', { incident: incident.number })];
}

/** While a wipe is on its way its own buttons come first. */
function besideWipes(view: IncidentView): Block<Intent>[] {
  const row = tickButtons(view, ['password', 'sessions']);
  const others = deviceButtons(view).length > 0 && view.timeline.found === undefined;
  return [
    ...(row.length === 0 ? [] : [paragraph(strong('Now:')), buttons(...row)]),
    ...(others
      ? [note(`Is another phone lost, too? Say "wipe INC-${view.incident.number} <number of the phone>".`)]
      : []),
  ];
}

/** No wipe is waited for any more: what is left to do, and to close. */
function leadOn(view: IncidentView): Block<Intent>[] {
  const { incident, wipes, timeline } = view;
  const n = incident.number;
  if (timeline.found !== undefined) return [buttons(close(view))];
  const acknowledged = wipes.some(({ state }) => state === 'acknowledged');
  const remove = partnershipToRemove(view);
  // What has acknowledged erases itself: blocking it, or its SIM, adds nothing that could not wait.
  const left = acknowledged ? [] : phonesToBlock(view);
  const row = [
    ...(incident.hold === 'open' ? [button('Reset the password anyway…', 'reset-anyway', { incident: n })] : []),
    ...tickButtons(view, acknowledged ? ['password', 'sessions'] : ['password', 'sessions', 'sim']),
    ...left.map(({ number, facts }) =>
      button(`Block ${number} ${phoneName(facts, 40)}`, 'block-device', { incident: n, device: String(number) }),
    ),
    ...(remove === undefined ? [] : [removeButton(view, remove)]),
    ...(acknowledged ? [] : [button('The phone was found…', 'found', { incident: n })]),
    close(view),
  ];
  const advice = [
    ...(remove === undefined ? [] : ['Remove the partnership so that this phone is not wiped again if it comes back.']),
    ...(acknowledged || deviceButtons(view).length === 0
      ? []
      : [`Is a wipe wanted after all? Say "wipe INC-${n} <number of the phone>".`]),
  ];
  return [
    paragraph(strong(row.length > 1 ? 'Now, in this order:' : 'Nothing is left to do:')),
    buttons(...row),
    ...advice.map((sentence) => note(sentence)),
  ];
}

/** The phone that the case is about, where it still gets in: the one of the wipe that ended, or the one that was named as lost. */
function phonesToBlock({ devices, wipes, timeline }: IncidentView): IncidentDevice[] {
  const about = new Set(wipes.map(({ deviceNumber }) => deviceNumber));
  const [only, ...others] = devices.filter(({ present }) => present);
  if (about.size === 0 && only !== undefined && others.length === 0) about.add(only.number);
  return devices.filter(
    ({ number, present, facts, keptVerifiedBy }) =>
      about.has(number) &&
      present &&
      keptVerifiedBy === null &&
      !timeline.blocked.has(number) &&
      facts.accessState.toLowerCase() !== 'blocked',
  );
}

/** Nothing was chosen yet: which phone is lost, or what there is to decide where no wipe comes into question. */
function choices(view: IncidentView, applies: Applies): Block<Intent>[] {
  const n = view.incident.number;
  const none = button('None of these', 'found', { incident: n, none: true });
  switch (applies.kind) {
    case 'no-phone':
    case 'removed':
    case 'with-owner':
    case 'none-wipeable':
      return [
        buttons(
          button('Reset the password now…', 'reset-anyway', { incident: n }),
          ...(view.devices.length === 0 ? [] : [none]),
          ...mistaken(view),
          close(view),
        ),
      ];
    case 'shared-mailbox':
    case 'no-phone-yet':
      return [buttons(...mistaken(view), close(view))];
    case 'account-disabled':
    case 'password-changed':
      return question(view, [button('Do not wait for a phone…', 'reset-anyway', { incident: n })]);
    case 'managed-elsewhere':
    case 'must-log-in':
    case 'found-too-late':
      return question(view, []);
    default:
      return assertNever(applies, 'what applies');
  }
}

function question(view: IncidentView, more: readonly Button<Intent>[]): Block<Intent>[] {
  const n = view.incident.number;
  if (view.devices.length === 0)
    return [note('Reading the phones from Exchange …'), ...rowOf([...more, ...mistaken(view)])];
  return [
    paragraph(strong('Which phone is lost?')),
    buttons(
      ...deviceButtons(view),
      ...more,
      button('None of these', 'found', { incident: n, none: true }),
      ...mistaken(view),
    ),
  ];
}

function rowOf(row: readonly Button<Intent>[]): Block<Intent>[] {
  return row.length === 0 ? [] : [buttons(...row)];
}
