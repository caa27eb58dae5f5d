/** From what Exchange answered to what the core can act upon: by exception type and category, never by localised text. */
import { type Effect, ExchangeError, type ExchangeErrorCode, type Reached } from './port.ts';
import type { CmdletFailure } from './transport.ts';

type Meaning = {
  pattern: RegExp;
  code: ExchangeErrorCode;
  /** Whether the call can have had an effect all the same. */
  reached: Reached;
  sentence: string;
};

/** Matched in order against the exception's type, then against the FullyQualifiedErrorId. */
const meanings: readonly Meaning[] = [
  {
    pattern: /MobileDeviceNotExist/i,
    code: 'exchange-device-not-in-mailbox',
    reached: 'no',
    sentence: 'The mailbox no longer knows this device.',
  },
  {
    pattern: /ManagementObjectNotFound|ADNoSuchObject|UserWithSmtpAddressNotFound/i,
    code: 'exchange-not-found',
    reached: 'no',
    sentence: 'Exchange does not find it.',
  },
  {
    // RBAC hides what an account may not use, so a missing right looks like a missing cmdlet or parameter.
    pattern: /CommandNotFound|ParameterBinding|NamedParameterNotFound|ParameterNotFound/i,
    code: 'exchange-refused',
    reached: 'no',
    sentence: "Exchange does not offer this to the bot's account: its role may be missing.",
  },
  {
    pattern: /AccessDenied|Unauthori[sz]ed|NotAuthorized|AuthZ|ScopeViolation|OutOfWriteScope/i,
    code: 'exchange-refused',
    reached: 'no',
    sentence: "Exchange refused: the bot's account lacks the right.",
  },
  {
    pattern: /Overbudget|Throttl|ServerBusy|TooManyRequests|ServerTooBusy/i,
    code: 'exchange-throttled',
    reached: 'no',
    sentence: 'Exchange is busy and asked to wait.',
  },
  {
    pattern:
      /Transient|PSRemotingTransport|RemotingData|MapiExceptionNetworkError|ConnectionFailed|MailboxOffline|InfoStoreUnavailable/i,
    code: 'exchange-away',
    reached: 'perhaps',
    sentence: 'Exchange could not do it just now.',
  },
  {
    pattern:
      /AlreadyExists|Ambiguous|RecipientTask|InvalidArgument|ArgumentTransformation|DataValidation|InvalidOperation/i,
    code: 'exchange-refused',
    reached: 'no',
    sentence: 'Exchange refused it.',
  },
];

export function exchangeErrorOf(failure: CmdletFailure, call: { name: string; effect: Effect }): ExchangeError {
  const meaning =
    meanings.find(({ pattern }) => pattern.test(failure.type)) ??
    meanings.find(({ pattern }) => pattern.test(failure.errorId));
  return new ExchangeError({
    code: meaning?.code ?? 'exchange-refused',
    // What is not known may have failed half-way; a read has no half-way.
    reached: call.effect === 'read' ? 'no' : (meaning?.reached ?? 'perhaps'),
    message: `${call.name} failed: ${failure.type} (${failure.category}): ${failure.message}`,
    userMessage: meaning?.sentence ?? 'Exchange answered with an error that is not known.',
    errorId: failure.errorId,
    cause: failure,
  });
}
