import { z } from 'zod';
import type { DraftForm, Intent } from '../message/model.ts';
import { paragraph } from '../message/text.ts';

/** Arguments of what is done only for a verified caller, with a reason: cancelling, giving up, found. */
export const VerifiedArgs = {
  reason: z.string().max(1000).optional(),
  how: z.string().max(500).optional(),
};

/** Sentences beside the fields; empty when both are there. */
export function verifiedProblems(args: {
  reason?: string | undefined;
  how?: string | undefined;
}): Record<string, string> {
  const found: Record<string, string> = {};
  if ((args.reason ?? '').trim().length < 3) found.reason = 'Say why, in a few words: security reads it.';
  if ((args.how ?? '').trim().length < 3) found.how = 'Say how you know that it is the owner who says so.';
  return found;
}

export function verifiedForm(input: {
  id: string;
  title: string;
  says: string;
  submit: string;
  action: Intent;
  reason?: string | undefined;
}): DraftForm {
  return {
    id: input.id,
    title: input.title,
    intro: [paragraph(input.says)],
    fields: [
      {
        kind: 'text',
        id: 'reason',
        label: 'Why',
        multiline: true,
        maxLength: 1000,
        required: true,
        ...(input.reason === undefined ? {} : { initial: input.reason }),
      },
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
    submit: { label: input.submit, style: 'danger', action: input.action },
  };
}
