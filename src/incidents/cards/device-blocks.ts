import type { Capabilities } from '../../exchange/port.ts';
import type { Block, Button, Intent, Span, Text } from '../../message/model.ts';
import { button, strong, text, time } from '../../message/text.ts';
import type { DeviceEvidence } from '../evidence.ts';
import { reachability } from '../rules/reachability.ts';
import { scopeFor } from '../rules/scope.ts';
import { isOpen } from '../rules/wipe.ts';
import type { IncidentDevice, IncidentView } from '../view.ts';

export type DeviceBlocksInput = {
  view: IncidentView;
  capabilities: Capabilities | undefined;
  evidence: ReadonlyMap<string, readonly DeviceEvidence[]>;
  now: Date;
};

/** Each phone with its last sync, what a wipe would erase on it, and how likely it is to hear of one. */
export function deviceBlocks(input: DeviceBlocksInput): Block<Intent>[] {
  return input.view.devices.map((device) => ({ kind: 'text', text: deviceText(device, input) }));
}

/** One button per phone that may be chosen now. */
export function deviceButtons(view: IncidentView): Button<Intent>[] {
  return view.devices
    .filter(
      (device) =>
        device.present && !view.wipes.some((wipe) => wipe.deviceNumber === device.number && isOpen(wipe.state)),
    )
    .map((device) =>
      button(`${device.number} ${device.facts.name}`, 'wipe', {
        incident: view.incident.number,
        device: String(device.number),
      }),
    );
}

function deviceText(device: IncidentDevice, { view, capabilities, evidence, now }: DeviceBlocksInput): Text {
  const { facts } = device;
  const lines: (string | Span)[] = [strong(`${device.number} · ${device.label}`), ' — last sync '];
  lines.push(facts.lastSync === null ? 'never' : time(facts.lastSync), ` · ${facts.accessState.toLowerCase()}`);
  if (!device.present) {
    return text(
      ...lines,
      '\nThis partnership is gone from Exchange: it was removed, or the phone set up its account anew.',
    );
  }
  const choices = scopeFor(facts, { accountOnly: capabilities?.accountOnly ?? false });
  if (choices.instead !== undefined) lines.push(`\n${choices.instead}`);
  const allowed = choices.choices.filter((choice) => choice.allowed);
  if (allowed.length > 0) {
    lines.push('\nWipe options: ');
    for (const [index, choice] of allowed.entries()) {
      if (index > 0) lines.push('; ');
      lines.push(strong(choice.scope), ` erases ${choice.erases}`);
    }
    lines.push('.');
  }
  const refused = choices.choices.filter((choice) => !choice.allowed && choice.whyNot !== undefined);
  if (allowed.length === 0)
    for (const choice of refused) lines.push(`\nNo ${choice.scope} wipe: ${choice.whyNot ?? ''}`);
  lines.push(`\n${reachability({ device: facts, now, accountEnabled: view.owner.accountEnabled }).sentence}`);
  lines.push(
    ` Passcode: ${facts.passcodeEnforced === null ? 'not known' : facts.passcodeEnforced ? 'enforced by policy' : 'not enforced'}.`,
  );
  for (const item of evidence.get(device.guid) ?? []) lines.push('\n', ...item.text);
  if (device.ownerSaysKeptAt !== null) {
    const moved =
      facts.lastSync !== null &&
      device.ownerSaysKeptSync !== null &&
      new Date(facts.lastSync) > device.ownerSaysKeptSync;
    const verified =
      device.keptVerifiedBy === null
        ? 'not verified'
        : `verified by ${view.names.get(device.keptVerifiedBy) ?? 'somebody'}`;
    lines.push(
      '\nOwner says, from chat, that she still has this one (',
      time(device.ownerSaysKeptAt),
      `; ${verified}): ${moved ? 'it has synced since' : 'it has not synced since'}.`,
    );
  }
  return text(...lines);
}
