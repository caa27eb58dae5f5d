/**
 * The wipe as a pure state machine: (state, event) → state or refusal. Storage applies it by compare-and-set.
 *
 * Nothing returns to `approved`: a second request must never happen by accident, because it resets Exchange's own times.
 */
import type { WipeEventKind } from '../../store/tables/wipe-events.ts';
import type { WipeState } from '../../store/tables/wipes.ts';
import { outcomeWord } from './state.ts';

export { blocksDeviceChanges, isOpen, outcomeWord } from './state.ts';

export type WipeEvent =
  /** `given` of `needed` different people have approved by now, this one included. */
  | { kind: 'approved'; given: number; needed: number }
  | { kind: 'break-glass'; reason: string }
  /** `stillHeld`: Exchange could not cancel and keeps the request. */
  | { kind: 'given-up'; stillHeld: boolean }
  | { kind: Exclude<WipeEventKind, 'approved' | 'break-glass' | 'given-up'> };

/** Why the hold may close; hold/rules.ts decides over all chosen devices. */
export type HoldCloser = 'acknowledged' | 'cancel-proved' | 'give-up-proved';

export type Transition =
  | {
      kind: 'to';
      state: WipeState;
      closesHold?: HoldCloser;
      /** Exchange keeps a request although no acknowledgement is expected any more: the phone is erased if it ever connects. */
      exchangeHolds: boolean;
    }
  | WipeRefusal;

export type WipeRefusal = {
  kind: 'refusal';
  code:
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
  userMessage: string;
};

type Row = Partial<Record<WipeEventKind, WipeState>>;

const afterRequest = {
  acknowledged: 'acknowledged',
  'given-up': 'given-up',
  'partnership-removed': 'partnership-removed',
} as const satisfies Row;

/** Where each event leads from each state. An absent cell refuses, with the words of `refusals`. */
const transitions = {
  'awaiting-approval': {
    approved: 'approved',
    'break-glass': 'approved',
    restored: 'issuing',
    denied: 'denied',
    withdrawn: 'withdrawn',
    expired: 'expired',
    voided: 'voided',
  },
  approved: { claimed: 'issuing', restored: 'issuing', withdrawn: 'withdrawn', voided: 'voided', lapsed: 'expired' },
  issuing: {
    'request-proved': 'requested',
    'no-request-proved': 'not-asked',
    'not-held': 'voided',
    'partnership-removed': 'partnership-removed',
  },
  requested: {
    ...afterRequest,
    sent: 'sent',
    'refused-by-device': 'refused-by-device',
    'not-reported': 'not-reported',
    'cancel-proved': 'cancelled',
  },
  sent: { ...afterRequest, 'refused-by-device': 'refused-by-device', 'not-reported': 'not-reported' },
  // It stays pending: Exchange tells the phone again whenever it connects.
  'refused-by-device': afterRequest,
  'not-reported': {
    ...afterRequest,
    sent: 'sent',
    'refused-by-device': 'refused-by-device',
    'cancel-proved': 'cancelled',
  },
  // Exchange may still hold the request: the truth about the phone is recorded, nothing else changes.
  'given-up': { acknowledged: 'acknowledged', 'cancel-proved': 'given-up', 'partnership-removed': 'given-up' },
  acknowledged: {},
  denied: {},
  withdrawn: {},
  expired: {},
  voided: {},
  // An answer may lag for longer than anybody waits: what Exchange shows later is taken up.
  'not-asked': { 'request-appeared': 'requested' },
  cancelled: { 'request-appeared': 'requested' },
  'partnership-removed': { 'partnership-returned': 'requested' },
} as const satisfies Record<WipeState, Row>;

const notApproved = refusal('not-approved', 'Nobody has approved this wipe yet.');
const alreadyApproved = refusal(
  'already-approved',
  'This wipe is approved already. Until Exchange is asked it can be withdrawn.',
);
const notAskedYet = refusal('not-asked-yet', 'Exchange has not been asked for this wipe yet.');
const withdrawProposal = refusal(
  'not-asked-yet',
  'Exchange has not been asked for this wipe yet; withdraw the proposal instead.',
);
const withdrawWipe = refusal('not-asked-yet', 'Exchange has not been asked for this wipe yet; withdraw it instead.');
const notKnown = refusal(
  'not-known-whether-asked',
  'It is not known yet whether Exchange took this wipe. I am reading it again.',
);
const beingAsked = refusal(
  'already-issued',
  'Exchange is being asked for this wipe; it can no longer be taken back, only cancelled.',
);
const asked = refusal(
  'already-issued',
  'Exchange has been asked for this wipe. It can be cancelled or given up, not taken back.',
);
const alreadySent = refusal('already-known', 'It is known already that Exchange handed this wipe to the phone.');
const tooLate = refusal('too-late-to-cancel', 'Too late to cancel: Exchange has handed the wipe to the phone.');

type Refusals = Partial<Record<WipeEventKind, WipeRefusal>> & { otherwise: WipeRefusal };

/** Why an event is refused in a state. */
const refusals: Readonly<Record<WipeState, Refusals>> = {
  'awaiting-approval': {
    claimed: notApproved,
    lapsed: notApproved,
    'cancel-proved': withdrawProposal,
    'given-up': withdrawProposal,
    otherwise: notAskedYet,
  },
  approved: {
    approved: alreadyApproved,
    'break-glass': alreadyApproved,
    denied: alreadyApproved,
    expired: alreadyApproved,
    'cancel-proved': withdrawWipe,
    'given-up': withdrawWipe,
    otherwise: notAskedYet,
  },
  issuing: {
    sent: notKnown,
    acknowledged: notKnown,
    'refused-by-device': notKnown,
    'not-reported': notKnown,
    'cancel-proved': notKnown,
    'given-up': notKnown,
    otherwise: beingAsked,
  },
  requested: { otherwise: asked },
  sent: { sent: alreadySent, 'cancel-proved': tooLate, otherwise: asked },
  'refused-by-device': {
    sent: alreadySent,
    'cancel-proved': tooLate,
    'refused-by-device': refusal('already-known', 'It is known already that the phone refused.'),
    'not-reported': refusal('already-known', 'The phone has answered already: it refused.'),
    otherwise: asked,
  },
  'not-reported': {
    'not-reported': refusal('already-known', 'It is known already that Exchange does not report this wipe.'),
    otherwise: asked,
  },
  'given-up': { otherwise: refusal('already-ended', 'This wipe was given up. To ask again, propose a new one.') },
  acknowledged: {
    otherwise: refusal(
      'already-acknowledged',
      'The phone has acknowledged this wipe already; nothing can change it any more.',
    ),
  },
  denied: { otherwise: ended('denied') },
  withdrawn: { otherwise: ended('withdrawn') },
  expired: { otherwise: ended('expired') },
  voided: { otherwise: ended('voided') },
  'not-asked': { otherwise: ended('not-asked') },
  cancelled: { otherwise: ended('cancelled') },
  'partnership-removed': { otherwise: ended('partnership-removed') },
};

/** What happens to a wipe in `state` when `event` happens. Never throws; an event that does not fit is refused with a sentence. */
export function transition(state: WipeState, event: WipeEvent): Transition {
  const row: Row = transitions[state];
  const next = row[event.kind];
  if (next === undefined) return refusals[state][event.kind] ?? refusals[state].otherwise;
  if (event.kind === 'approved' && (event.needed < 1 || event.given < event.needed)) {
    const missing = Math.max(1, event.needed - event.given);
    return refusal(
      'approvals-missing',
      `${missing} more ${missing === 1 ? 'person' : 'people'} must approve this wipe.`,
    );
  }
  if (event.kind === 'break-glass' && event.reason.trim() === '') {
    return refusal('reason-missing', 'Break-glass needs a reason.');
  }
  const closesHold = closers[event.kind];
  const pending = next === 'refused-by-device' || next === 'not-reported';
  return {
    kind: 'to',
    state: next,
    // A wipe that was given up before has closed the hold then; only an acknowledgement still says something new.
    ...(closesHold === undefined || (state === 'given-up' && next === state) ? {} : { closesHold }),
    exchangeHolds: pending || (event.kind === 'given-up' && event.stillHeld),
  };
}

const closers: Partial<Record<WipeEventKind, HoldCloser>> = {
  acknowledged: 'acknowledged',
  'cancel-proved': 'cancel-proved',
  'given-up': 'give-up-proved',
};

function refusal(code: WipeRefusal['code'], userMessage: string): WipeRefusal {
  return { kind: 'refusal', code, userMessage };
}

function ended(state: WipeState): WipeRefusal {
  return refusal('already-ended', `This wipe has ended (${outcomeWord(state)}). To ask again, propose a new one.`);
}
