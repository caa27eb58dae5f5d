import { MislaidError } from '../ground/errors.ts';

/** Why a command may not do what it was asked to: the code goes to log and metrics, the sentence to the person. */
export function refusal(code: string, userMessage: string): MislaidError {
  return new MislaidError({ code, message: `a command was refused: ${code}`, userMessage });
}
