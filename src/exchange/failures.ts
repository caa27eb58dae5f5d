/** From what Exchange answered to what the core can act upon: by exception type and category, never by localised text. */
import { type Effect, ExchangeError, type ExchangeErrorCode, type Reached } from './port.ts';
import type { CmdletFailure } from './transport.ts';

type Meaning = { pattern: RegExp; code: ExchangeErrorCode; userMessage: string };

/** Matched in order against the exception's type, then against the FullyQualifiedErrorId. What a call did they do not say. */
const meanings: readonly Meaning[] = [
  {
    pattern: /MobileDeviceNotExist/i,
    code: 'exchange-device-not-in-mailbox',
    userMessage: 'The mailbox no longer knows this device.',
  },
  {
    pattern: /ManagementObjectNotFound|ADNoSuchObject|UserWithSmtpAddressNotFound/i,
    code: 'exchange-not-found',
    userMessage: 'Exchange does not find it.',
  },
  {
    // RBAC hides what an account may not use, so a missing right looks like a missing cmdlet or parameter.
    pattern: /CommandNotFound|ParameterBinding|NamedParameterNotFound|ParameterNotFound/i,
    code: 'exchange-refused',
    userMessage: "Exchange does not offer this to the bot's account: its role may be missing.",
  },
  {
    pattern: /^MislaidProgramFailed$/,
    code: 'exchange-refused',
    userMessage: 'A program on the way to Exchange has failed.',
  },
  {
    pattern: /AccessDenied|Unauthori[sz]ed|NotAuthorized|AuthZ|ScopeViolation|OutOfWriteScope/i,
    code: 'exchange-refused',
    userMessage: "Exchange refused: the bot's account lacks the right.",
  },
  {
    pattern: /Overbudget|Throttl|ServerBusy|TooManyRequests|ServerTooBusy/i,
    code: 'exchange-throttled',
    userMessage: 'Exchange is busy and asked to wait.',
  },
  {
    pattern:
      /Transient|PSRemotingTransport|RemotingData|MapiExceptionNetworkError|ConnectionFailed|MailboxOffline|InfoStoreUnavailable/i,
    code: 'exchange-away',
    userMessage: 'Exchange could not do it just now.',
  },
  {
    pattern:
      /AlreadyExists|Ambiguous|RecipientTask|InvalidArgument|ArgumentTransformation|DataValidation|InvalidOperation/i,
    code: 'exchange-refused',
    userMessage: 'Exchange refused it.',
  },
];

/**
 * The closed list of verdicts that Exchange gives before it writes: the target was not found, so nothing was changed on it. Each by
 * the last segment of the type that the server names (`CmdletFailure.fromServer`):
 * - `ManagementObjectNotFoundException` (Microsoft.Exchange.Configuration.Tasks): public scripts read it from
 *   SerializedRemoteException; Online prints it as `Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|…`
 *   (github.com/Microsoft365DSC/Microsoft365DSC/issues/2998).
 * - `MobileDeviceNotExistException` (Microsoft.Exchange.AirSync): the device is not in the mailbox's sync state, which
 *   Clear-MobileDevice opens before it writes to it.
 * A missing cmdlet or parameter is found before anything is sent (`exchange-refused-unsent`). The type of the error for an
 * unsupported -AccountOnly is published nowhere, so it stays unknown.
 */
const verdicts: ReadonlySet<string> = new Set(['ManagementObjectNotFoundException', 'MobileDeviceNotExistException']);

/** What Exchange's answer means for a call of this effect. */
export function exchangeErrorOf(failure: CmdletFailure, call: { name: string; effect: Effect }): ExchangeError {
  const meaning =
    meanings.find(({ pattern }) => pattern.test(failure.type)) ??
    meanings.find(({ pattern }) => pattern.test(failure.errorId));
  return new ExchangeError({
    code: meaning?.code ?? 'exchange-refused',
    reached: reachedBy(failure, call.effect),
    message: `${call.name} failed: ${failure.type} (${failure.category}): ${failure.message}`,
    userMessage: meaning?.userMessage ?? 'Exchange answered with an error that is not known.',
    errorId: failure.errorId,
    cause: failure,
  });
}

function reachedBy(failure: CmdletFailure, effect: Effect): Reached {
  if (effect === 'read') return 'no';
  const type = failure.type.split(/[.+]/).at(-1) ?? failure.type;
  return failure.fromServer && verdicts.has(type) ? 'refused' : 'perhaps';
}
