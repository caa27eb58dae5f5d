/** What happens to a wipe; incidents/wipe/machine.ts says where it leads. Stored with each transition. */
export type WipeEventKind =
  /** A second person approved. */
  | 'approved'
  /** One person of security or admin alone, with a reason. */
  | 'break-glass'
  | 'denied'
  /** Taken back before it was issued, by the requester or by somebody who may. */
  | 'withdrawn'
  /** Nobody decided in time. */
  | 'expired'
  /** Approved, and not carried out in time (a lock, a brake, an Exchange that was away). */
  | 'lapsed'
  /** A frozen fact changed. */
  | 'voided'
  /** One worker claims it for issuing; from here only proof decides whether Exchange holds a request. */
  | 'claimed'
  /** A backup was restored that had it waiting or approved: meanwhile it may have been asked for. */
  | 'restored'
  /** After `restored`: Exchange holds no request of it, and whether it ever did is not known. */
  | 'not-held'
  | 'request-proved'
  /** Exchange surely holds no request of ours: refused unsent, or 16 minutes of reads without a trace. */
  | 'no-request-proved'
  /** Exchange handed the wipe to the phone (SentTime). */
  | 'sent'
  /** The phone promised (AckTime); it erases itself afterwards. */
  | 'acknowledged'
  | 'refused-by-device'
  /** The request was cancelled and a fresh read no longer shows it. */
  | 'cancel-proved'
  /** The wipe was given up and Exchange was read again. */
  | 'given-up'
  /** This Exchange does not say how a wipe ends (Online). */
  | 'not-reported'
  | 'partnership-removed'
  /** After `not-asked`: Exchange shows the request after all. */
  | 'request-appeared'
  /** After `partnership-removed`: Exchange shows the partnership again, with the request. */
  | 'partnership-returned';
