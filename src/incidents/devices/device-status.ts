/**
 * What is said of a device wherever it is shown: on a card, in a list, in a form, to the approver. One function, so that they all say
 * the same: when it last synced, whether it may connect, what Exchange holds for it, what is not known.
 */
import type { Capabilities } from '../../exchange/port.ts';
import { isOnline } from '../../exchange/stored-capabilities.ts';
import type { Span, Text } from '../../message/model.ts';
import { strong, text, time } from '../../message/text.ts';
import type { IncidentDevice, IncidentView } from '../incident/view.ts';
import { type DeviceFacts, statusUnexplained } from './device.ts';
import { type HeldRequest, requestSentence, type Whose, wipeRequests } from './held-requests.ts';
import { mayGoUnreported, type Reachability, type ReachabilityInput, reachability } from './reachability.ts';

export type DeviceStatusInput = ReachabilityInput & {
  /** Instants at which Exchange was asked for wipes of this device by us (ISO 8601). */
  own?: readonly string[];
  /** Those of them that stand beside it already, as steps. */
  shown?: readonly string[];
  /** While a wipe of ours is being asked for: the requests that Exchange held before (ISO 8601); any other may be ours. */
  heldBefore?: readonly string[] | undefined;
};

export type DeviceStatus = {
  /** Follows the device's name: last sync and access state. */
  line: readonly (string | Span)[];
  /** Sentences about what Exchange holds, and about what it does not tell or tells twice. */
  remarks: readonly Text[];
  reach: Reachability;
};

export function deviceStatus(input: DeviceStatusInput): DeviceStatus {
  const { device, own = [], shown = [], heldBefore } = input;
  const whose = ({ requestedAt }: HeldRequest): Whose => {
    if (includesInstant(own, requestedAt)) return 'ours';
    return heldBefore === undefined || includesInstant(heldBefore, requestedAt) ? 'others' : 'not-known';
  };
  return {
    line: [' — ', ...lastSync(input), ` · ${access(device)}`],
    remarks: [
      ...doubts(device),
      ...wipeRequests(device)
        .filter((request) => request.syncedSince || !includesInstant(shown, request.requestedAt))
        .map((request) => text(strong('Wipe in Exchange: '), ...requestSentence(request, whose(request)))),
    ],
    reach: reachability(input),
  };
}

function includesInstant(instants: readonly string[], instant: string): boolean {
  return instants.some((one) => Date.parse(one) === Date.parse(instant));
}

/** `last sync 09:12`, `never synced`, or that it is not known. */
function lastSync({ device, online }: Pick<DeviceStatusInput, 'device' | 'online'>): (string | Span)[] {
  if (device.lastSync !== null) return ['last sync ', time(device.lastSync)];
  if (mayGoUnreported({ device, online }))
    return [online === true ? 'Exchange does not report when Outlook last synced' : 'last sync not known'];
  if (device.knownTo === 'directory' || device.contradicted || device.unreadable.includes('LastSuccessSync')) {
    return ['last sync not known'];
  }
  return ['never synced'];
}

/** Reasons of Exchange (DeviceAccessStateReason) that people know by other words. */
const reasons: Readonly<Record<string, string>> = {
  individual: 'for this person',
  devicerule: 'by a device access rule',
  global: "by the organisation's default",
  policy: 'by the mailbox policy',
  externalcompliance: 'by device management, as not compliant',
  externalenrollment: 'by device management, as not enrolled',
};

function access({ accessState, accessReason, unreadable }: DeviceFacts): string {
  if (accessState === '' || unreadable.includes('DeviceAccessState')) return 'access not known';
  const state = accessState.toLowerCase();
  if (state === 'allowed' || accessReason === '') return state;
  return `${state} ${reasons[accessReason.toLowerCase()] ?? `(${accessReason})`}`;
}

function doubts(device: DeviceFacts): Text[] {
  const found: Text[] = [];
  if (device.contradicted) {
    found.push(text(strong("Exchange's answers about it contradict each other"), ', so nothing is decided on it.'));
  }
  if (device.knownTo === 'directory') {
    found.push(
      text(
        "Exchange's lists disagree: only the directory (Get-MobileDevice) shows it, the mailbox (Get-MobileDeviceStatistics) does not. Its syncs and wipes are not known.",
      ),
    );
  }
  if (device.knownTo === 'mailbox') {
    found.push(
      text(
        "Exchange's lists disagree: only the mailbox (Get-MobileDeviceStatistics) shows it, the directory (Get-MobileDevice) does not.",
      ),
    );
  }
  if (statusUnexplained(device)) {
    found.push(
      text(
        strong(`Exchange gives its state as ${device.status}`),
        ', and shows no wipe that it would come from: what it holds is not known.',
      ),
    );
  }
  if (device.disagreeing.length > 0) {
    found.push(text(`Not known, because Exchange's two lists tell it differently: ${device.disagreeing.join(', ')}.`));
  }
  if (device.unreadable.length > 0) {
    found.push(text(`Not known, because Exchange's answer cannot be read: ${device.unreadable.join(', ')}.`));
  }
  return found;
}

/** The same for a device of an incident; `besideSteps`: on its card, which shows our own requests as steps. */
export function incidentDeviceStatus(
  view: IncidentView,
  device: IncidentDevice,
  capabilities: Pick<Capabilities, 'version'> | undefined,
  besideSteps = false,
): DeviceStatus {
  const changed = view.timeline.ticks.filter(({ step }) => step === 'password').at(-1)?.at;
  return deviceStatus({
    device: device.facts,
    readAt: device.readAt,
    accountEnabled: view.owner.accountEnabled,
    passwordChangedAt: changed ?? null,
    online: isOnline(capabilities),
    own: view.ownRequests.get(device.guid) ?? [],
    heldBefore: view.beingAsked.get(device.guid),
    shown: besideSteps
      ? view.wipes.flatMap(({ requestedAt }) => (requestedAt === null ? [] : [requestedAt.toISOString()]))
      : [],
  });
}
