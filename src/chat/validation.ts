import type { z } from 'zod';
import type { AnyCommand } from '../commands/command.ts';
import type { DraftAnswer } from '../message/model.ts';
import { code } from '../message/text.ts';
import { howToSay, say } from './replies.ts';
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
  const what = problems.map(({ field, sentence }) => (field === '' ? sentence : `${field}: ${sentence}`)).join('; ');
  if (request.via !== 'sentence') {
    return say(`This button does not fit any more (${what}), so nothing was done. Ask for the card again.`);
  }
  const example = command.examples[0] ?? howToSay(command);
  return say(`I understood the command, but not all of it: ${what}. Nothing was done. For example: `, code(example));
}
