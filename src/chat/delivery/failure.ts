import { backOff } from '../../ground/back-off.ts';
import { after, minute, second } from '../../ground/durations.ts';
import type { Change } from '../../store/port.ts';
import { DeliveryError, type DeliveryProblem } from '../port.ts';
import { notifyDead } from './dead.ts';
import type { DeliveryOutcome, DeliveryRun } from './run.ts';

/** A card whose facts cannot be read or rendered now: nothing was sent, and it is no fault of the platform. */
export class RenderingError extends DeliveryError {
  constructor(cause: unknown) {
    super({ kind: 'not-sent' }, 'it could not be rendered', { cause });
  }
}

const waits = { first: 5 * second, most: 10 * minute };

/** What a failed delivery means for its row: when it is due again, and what is written there, which never holds what was said. */
function nextTry(
  problem: DeliveryProblem,
  message: string,
  attempts: number,
  now: Date,
): { dueAt: Date; text: string } {
  if (problem.kind === 'wait') return { text: message, dueAt: after(now, problem.retryAfterMs) };
  if (problem.kind === 'dead') return { text: problem.remedy, dueAt: now };
  return { text: message, dueAt: after(now, backOff(attempts + 1, waits)) };
}

/** What a failure writes to its row, whichever table that is in. */
export type FailedRow = {
  dueAt: Date;
  problem: string;
  attempts: number;
  isDead: boolean;
  /** The message may have arrived: looked for before it is posted again. A post that was in doubt before stays so. */
  tried: boolean;
};

/**
 * Writes down that a card or message could not be delivered, and tells people of a place that is dead. A platform that fails is
 * left alone for this run; a row that cannot be rendered, or never arrives, holds up no other.
 */
export async function retryLater(
  round: DeliveryRun,
  error: unknown,
  row: { kind: string; id: number; attempts: number; tried: boolean; key?: string },
  write: (change: Change, failed: FailedRow) => Promise<unknown>,
): Promise<DeliveryOutcome> {
  const { store, clock, pace, log, metrics } = round;
  // Anything that is no DeliveryError counts as `unknown`: the message may have arrived.
  const problem: DeliveryProblem = error instanceof DeliveryError ? error.problem : { kind: 'unknown' };
  const message = error instanceof DeliveryError ? error.message : 'an unexpected error, see the log';
  const { dueAt, text } = nextTry(problem, message, row.attempts, clock.now());
  const isDead = problem.kind === 'dead';
  metrics?.delivered(row.kind, problem.kind);
  log.warn({ err: error, kind: row.kind, id: row.id, problem: problem.kind }, 'a message could not be delivered');
  if (problem.kind === 'wait') pace.holdUntil(dueAt);
  await store.change(async (change) => {
    const tried = problem.kind === 'unknown' || row.tried;
    await write(change, { dueAt, problem: text, attempts: row.attempts + 1, isDead, tried });
    if (isDead) await notifyDead(change, round, { remedy: problem.remedy, key: row.key });
  });
  return error instanceof RenderingError || isDead ? 'settled' : 'put-off';
}
