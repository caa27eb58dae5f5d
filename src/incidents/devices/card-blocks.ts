import type { Capabilities } from '../../exchange/port.ts';
import type { Block, Button, Intent, Text } from '../../message/model.ts';
import { button, buttons, note, paragraph, strong, text, time } from '../../message/text.ts';
import type { IncidentDevice, IncidentView } from '../incident/view.ts';
import { isOpen } from '../wipe/machine.ts';
import { scopeFor } from '../wipe/scope.ts';
import { idEnding, phoneName } from './device.ts';
import { type DeviceStatus, incidentDeviceStatus } from './device-status.ts';
import type { DeviceEvidence } from './evidence.ts';

export type DeviceBlocksInput = {
  view: IncidentView;
  capabilities: Capabilities | undefined;
  evidence: ReadonlyMap<string, readonly DeviceEvidence[]>;
};

/** With more phones than this, only the first are shown with their details: a card must stay one that people read. */
const detailed = 8;

/** Each phone with its last sync, what a wipe would erase on it, and how likely it is to hear of one. */
export function deviceBlocks(input: DeviceBlocksInput): Block<Intent>[] {
  return input.view.devices.flatMap((device, index) => {
    const status = incidentDeviceStatus(input.view, device, input.capabilities, true);
    return [
      headline(device, status, twins(device, input.view)),
      ...status.remarks.map((remark) => paragraph(...remark)),
      ...(index < detailed && isToBeChosen(device, input.view) ? [details(device, status, input)] : []),
      ...(device.present ? [] : [notShown(device, input.view)]),
      ...ownerRemark(device, input.view),
    ];
  });
}

/** One button per phone that may be chosen now. */
export function deviceButtons(view: IncidentView): Button<Intent>[] {
  const named = namedDevice(view);
  return view.devices
    .filter(
      (device) =>
        device.present &&
        device.keptVerifiedBy === null &&
        device.facts.wipeSupported !== false &&
        !view.wipes.some((wipe) => wipe.deviceNumber === device.number && isOpen(wipe.state)),
    )
    .map((device) =>
      button(
        `${device.number} ${twins(device, view) ? phoneName(device.facts, 40) : device.facts.name}`,
        'wipe',
        { incident: view.incident.number, device: String(device.number) },
        device.number === named ? { style: 'primary' } : {},
      ),
    );
}

/** The phone that was named when the incident was opened: its number, or words of its name. */
function namedDevice({ devices, timeline }: IncidentView): number | undefined {
  const name = timeline.namedDevice;
  if (name === undefined) return undefined;
  const words = name.toLowerCase().split(/\s+/);
  const matches = devices.filter(
    ({ number, label }) =>
      name.replace('#', '') === String(number) || words.every((word) => label.toLowerCase().includes(word)),
  );
  return matches.length === 1 ? matches[0]?.number : undefined;
}

/** What a wipe would erase and how soon it is heard of helps to choose; a wipe on its way, or over, speaks for itself. */
function isToBeChosen(device: IncidentDevice, { incident, timeline, wipes }: IncidentView): boolean {
  const chosen =
    timeline.found !== undefined || wipes.some((wipe) => isOpen(wipe.state) || wipe.state === 'acknowledged');
  return device.present && incident.state === 'open' && !chosen;
}

/** Whether another phone of the mailbox has the same name: then each says what tells it from the other. */
function twins({ number, facts }: IncidentDevice, { devices }: IncidentView): boolean {
  const name = facts.name.toLowerCase();
  return devices.some((other) => other.number !== number && other.facts.name.toLowerCase() === name);
}

function headline({ number, label, facts }: IncidentDevice, { line }: DeviceStatus, alike: boolean): Block<Intent> {
  if (!alike) return paragraph(strong(`${number} · ${label}`), ...line);
  const model = facts.model === '' || label.includes(facts.model) ? '' : `, model ${facts.model}`;
  const since = facts.firstSync === null ? ['not known'] : [time(facts.firstSync)];
  return paragraph(
    strong(`${number} · ${label}`),
    ` · id ends in ${idEnding(facts)}${model} · first sync `,
    ...since,
    ...line,
  );
}

/** What one answer does not show may still be there: it is read again. */
function notShown({ number, readAt }: IncidentDevice, { timeline }: IncidentView): Block<Intent> {
  if (timeline.removed.has(number)) return note('Its partnership was removed, and read back. Read ', time(readAt), '.');
  return note(
    'Exchange does not show this partnership, read ',
    time(readAt),
    ': it was removed, or the phone has set up its account again, or the answer was not whole. I read it again.',
  );
}

/** A list, so that each thing stands on a line of its own on every platform. */
function details(
  device: IncidentDevice,
  { reach }: DeviceStatus,
  { capabilities, evidence }: DeviceBlocksInput,
): Block<Intent> {
  const { facts } = device;
  const choices = scopeFor(facts, { accountOnly: capabilities?.accountOnly ?? false });
  const allowed = choices.choices.filter((choice) => choice.allowed);
  const lines: Text[] = [];
  if (choices.instead !== undefined) lines.push(text(strong(choices.instead)));
  for (const choice of allowed) lines.push(text(`A wipe, `, strong(choice.scope), `, erases ${choice.erases}.`));
  if (allowed.length === 0) {
    const reasons = new Set(choices.choices.map((choice) => choice.whyNot ?? 'It is not possible here.'));
    lines.push(text(strong('It cannot be wiped from here. '), [...reasons].join(' ')));
  } else {
    lines.push(text(reach.summary, ' Read ', time(device.readAt), '.'));
  }
  lines.push(text(`Passcode: ${passcode(facts)}.`));
  for (const item of evidence.get(device.guid) ?? []) lines.push(text(...item.text));
  return { kind: 'list', items: lines };
}

function passcode({ policyApplied }: IncidentDevice['facts']): string {
  if (policyApplied === 'full') return 'not known (the mailbox policy is applied in full)';
  if (policyApplied === 'partly') return 'not known (the mailbox policy is applied only in part)';
  return 'not known';
}

function ownerRemark(device: IncidentDevice, view: IncidentView): Block<Intent>[] {
  const verifier = device.keptVerifiedBy === null ? undefined : (view.names.get(device.keptVerifiedBy) ?? 'somebody');
  const kept =
    verifier === undefined
      ? []
      : [
          paragraph(
            strong(`Phone ${device.number} is with its owner`),
            `, verified by ${verifier}: left out of the wipe.`,
          ),
        ];
  if (device.keptReportedAt === null) return kept;
  const moved =
    device.facts.lastSync !== null &&
    device.keptReportedSync !== null &&
    new Date(device.facts.lastSync) > device.keptReportedSync;
  return [
    paragraph(
      `The owner says, from chat, that phone ${device.number} is still at hand, `,
      time(device.keptReportedAt),
      `${verifier === undefined ? ': not verified' : ''}. ${moved ? 'It has synced since.' : 'It has not synced since.'}`,
    ),
    ...kept,
    ...(verifier === undefined && view.incident.state === 'open'
      ? [
          buttons(
            button(`Verified: the owner has ${device.number}`, 'verify-kept', {
              what: 'verify',
              incident: view.incident.number,
              device: String(device.number),
            }),
          ),
        ]
      : []),
  ];
}
