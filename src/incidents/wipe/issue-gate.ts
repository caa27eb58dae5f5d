/**
 * Whether an approved wipe may be claimed for issuing now: the one gate before Clear-MobileDevice, over every path.
 * Held waits (its time runs on); lapsed ends it; refused ends it for this requester.
 */
import { type BrakeInput, type BrakeVerdict, checkBrake } from '../brake/rules.ts';

export type IssueGate =
  | { kind: 'go' }
  | { kind: 'held'; because: string }
  | { kind: 'lapsed'; userMessage: string }
  | { kind: 'braked'; brake: Exclude<BrakeVerdict, { kind: 'ok' }> };

export type IssueInput = {
  now: Date;
  /** After this instant the approval, or the break-glass record, is worth nothing. */
  executeBy: Date;
  locked: boolean;
  /** Every process runs the same policy. */
  policyAgrees: boolean;
  auditWritable: boolean;
  brake: BrakeInput;
};

/** Break-glass goes through the same gate: it bypasses the second person, never the brake or a lock. */
export function checkIssueGate(input: IssueInput): IssueGate {
  if (input.now.getTime() >= input.executeBy.getTime()) {
    return { kind: 'lapsed', userMessage: 'The approval was not carried out in time. Propose the wipe again.' };
  }
  if (input.locked) return { kind: 'held', because: 'All wipes are locked.' };
  if (!input.policyAgrees) return { kind: 'held', because: 'Not every process runs the same policy.' };
  if (!input.auditWritable) return { kind: 'held', because: 'The audit cannot be written.' };
  const verdict = checkBrake(input.brake);
  return verdict.kind === 'ok' ? { kind: 'go' } : { kind: 'braked', brake: verdict };
}
