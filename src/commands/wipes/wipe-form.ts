/** What is asked before a wipe, whether a second person approves it or one breaks the glass: the same questions, the same checks. */
import { z } from 'zod';
import { loadCapabilities } from '../../exchange/stored-capabilities.ts';
import { confirmsTyped, typedConfirmation } from '../../incidents/devices/device.ts';
import { type DeviceStatus, incidentDeviceStatus } from '../../incidents/devices/device-status.ts';
import type { IncidentDevice, IncidentView } from '../../incidents/incident/view.ts';
import type { Proposal } from '../../incidents/wipe/propose-wipe.ts';
import { needsTypedConfirmation, type ScopeChoices, scopeFor } from '../../incidents/wipe/scope.ts';
import { requireWipeable } from '../../incidents/wipe/wipeable.ts';
import type { DraftForm, Field } from '../../message/model.ts';
import { note, paragraph, strong } from '../../message/text.ts';
import { firstWord } from '../../message/words.ts';
import type { Policy } from '../../policy.ts';
import { type Choice, chooseDevice, DeviceArgument, IncidentArgument } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { refusal } from '../refusal.ts';
import { howToVerify, reasonField } from '../verified-caller.ts';

const Scope = z.enum(['full', 'account-only', 'outlook-app']);

const verifications = [
  { value: 'call-back', label: "Called back on a directory number that is not the lost phone's" },
  { value: 'manager', label: 'Vouched for by the manager' },
  { value: 'in-person', label: 'In person, with an identity card' },
  { value: 'video', label: 'On video, recognised' },
  { value: 'other', label: 'Another way (say how below)' },
] as const;

export const WipeArgs = z.object({
  incident: IncidentArgument,
  device: DeviceArgument.optional(),
  scope: Scope.optional(),
  reason: z.string().max(1000).optional(),
  how: z.string().optional(),
  note: z.string().max(500).optional(),
  told: z.boolean().optional(),
  typed: z.string().max(200).optional(),
  notify: z.array(z.string()).optional(),
});
export type WipeArgs = z.infer<typeof WipeArgs>;

/** The phone that is meant, with what can be erased on it. */
export type WipeTarget = { view: IncidentView; device: IncidentDevice; choices: ScopeChoices; status: DeviceStatus };

/** Finds the phone, or answers with a choice. Throws MislaidError where it cannot be wiped at all. */
export async function wipeTarget(
  context: CommandContext,
  view: IncidentView,
  args: WipeArgs,
  command: WipeFormTexts['command'],
): Promise<Choice<WipeTarget>> {
  const chosen = chooseDevice(view, command, args);
  if (chosen.kind === 'answer') return chosen;
  const device = chosen.value;
  requireWipeable(view, device);
  const capabilities = await loadCapabilities(context.store.db, view.incident.organisation);
  const choices = scopeFor(device.facts, { accountOnly: capabilities?.accountOnly ?? false });
  if (choices.default === null) {
    throw refusal(
      'wipe-not-possible',
      `Phone ${device.number} cannot be wiped. ${choices.choices[0]?.whyNot ?? 'No scope is possible.'}`,
    );
  }
  const status = incidentDeviceStatus(view, device, capabilities);
  return { kind: 'one', value: { view, device, choices, status } };
}

/** The proposal that the answers make, or sentences beside the fields. */
export function proposalFrom(
  context: CommandContext,
  target: WipeTarget,
  args: WipeArgs,
): { fieldErrors: Record<string, string> } | { proposal: Proposal } {
  const { view, device, choices } = target;
  const fieldErrors = problems(args, device, choices, context.policy);
  const { scope, reason, how } = args;
  if (Object.keys(fieldErrors).length > 0 || scope === undefined || reason === undefined || how === undefined)
    return { fieldErrors };
  return {
    proposal: {
      view,
      device,
      scope,
      reason: reason.trim(),
      verification: {
        how: verifications.find((candidate) => candidate.value === how)?.label ?? how,
        note: (args.note ?? '').trim(),
      },
      ownerInformed: args.told === true,
      notify: addresses(args.notify),
      by: context.actor,
    },
  };
}

/** Sentences beside the fields; empty when the proposal can be made. */
function problems(
  args: WipeArgs,
  device: IncidentDevice,
  choices: ScopeChoices,
  policy: Policy,
): Record<string, string> {
  const found: Record<string, string> = {};
  const choice = choices.choices.find((candidate) => candidate.scope === args.scope);
  if (choice === undefined) found.scope = 'Choose what is to be erased.';
  else if (!choice.allowed) found.scope = choice.whyNot ?? 'This is not possible on this phone.';
  if ((args.reason ?? '').trim().length < 3) found.reason = 'Say why, in a few words: the approver reads it.';
  if (!verifications.some((candidate) => candidate.value === args.how))
    found.how = 'Say how you know that it was the owner who called.';
  if (args.how === 'other' && (args.note ?? '').trim() === '') found.note = 'Say how the caller was verified.';
  if (args.scope === 'full' && args.told !== true)
    found.told = 'A full wipe needs this: the owner must know that everything on the phone will be lost.';
  if (
    args.scope !== undefined &&
    needsTypedConfirmation(args.scope) &&
    !confirmsTyped(typedConfirmation(device.facts), args.typed ?? '')
  ) {
    found.typed = `Type exactly: ${typedConfirmation(device.facts)}`;
  }
  const elsewhere = addresses(args.notify).filter(
    (address) =>
      !policy.notificationDomains.some((domain) => address.toLowerCase().endsWith(`@${domain.toLowerCase()}`)),
  );
  if (elsewhere.length > 0) {
    found.notify =
      policy.notificationDomains.length === 0
        ? 'Policy allows no address here; leave it empty.'
        : `Only addresses of ${policy.notificationDomains.join(', ')}.`;
  }
  return found;
}

function addresses(notify: readonly string[] | undefined): string[] {
  return (notify ?? []).map((address) => address.trim()).filter((address) => address !== '');
}

/** How the questions are put: whose command it is, and what pressing the button does. */
export type WipeFormTexts = { command: 'wipe' | 'break-glass'; title: string; submit: string; says?: string };

export function wipeForm(
  { view, device, choices, status }: WipeTarget,
  args: WipeArgs,
  asking: WipeFormTexts,
): DraftForm {
  const first = firstWord(view.owner.displayName);
  const allowed = choices.choices.filter((choice) => choice.allowed);
  const typed = allowed.some((choice) => needsTypedConfirmation(choice.scope));
  const scope = args.scope ?? choices.default ?? undefined;
  const fields: Field[] = [
    {
      kind: 'choice',
      id: 'scope',
      label: 'What is erased',
      options: allowed.map((choice) => ({ value: choice.scope, label: choice.scope, hint: choice.erases })),
      ...(scope !== undefined && allowed.some((choice) => choice.scope === scope) ? { initial: scope } : {}),
      required: true,
    },
    reasonField({ initial: args.reason, hint: 'The approver and security read this.' }),
    {
      kind: 'choice',
      id: 'how',
      label: 'How was the caller verified',
      options: verifications.map(({ value, label }) => ({ value, label })),
      required: true,
    },
    {
      kind: 'text',
      id: 'note',
      label: 'More about the verification',
      multiline: false,
      maxLength: 500,
      required: false,
    },
    ...(allowed.some((choice) => choice.scope === 'full')
      ? [
          {
            kind: 'confirm',
            id: 'told',
            label: `${first} was told that all data on the phone will be lost`,
            required: false,
            hint: 'Needed for a full wipe.',
          } as const,
        ]
      : []),
    ...(typed
      ? [
          {
            kind: 'typed',
            id: 'typed',
            label: 'Type the name of the phone and the last four characters of its id',
            show: typedConfirmation(device.facts),
            required: false,
            hint: 'Needed for a full wipe and for Outlook: it makes sure that this is the right phone.',
          } as const,
        ]
      : []),
    {
      kind: 'addresses',
      id: 'notify',
      label: 'Addresses that Exchange notifies',
      required: false,
      hint: 'Only addresses that policy allows.',
    },
  ];
  return {
    id: asking.command,
    title: `${asking.title} ${device.number}`,
    intro: [
      ...(view.incident.drill ? [note('DRILL: this phone is of the lab.')] : []),
      ...(asking.says === undefined ? [] : [paragraph(strong(asking.says))]),
      paragraph(strong(`${view.owner.displayName} · ${device.label}`), ...status.line),
      ...status.remarks.map((remark) => paragraph(...remark)),
      ...allowed.map((choice) => paragraph(strong(choice.scope), ` erases ${choice.erases}.`)),
      ...choices.choices
        .filter((choice) => !choice.allowed)
        .map((choice) => paragraph(`Not possible: ${choice.scope}. ${choice.whyNot ?? ''}`)),
      ...(choices.instead === undefined ? [] : [paragraph(choices.instead)]),
      paragraph(...howToVerify(view)),
    ],
    fields,
    submit: {
      label: asking.submit,
      style: 'danger',
      action: {
        command: asking.command,
        args: { incident: view.incident.number, device: String(device.number) },
        epoch: view.wipes.length,
      },
    },
  };
}
