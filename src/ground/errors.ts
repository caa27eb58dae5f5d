/**
 * The one error type of the product. An error says what happened, to what, and what to do:
 * `code` for machines (kebab-case, stable), `userMessage` for the person in chat, `message` for the log, `cause` kept.
 * Neither text may hold a secret, and `userMessage` no personal data that its reader may not see.
 */
export class MislaidError extends Error {
  override readonly name = 'MislaidError';
  readonly code: string;
  /** One or two sentences for the person: what happened and what to do. */
  readonly userMessage: string;

  constructor(input: { code: string; message: string; userMessage: string; cause?: unknown }) {
    super(input.message, input.cause === undefined ? undefined : { cause: input.cause });
    this.code = input.code;
    this.userMessage = input.userMessage;
  }
}

type Said = { code: string; message: string; cause?: unknown };

/** What whoever runs the host reads, in the terminal and in the log: one sentence serves both. */
export function hostError(said: Said): MislaidError {
  return new MislaidError({ ...said, userMessage: said.message });
}

/** For people, where an error can only come of a fault in Mislaid. */
export const internalProblem = 'Something went wrong inside Mislaid. The log has the details.';

/** What nobody in chat can do anything about; `message` says it to the log. */
export function internalError(said: Said): MislaidError {
  return new MislaidError({ ...said, userMessage: internalProblem });
}

/** Closes a union: a new member breaks the build where it is not handled. */
export function assertNever(value: never, what = 'value'): never {
  throw internalError({ code: 'unreachable', message: `unhandled ${what}: ${JSON.stringify(value)}` });
}
