import type { z } from 'zod';
import type { AnyCommand } from '../commands/command.ts';
import type { DraftAnswer } from '../message/model.ts';
import { code } from '../message/text.ts';
import { privateReply, shortUsage } from './replies.ts';
import type { Request } from './request.ts';

/** Arguments that the command's schema does not take: beside a form's fields where there are any, else as a sentence. */
export function invalid(
  command: AnyCommand,
  request: Extract<Request, { kind: 'command' }>,
  error: z.ZodError,
): DraftAnswer {
  const problems = error.issues.map((issue) => ({ field: String(issue.path[0] ?? ''), sentence: issue.message }));
  const { fields } = request;
  if (fields !== undefined && problems.every(({ field }) => field !== '' && fields.includes(field))) {
    // The first problem of a field is the one to mend first.
    return { fieldErrors: Object.fromEntries(problems.toReversed().map(({ field, sentence }) => [field, sentence])) };
  }
  const what = problems.map(inWords).join(' ');
  if (request.via !== 'sentence') {
    return privateReply(`This button does not fit any more, so nothing was done. ${what} Ask for the card again.`);
  }
  const example = command.examples[0] ?? shortUsage(command);
  return privateReply(
    `I understood the command, but not all of it. ${what} Nothing was done. For example: `,
    code(example),
  );
}

/** A schema's own sentence ends with a full stop and says what is meant; what zod says by itself needs the argument's name. */
function inWords({ field, sentence }: { readonly field: string; readonly sentence: string }): string {
  if (sentence.endsWith('.')) return sentence;
  return field === '' ? `${sentence}.` : `${field}: ${sentence}.`;
}
