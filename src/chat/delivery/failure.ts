import { backOff } from '../../ground/back-off.ts';
import { after, minute, second } from '../../ground/durations.ts';
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

const waits = { first: 5 * second, most: 10 * minute };

/** Anything that is no DeliveryError counts as `unknown`: the message may have arrived. */
export function failureOf(error: unknown, attempts: number, now: Date): Failure {
  const problem: DeliveryProblem = error instanceof DeliveryError ? error.problem : { kind: 'unknown' };
  const text = error instanceof DeliveryError ? error.message : 'an unexpected error, see the log';
  const later = after(now, backOff(attempts + 1, waits));
  switch (problem.kind) {
    case 'wait':
      return { problem, text, dueAt: after(now, problem.retryAfterMs), findFirst: false, holdsTarget: true };
    case 'not-sent':
      return { problem, text, dueAt: later, findFirst: false, holdsTarget: false };
    case 'dead':
      return { problem, text: problem.remedy, dueAt: now, findFirst: false, holdsTarget: false };
    case 'unknown':
      return { problem, text, dueAt: later, findFirst: true, holdsTarget: false };
    default:
      return assertNever(problem, 'delivery problem');
  }
}
