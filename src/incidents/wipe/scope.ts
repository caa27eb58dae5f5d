/**
 * What a wipe would erase on this device, and which scopes may be chosen. Exchange facts 0.2, 0.3, 1.3, 5.5: without
 * -AccountOnly a native mail app resets the whole phone; on Outlook a wipe empties the app on all of the person's phones;
 * account-only needs EAS 16.1 on the phone and -AccountOnly on this Exchange for our account.
 */

import type { Capabilities } from '../../exchange/port.ts';
import { assertNever } from '../../ground/errors.ts';
import type { WipeScope } from '../../store/tables/wipes.ts';
import { clientKnown, type DeviceFacts, isOutlookApp, versionText, wipeTimesKnown } from '../devices/device.ts';
import { contradictedBy } from '../devices/held-requests.ts';

export type ScopeChoice = {
  scope: WipeScope;
  /** What is erased, as the end of "This wipe erases …". */
  erases: string;
  allowed: boolean;
  whyNot?: string;
};

export type ScopeChoices = {
  choices: readonly ScopeChoice[];
  /** Chosen in the form from the start; null when no wipe is possible. */
  default: WipeScope | null;
  /** Where this device ought to be wiped rather than in Exchange. */
  instead?: string;
};

/** EAS 16.1, the first version with AccountOnlyRemoteWipe. */
const accountOnlyVersion = 161;

export function scopeFor(device: DeviceFacts, capabilities: Pick<Capabilities, 'accountOnly'>): ScopeChoices {
  const choices = (['account-only', 'full', 'outlook-app'] as const)
    .filter((scope) => (scope === 'outlook-app') === isOutlookApp(device))
    .map((scope) => choice(scope, device, capabilities));
  const first = choices.find((candidate) => candidate.allowed);
  return {
    choices,
    default: first?.scope ?? null,
    ...(device.managedByMdm
      ? {
          instead: `This phone is managed by an MDM: wipe it there. Exchange wipes only what it can reach itself${isApple(device) ? ', and never a supervised iPhone or iPad' : ''}.`,
        }
      : {}),
  };
}

/** Apple: an Exchange wipe is not possible on a supervised device (Graph facts 0.5); that it is supervised only its MDM knows. */
function isApple({ type }: DeviceFacts): boolean {
  return /^(iphone|ipad|ipod)/i.test(type);
}

/** What a wipe of this scope erases, as the end of "This wipe erases …". */
export function erases(scope: WipeScope): string {
  switch (scope) {
    case 'account-only':
      return 'work mail, contacts and calendar, and nothing else on the phone';
    case 'full':
      return 'everything on the phone: a factory reset, private photos included';
    case 'outlook-app':
      return "Outlook's data on all of this person's phones and tablets, not only on this one";
    default:
      return assertNever(scope, 'scope');
  }
}

/** What the phone does once it has acknowledged: its promise, and no more. */
export function promiseOf(scope: WipeScope): string {
  switch (scope) {
    case 'account-only':
      return 'It removes the work account after this; Exchange cannot see that.';
    case 'full':
      return 'It erases itself after this; Exchange cannot see that.';
    case 'outlook-app':
      return "Outlook's data is removed after this; Exchange cannot see that.";
    default:
      return assertNever(scope, 'scope');
  }
}

/** What still happens while Exchange holds requests of these scopes, as the end of "Exchange still holds it: …". */
export function stillErased(scopes: readonly WipeScope[]): string {
  const what = scopes.includes('full')
    ? 'this phone'
    : scopes.includes('outlook-app')
      ? "Outlook's data on all of this person's phones"
      : 'the work account on this phone';
  return `${what} will still be erased if it connects`;
}

/** Full and Outlook wipes are confirmed by typing the phone's name and the ending of its id. */
export function needsTypedConfirmation(scope: WipeScope): boolean {
  return scope !== 'account-only';
}

function choice(scope: WipeScope, device: DeviceFacts, capabilities: Pick<Capabilities, 'accountOnly'>): ScopeChoice {
  const whyNot = reasonAgainst(scope, device, capabilities);
  return whyNot === undefined
    ? { scope, erases: erases(scope), allowed: true }
    : { scope, erases: erases(scope), allowed: false, whyNot };
}

function reasonAgainst(
  scope: WipeScope,
  device: DeviceFacts,
  capabilities: Pick<Capabilities, 'accountOnly'>,
): string | undefined {
  if (!wipeTimesKnown(device)) {
    return "Exchange's answers about this phone disagree or cannot be read: what it holds for it is not known, so nothing is decided on it.";
  }
  if (device.wipeSupported === false) {
    return 'This device does not support being wiped; Exchange would only block it.';
  }
  const held = contradictedBy(scope, device);
  if (held !== undefined) return held;
  if (scope !== 'account-only') return undefined;
  if (!clientKnown(device) || device.wipeSupported === null) {
    return 'Account-only is offered only where it is known what this phone is and that it can be wiped; Exchange does not say it.';
  }
  if (device.client !== 'eas') return 'Account-only needs an ActiveSync mail app with EAS 16.1; this one is not.';
  if (device.clientVersion === null)
    return 'Account-only needs EAS 16.1; which version this phone speaks is not known.';
  if (device.clientVersion < accountOnlyVersion) {
    return `Account-only needs EAS 16.1; this phone speaks ${versionText(device.clientVersion)}.`;
  }
  if (!capabilities.accountOnly) return 'This Exchange does not offer account-only wipes to the bot.';
  return undefined;
}
