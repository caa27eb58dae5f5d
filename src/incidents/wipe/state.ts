/** What a state of a wipe means: whether it is the device's open one, what it forbids, and its graded word. */
import { assertNever } from '../../ground/errors.ts';
import type { WipeState } from '../../store/tables/wipes.ts';

/** The device's one open proposal or wipe; the same list as the unique index `wipe_one_open`. */
export function isOpen(state: WipeState): boolean {
  switch (state) {
    case 'awaiting-approval':
    case 'approved':
    case 'issuing':
    case 'requested':
    case 'sent':
    case 'refused-by-device':
    case 'not-reported':
      return true;
    case 'acknowledged':
    case 'denied':
    case 'withdrawn':
    case 'expired':
    case 'voided':
    case 'not-asked':
    case 'cancelled':
    case 'given-up':
    case 'partnership-removed':
      return false;
    default:
      return assertNever(state, 'wipe state');
  }
}

/** From approved to acknowledged the bot's own block and remove commands refuse: they would stop the wipe. */
export function blocksDeviceChanges(state: WipeState): boolean {
  return isOpen(state) && state !== 'awaiting-approval';
}

/** One graded word or two for people. Never "wiped": an acknowledgement is the phone's promise and comes before the erasing. */
export function outcomeWord(state: WipeState): string {
  return outcomeWords[state];
}

const outcomeWords = {
  'awaiting-approval': 'waits for approval',
  approved: 'approved',
  issuing: 'not known whether asked',
  requested: 'asked of Exchange',
  sent: 'handed to the phone',
  acknowledged: 'acknowledged by the phone',
  denied: 'denied',
  withdrawn: 'withdrawn',
  expired: 'expired',
  voided: 'void',
  'not-asked': 'failed: not asked',
  cancelled: 'cancelled',
  'refused-by-device': 'refused by the phone',
  'given-up': 'given up',
  'not-reported': 'asked; Exchange does not report how it ends',
  'partnership-removed': 'ended: partnership removed',
} as const satisfies Record<WipeState, string>;
