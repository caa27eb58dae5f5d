/**
 * The wipe requests that Exchange holds for a device, whoever made them (Exchange facts 1.4): it keeps one of each scope, with its
 * times and its requestor, until the partnership is removed.
 */
import type { Span } from '../../message/model.ts';
import { time } from '../../message/text.ts';
import { clocksDiffer, type DeviceFacts, wipeTimesKnown } from './device.ts';

export type HeldRequest = {
  scope: 'full' | 'account-only';
  requestedAt: string;
  /** Empty where the account that asked has no mailbox. */
  requestor: string;
  sentAt: string | null;
  acknowledgedAt: string | null;
  /** It acknowledged and has synced since: set up anew, or never erased. Exchange repeats the wipe until the partnership is removed. */
  syncedSince: boolean;
};

/** Every request that Exchange shows; none where what it shows is not known. */
export function wipeRequests(facts: DeviceFacts): HeldRequest[] {
  if (!wipeTimesKnown(facts)) return [];
  const both = [
    ['full', facts.wipe.full],
    ['account-only', facts.wipe.accountOnly],
  ] as const;
  return both.flatMap(([scope, times]) =>
    times.requested === null
      ? []
      : [
          {
            scope,
            requestedAt: times.requested,
            requestor: times.requestor ?? '',
            sentAt: times.sent,
            acknowledgedAt: times.acknowledged,
            syncedSince:
              times.acknowledged !== null &&
              facts.lastSync !== null &&
              Date.parse(facts.lastSync) > Date.parse(times.acknowledged) + clocksDiffer,
          },
        ],
  );
}

/** Those that the phone has not acknowledged: their end is not known. */
export function unfinishedRequests(facts: DeviceFacts): HeldRequest[] {
  return wipeRequests(facts).filter(({ acknowledgedAt }) => acknowledgedAt === null);
}

/** Those of them that did not come from Mislaid; `own`: when it asked for wipes of this device. */
export function unfinishedOfOthers(facts: DeviceFacts, own: readonly string[] = []): HeldRequest[] {
  const instants = new Set(own.map((instant) => Date.parse(instant)));
  return unfinishedRequests(facts).filter(({ requestedAt }) => !instants.has(Date.parse(requestedAt)));
}

/** Why a proposal of this scope contradicts what Exchange holds already; undefined where it does not. */
export function contradictedBy(scope: 'full' | 'account-only' | 'outlook-app', facts: DeviceFacts): string | undefined {
  for (const request of wipeRequests(facts)) {
    const erases = request.acknowledgedAt === null || request.syncedSince;
    if (request.scope === 'full' && scope === 'account-only' && erases) {
      return `Exchange already holds a full wipe of this phone, asked for by ${requestorName(request)}: the whole phone is erased when it connects, so account-only would promise too little.`;
    }
    if (request.acknowledgedAt !== null) continue;
    if (request.scope === scope || scope === 'outlook-app') {
      return `Exchange already holds a wipe of this phone (${request.scope}), asked for by ${requestorName(request)}. Asking again would only start its times anew.`;
    }
  }
  return undefined;
}

export function requestorName({ requestor }: Pick<HeldRequest, 'requestor'>): string {
  return requestor === '' ? 'an account without a mailbox' : requestor;
}

/** Whose a request is; while Mislaid asks for a wipe, a new one may be its own. */
export type Whose = 'ours' | 'others' | 'not-known';

const whoseWords = {
  ours: () => 'by Mislaid',
  others: (request: HeldRequest) => `by ${requestorName(request)}, not by Mislaid`,
  'not-known': (request: HeldRequest) =>
    `by ${requestorName(request)}, whether for Mislaid's own wipe is not known yet`,
} as const satisfies Record<Whose, (request: HeldRequest) => string>;

/** A request as a sentence, without the phone's name. */
export function requestSentence(request: HeldRequest, whose: Whose): (string | Span)[] {
  const by = whoseWords[whose](request);
  const kind = request.scope === 'full' ? 'a full wipe' : 'an account-only wipe';
  if (request.acknowledgedAt !== null) {
    return [
      `It acknowledged ${kind} `,
      time(request.acknowledgedAt),
      ` (asked for ${by}, `,
      time(request.requestedAt),
      request.syncedSince
        ? ') and has synced since: it was set up anew, or did not erase itself. Exchange repeats the wipe until the partnership is removed.'
        : ').',
    ];
  }
  return [
    `Exchange holds ${kind}, asked for ${by}, `,
    time(request.requestedAt),
    ...(request.sentAt === null
      ? ['; it has not been handed to the phone.']
      : ['; handed to the phone ', time(request.sentAt), ', not acknowledged.']),
  ];
}
