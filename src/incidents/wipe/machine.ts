/**
 * The wipe as a pure state machine: (state, event) → state or refusal. Storage applies it by compare-and-set.
 *
 * awaiting-approval → approved → issuing → requested → sent → acknowledged
 * before issuing: denied · withdrawn · expired · voided
 * after it: not-asked · cancelled (only before sent) · refused-by-device (stays pending) · given-up · not-reported (Online)
 *           · partnership-removed
 *
 * Nothing returns to `approved`: a second request must never happen by accident, because it resets Exchange's own times.
 */
import { assertNever } from '../../ground/errors.ts';
import type { WipeState } from '../../store/schema.ts';
import { outcomeWord } from './state.ts';

export { blocksDeviceChanges, isOpen, outcomeWord } from './state.ts';

export type WipeEvent =
  /** A second person approved; `given` of `needed` different people have by now, this one included. */
  | { kind: 'approved'; given: number; needed: number }
  /** One person of security or admin alone, with a reason. */
  | { kind: 'break-glass'; reason: string }
  | { kind: 'denied' }
  /** Taken back before it was issued, by the requester or by somebody who may. */
  | { kind: 'withdrawn' }
  /** Nobody decided in time. */
  | { kind: 'expired' }
  /** Approved, and not executed in time (a lock, a brake, an Exchange that was away). */
  | { kind: 'execution-lapsed' }
  /** A frozen fact changed. */
  | { kind: 'voided' }
  /** One worker takes it; from here only proof decides whether Exchange was asked. */
  | { kind: 'taken-for-issuing' }
  | { kind: 'request-proved' }
  /** Exchange was surely not asked: refused unsent, or 16 minutes of reads without a trace. */
  | { kind: 'not-asked-proved' }
  /** Exchange handed the wipe to the phone (SentTime). */
  | { kind: 'device-told' }
  /** The phone promised (AckTime); it erases itself afterwards. */
  | { kind: 'acknowledged' }
  | { kind: 'refused-by-device' }
  /** The request was cancelled and a fresh read no longer shows it. */
  | { kind: 'cancel-read-back' }
  /** The wipe was given up and Exchange was read again; `stillHeld`: Exchange could not cancel and keeps the request. */
  | { kind: 'given-up'; stillHeld: boolean }
  /** This Exchange does not say how a wipe ends (Online). */
  | { kind: 'not-reported' }
  | { kind: 'partnership-removed' };

/** Why the hold may close; rules/hold.ts decides over all chosen devices. */
export type HoldCloser = 'acknowledged' | 'cancel-read-back' | 'give-up-read-back';

export type Transition =
  | {
      kind: 'to';
      state: WipeState;
      closesHold?: HoldCloser;
      /** Exchange keeps a request although no acknowledgement is expected any more: the phone is erased if it ever connects. */
      exchangeHolds: boolean;
    }
  | { kind: 'refusal'; code: WipeRefusal; sentence: string };

export type WipeRefusal =
  | 'approvals-missing'
  | 'reason-missing'
  | 'not-approved'
  | 'already-approved'
  | 'already-issued'
  | 'not-known-whether-asked'
  | 'not-asked-yet'
  | 'too-late-to-cancel'
  | 'already-acknowledged'
  | 'already-known'
  | 'already-ended';

/** What happens to a wipe in `state` when `event` happens. Never throws; an event that does not fit is refused with a sentence. */
export function transition(state: WipeState, event: WipeEvent): Transition {
  switch (state) {
    case 'awaiting-approval':
      return fromAwaiting(event);
    case 'approved':
      return fromApproved(event);
    case 'issuing':
      return fromIssuing(event);
    case 'requested':
    case 'sent':
    case 'refused-by-device':
    case 'not-reported':
      return fromAsked(state, event);
    case 'given-up':
      return fromGivenUp(event);
    case 'acknowledged':
      return refusal(
        'already-acknowledged',
        'The phone has acknowledged this wipe already; nothing can change it any more.',
      );
    case 'denied':
    case 'withdrawn':
    case 'expired':
    case 'voided':
    case 'not-asked':
    case 'cancelled':
    case 'partnership-removed':
      return refusal('already-ended', `This wipe has ended (${outcomeWord(state)}). To ask again, propose a new one.`);
    default:
      return assertNever(state, 'wipe state');
  }
}

function fromAwaiting(event: WipeEvent): Transition {
  switch (event.kind) {
    case 'approved':
      if (event.needed < 1 || event.given < event.needed) {
        const missing = Math.max(1, event.needed - event.given);
        return refusal(
          'approvals-missing',
          `${missing} more ${missing === 1 ? 'person' : 'people'} must approve this wipe.`,
        );
      }
      return to('approved');
    case 'break-glass':
      if (event.reason.trim() === '') return refusal('reason-missing', 'Break-glass needs a reason.');
      return to('approved');
    case 'denied':
      return to('denied');
    case 'withdrawn':
      return to('withdrawn');
    case 'expired':
      return to('expired');
    case 'voided':
      return to('voided');
    case 'taken-for-issuing':
    case 'execution-lapsed':
      return refusal('not-approved', 'Nobody has approved this wipe yet.');
    case 'cancel-read-back':
    case 'given-up':
      return refusal('not-asked-yet', 'Exchange has not been asked for this wipe yet; withdraw the proposal instead.');
    case 'request-proved':
    case 'not-asked-proved':
    case 'device-told':
    case 'acknowledged':
    case 'refused-by-device':
    case 'not-reported':
    case 'partnership-removed':
      return refusal('not-asked-yet', 'Exchange has not been asked for this wipe yet.');
    default:
      return assertNever(event, 'wipe event');
  }
}

function fromApproved(event: WipeEvent): Transition {
  switch (event.kind) {
    case 'taken-for-issuing':
      return to('issuing');
    case 'withdrawn':
      return to('withdrawn');
    case 'voided':
      return to('voided');
    case 'execution-lapsed':
      return to('expired');
    case 'approved':
    case 'break-glass':
    case 'denied':
    case 'expired':
      return refusal('already-approved', 'This wipe is approved already. Until Exchange is asked it can be withdrawn.');
    case 'cancel-read-back':
    case 'given-up':
      return refusal('not-asked-yet', 'Exchange has not been asked for this wipe yet; withdraw it instead.');
    case 'request-proved':
    case 'not-asked-proved':
    case 'device-told':
    case 'acknowledged':
    case 'refused-by-device':
    case 'not-reported':
    case 'partnership-removed':
      return refusal('not-asked-yet', 'Exchange has not been asked for this wipe yet.');
    default:
      return assertNever(event, 'wipe event');
  }
}

function fromIssuing(event: WipeEvent): Transition {
  switch (event.kind) {
    case 'request-proved':
      return to('requested');
    case 'not-asked-proved':
      return to('not-asked');
    case 'partnership-removed':
      return to('partnership-removed');
    case 'taken-for-issuing':
    case 'approved':
    case 'break-glass':
    case 'denied':
    case 'withdrawn':
    case 'expired':
    case 'execution-lapsed':
    case 'voided':
      return refusal(
        'already-issued',
        'Exchange is being asked for this wipe; it can no longer be taken back, only cancelled.',
      );
    case 'device-told':
    case 'acknowledged':
    case 'refused-by-device':
    case 'cancel-read-back':
    case 'given-up':
    case 'not-reported':
      return refusal(
        'not-known-whether-asked',
        'It is not known yet whether Exchange took this wipe. I am reading it again.',
      );
    default:
      return assertNever(event, 'wipe event');
  }
}

type Asked = 'requested' | 'sent' | 'refused-by-device' | 'not-reported';

function fromAsked(state: Asked, event: WipeEvent): Transition {
  switch (event.kind) {
    case 'device-told':
      if (state === 'requested' || state === 'not-reported') return to('sent');
      return refusal('already-known', 'It is known already that Exchange handed this wipe to the phone.');
    case 'acknowledged':
      return to('acknowledged', { closesHold: 'acknowledged' });
    case 'refused-by-device':
      if (state === 'refused-by-device') return refusal('already-known', 'It is known already that the phone refused.');
      return to('refused-by-device', { exchangeHolds: true });
    case 'not-reported':
      if (state === 'not-reported')
        return refusal('already-known', 'It is known already that Exchange does not report this wipe.');
      if (state === 'refused-by-device') return refusal('already-known', 'The phone has answered already: it refused.');
      return to('not-reported', { exchangeHolds: true });
    case 'cancel-read-back':
      if (state === 'sent' || state === 'refused-by-device') {
        return refusal('too-late-to-cancel', 'Too late to cancel: Exchange has handed the wipe to the phone.');
      }
      return to('cancelled', { closesHold: 'cancel-read-back' });
    case 'given-up':
      return to('given-up', { closesHold: 'give-up-read-back', exchangeHolds: event.stillHeld });
    case 'partnership-removed':
      return to('partnership-removed');
    case 'request-proved':
    case 'not-asked-proved':
    case 'taken-for-issuing':
    case 'approved':
    case 'break-glass':
    case 'denied':
    case 'withdrawn':
    case 'expired':
    case 'execution-lapsed':
    case 'voided':
      return refusal(
        'already-issued',
        'Exchange has been asked for this wipe. It can be cancelled or given up, not taken back.',
      );
    default:
      return assertNever(event, 'wipe event');
  }
}

/** Given up, yet Exchange may still hold the request: the truth about the phone is recorded, nothing else changes. */
function fromGivenUp(event: WipeEvent): Transition {
  if (event.kind === 'acknowledged') return to('acknowledged', { closesHold: 'acknowledged' });
  if (event.kind === 'cancel-read-back' || event.kind === 'partnership-removed') return to('given-up');
  return refusal('already-ended', 'This wipe was given up. To ask again, propose a new one.');
}

function to(state: WipeState, more: { closesHold?: HoldCloser; exchangeHolds?: boolean } = {}): Transition {
  const { closesHold, exchangeHolds = false } = more;
  return closesHold === undefined
    ? { kind: 'to', state, exchangeHolds }
    : { kind: 'to', state, closesHold, exchangeHolds };
}

function refusal(code: WipeRefusal, sentence: string): Transition {
  return { kind: 'refusal', code, sentence };
}
