import { assertNever } from '../../ground/errors.ts';
import { DeliveryError, type DeliveryProblem } from '../port.ts';
import type { DeliveryOutcome } from './run.ts';

/** What a failed delivery means for its row. */
export type Failure = {
  problem: DeliveryProblem;
  /** For people and the row; never holds what was said. */
  text: string;
  dueAt: Date;
  /** The message may have arrived: look before posting again. */
  findFirst: boolean;
  /** The platform takes nothing here before `dueAt`. */
  holdsTarget: boolean;
};

/** A card whose facts cannot be read or drawn now: nothing was sent, and it is no fault of the platform. */
export class RenderingError extends DeliveryError {
  constructor(cause: unknown) {
    super({ kind: 'not-sent' }, 'it could not be rendered', { cause });
  }
}

/** A platform that fails is left alone for this run; a row that cannot be rendered, or never arrives, holds up no other. */
export function outcomeAfter(error: unknown, problem: DeliveryProblem): DeliveryOutcome {
  return error instanceof RenderingError || problem.kind === 'dead' ? 'settled' : 'put-off';
}

const firstBackOffMs = 5_000;
const longestBackOffMs = 10 * 60_000;

/** Anything that is no DeliveryError counts as `unknown`: the message may have arrived. */
export function failureOf(error: unknown, attempts: number, now: Date): Failure {
  const problem: DeliveryProblem = error instanceof DeliveryError ? error.problem : { kind: 'unknown' };
  const text = error instanceof DeliveryError ? error.message : 'an unexpected error, see the log';
  const backOff = Math.min(firstBackOffMs * 2 ** Math.min(attempts, 10), longestBackOffMs);
  const later = (milliseconds: number) => new Date(now.getTime() + milliseconds);
  switch (problem.kind) {
    case 'wait':
      return { problem, text, dueAt: later(problem.retryAfterMs), findFirst: false, holdsTarget: true };
    case 'not-sent':
      return { problem, text, dueAt: later(backOff), findFirst: false, holdsTarget: false };
    case 'dead':
      return { problem, text: problem.remedy, dueAt: now, findFirst: false, holdsTarget: false };
    case 'unknown':
      return { problem, text, dueAt: later(backOff), findFirst: true, holdsTarget: false };
    default:
      return assertNever(problem, 'delivery problem');
  }
}
