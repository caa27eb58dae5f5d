/**
 * The hold: "do not reset the password, disable, block, remove or suspend yet". It opens with the incident; it survives
 * withdrawn, denied, expired, voided and failed wipes; it closes for the reasons below and for no others.
 */
import { after, hour, minute } from '../../ground/durations.ts';
import { assertNever } from '../../ground/errors.ts';
import type { Policy, Role } from '../../policy.ts';
import type { IncidentTable } from '../../store/tables/incidents.ts';
import type { WipeState } from '../../store/tables/wipes.ts';
import { isOpen } from '../wipe/state.ts';

export type Hold = IncidentTable['hold'];

/** One wipe of an incident; give them oldest first: per device the newest counts. */
export type HoldWipe = {
  readonly deviceNumber: number;
  readonly state: WipeState;
  /** Its partnership was removed by us, with a second person's approval, and read back. */
  readonly removed?: boolean;
};

export type HoldEvent =
  /** A wipe of the incident moved. */
  | { kind: 'wipe-moved' }
  /** A person said that none of the devices is chosen ("none of these", "found"). */
  | { kind: 'none-chosen' }
  | { kind: 'reset-anyway' }
  /** `release hold INC-n because …`: security or admin. */
  | { kind: 'released'; roles: ReadonlySet<Role>; reason: string }
  /** `hold INC-n`, or a new wipe was proposed: the phone must be able to log in again. */
  | { kind: 'opened-again' };

export type HoldAfter = { hold: Hold; why?: string };

/** The hold after an event. `why` says it when the event closed it. */
export function holdAfter(incident: { hold: Hold }, wipes: readonly HoldWipe[], event: HoldEvent): HoldAfter {
  if (event.kind === 'opened-again') return { hold: 'open' };
  if (incident.hold === 'closed') return { hold: 'closed' };
  switch (event.kind) {
    case 'wipe-moved': {
      const why = holdClosedBy(wipes);
      return why === undefined ? { hold: 'open' } : { hold: 'closed', why };
    }
    case 'none-chosen': {
      const pending = newestPerDevice(wipes).some((wipe) => isOpen(wipe.state));
      return pending ? { hold: 'open' } : { hold: 'closed', why: 'No phone is chosen for a wipe.' };
    }
    case 'reset-anyway':
      return { hold: 'closed', why: 'Somebody decided to reset the password without waiting for the phone.' };
    case 'released': {
      const may = event.roles.has('security') || event.roles.has('admin');
      if (!may || event.reason.trim() === '') return { hold: 'open' };
      return { hold: 'closed', why: 'The hold was released.' };
    }
    default:
      return assertNever(event, 'hold event');
  }
}

/**
 * Why the hold closes by the wipes alone: of every device for which one was chosen, the newest is acknowledged, or its
 * give-up or cancel, or our removal of its partnership, was read back. undefined: it stays open. With two phones, giving up one must not cut off the other.
 */
export function holdClosedBy(wipes: readonly HoldWipe[]): string | undefined {
  const newest = newestPerDevice(wipes);
  if (newest.length === 0) return undefined;
  if (!newest.every(settlesHold)) return undefined;
  if (newest.every((wipe) => wipe.state === 'acknowledged')) {
    return newest.length === 1
      ? 'The phone has acknowledged the wipe.'
      : 'Every phone that was chosen has acknowledged its wipe.';
  }
  if (newest.length > 1) return 'No wipe of this incident is waited for any more.';
  const [only] = newest;
  if (only?.state === 'cancelled') return 'The wipe was cancelled, and Exchange no longer shows it.';
  return only?.removed === true
    ? 'The partnership was removed, and with it the wipe: no wipe reaches the phone any more.'
    : 'The wipe was given up.';
}

/** Whether the card offers "reset anyway" because a phone that was told has not answered for 15 minutes. */
export function offersResetAnyway(wipe: { state: WipeState; sentAt: Date | null }, now: Date): boolean {
  if (wipe.state !== 'sent' || wipe.sentAt === null) return false;
  return now >= after(wipe.sentAt, 15 * minute);
}

/** When a person must be asked about an open hold: holdMaxHours after it opened, or after we last asked. */
export function holdQuestionAt(incident: { openedAt: Date; holdAskedAt: Date | null }, policy: Policy): Date {
  const since = incident.holdAskedAt ?? incident.openedAt;
  return after(since, policy.holdMaxHours * hour);
}

/** What would stop a wipe that is on its way, and why (Exchange facts 5.4): said while the hold is open, never to the owner. */
export function stopsWipe(): readonly { act: string; because: string }[] {
  return [
    { act: 'resetting the password', because: 'the phone is turned away before it can hear of the wipe' },
    { act: 'disabling the account or revoking its sessions', because: 'the phone can no longer log in' },
    { act: 'blocking the phone or switching ActiveSync off', because: 'Exchange refuses it before telling it' },
    { act: 'removing the partnership', because: 'Exchange forgets the wipe with it' },
    { act: 'disabling or moving the mailbox', because: 'the request is kept inside it' },
    { act: 'suspending the SIM', because: 'without a network the phone never asks' },
  ];
}

function newestPerDevice(wipes: readonly HoldWipe[]): HoldWipe[] {
  const newest = new Map<number, HoldWipe>();
  for (const wipe of wipes) newest.set(wipe.deviceNumber, wipe);
  return [...newest.values()];
}

function settlesHold({ state, removed = false }: HoldWipe): boolean {
  // A partnership that is merely gone may be the phone's own doing, and another has come in its place.
  if (state === 'partnership-removed') return removed;
  return state === 'acknowledged' || state === 'cancelled' || state === 'given-up';
}
