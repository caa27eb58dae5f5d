/** What is done only for a verified caller, with a reason: cancelling, giving up, found, kept. */
import { z } from 'zod';
import type { IncidentView } from '../incidents/incident/view.ts';
import type { DraftAnswer, Field, Intent, Span } from '../message/model.ts';
import { paragraph, strong } from '../message/text.ts';
import { namesInList } from '../message/words.ts';
import type { CommandContext } from './command.ts';

export const VerifiedArgs = {
  reason: z.string().max(1000).optional(),
  how: z.string().max(500).optional(),
};
type VerifiedArgs = { reason?: string | undefined; how?: string | undefined };

/**
 * The form that asks for a reason and for how the owner was verified, or sentences beside its fields; undefined once both are
 * there. `id` is the command that the form belongs to, `args` what it knows already.
 */
export function askVerified(
  { via }: CommandContext,
  view: IncidentView,
  { reason, how }: VerifiedArgs,
  form: { id: string; title: string; says: string; submit: string; args: Intent['args']; epoch?: number },
): DraftAnswer | undefined {
  const fieldErrors: Record<string, string> = {};
  if (isShort(reason)) fieldErrors.reason = 'Say why, in a few words: security reads it.';
  if (isShort(how)) fieldErrors.how = 'Say how you know that it is the owner who says so.';
  if (Object.keys(fieldErrors).length === 0) return undefined;
  if (via === 'form') return { fieldErrors };
  const { id, title, says, submit, args, epoch } = form;
  return {
    form: {
      id,
      title,
      intro: [paragraph(says), paragraph(...howToVerify(view))],
      fields: [
        reasonField({ initial: reason }),
        {
          kind: 'text',
          id: 'how',
          label: 'How was the owner verified',
          multiline: false,
          maxLength: 500,
          required: true,
          hint: 'Not through the lost phone: a call-back to a directory number, the manager, in person.',
        },
      ],
      submit: {
        label: submit,
        style: 'danger',
        action: { command: id, args, ...(epoch === undefined ? {} : { epoch }) },
      },
    },
  };
}

/** The directory's number for a call-back, and the manager: what the form speaks of, or that the directory has none. */
export function howToVerify({ owner, devices }: Pick<IncidentView, 'owner' | 'devices'>): (string | Span)[] {
  const numbers = owner.phones.map(
    (number) =>
      `${number}${mayBeLost(number, devices) ? ' (it ends like the number of a phone of this case: do not use it)' : ''}`,
  );
  return [
    strong('To verify: '),
    numbers.length === 0
      ? 'the directory has no number for a call-back'
      : `call back on ${namesInList(numbers, 'or')}, as the directory has it`,
    owner.managerName === '' ? '; it names no manager.' : `; the manager is ${owner.managerName}.`,
    ' Never through the lost phone.',
  ];
}

/** Exchange shows the last digits of a phone's own number. */
function mayBeLost(number: string, devices: IncidentView['devices']): boolean {
  const digits = number.replaceAll(/\D/g, '');
  return devices.some(({ facts }) => {
    const shown = /\d+$/.exec(facts.phoneHint)?.[0] ?? '';
    return shown.length >= 3 && digits.endsWith(shown);
  });
}

function isShort(text = ''): boolean {
  return text.trim().length < 3;
}

export function reasonField(input: {
  multiline?: boolean;
  required?: boolean;
  initial?: string | undefined;
  hint?: string;
}): Field {
  const { multiline = true, required = true, initial, hint } = input;
  return {
    kind: 'text',
    id: 'reason',
    label: 'Why',
    multiline,
    maxLength: 1000,
    required,
    ...(initial === undefined ? {} : { initial }),
    ...(hint === undefined ? {} : { hint }),
  };
}
