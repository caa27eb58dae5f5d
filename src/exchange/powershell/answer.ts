/**
 * What an engine answers, and what its errors mean. Errors are told apart by type and id, never by their text, which is
 * localised. Where the type is found differs:
 *   on-prem   `SerializedRemoteException`'s type name, and `[FailureCategory=Cmdlet-<type>]` in the error id
 *   Online    CategoryInfo.Reason, and `Ex<hex>|<type>|` before the text (module 3: github.com/PowerShell/PowerShell/issues/19793,
 *             github.com/Microsoft365DSC/Microsoft365DSC/issues/2998 show both)
 * The text itself goes on only with names taken out of it.
 */
import { z } from 'zod';
import { minute, second } from '../../ground/durations.ts';
import { type Effect, ExchangeError, type ExchangeErrorCode, type Reached } from '../port.ts';
import { CmdletFailure } from '../transport.ts';

export const EngineError = z.object({
  /** FullyQualifiedErrorId. */
  id: z.string(),
  category: z.string(),
  reason: z.string(),
  /** The cmdlet that raised it, where it says so: one that ran beside ours may fail, too. */
  activity: z.string().default(''),
  /** Exception types, outermost first, the server's own before the local wrapper. */
  types: z.array(z.string()),
  /** Those of `types` that the server named (SerializedRemoteException). */
  remote: z.array(z.string()),
  /** HTTP status, where the exception has one. */
  status: z.number().nullable(),
  message: z.string(),
});
export type EngineError = z.infer<typeof EngineError>;

/** A row that is none: an object that Exchange could not print. */
export const LostAnswer = z.object({ MislaidLost: EngineError });

export const Envelope = z.object({
  nonce: z.string(),
  ok: z.boolean(),
  rows: z.array(z.unknown()),
  /** Rows that wait in the engine for the request `more`. */
  more: z.number(),
  error: EngineError.nullable(),
  warnings: z.array(z.string()),
  /** Working set of the engine in bytes. */
  memory: z.number(),
});
export type Envelope = z.infer<typeof Envelope>;

type Meaning = { code: ExchangeErrorCode; reached: Reached | 'by-effect'; userMessage?: string };

/** Exception types (last segment) and our own ids from script.ts that concern the session; the rest is Exchange's answer. */
const meanings: Readonly<Record<string, Meaning>> = {
  MislaidNotOffered: { code: 'exchange-refused-unsent', reached: 'no' },
  MislaidNotAllowed: { code: 'exchange-refused-unsent', reached: 'no' },
  // The cmdlet itself would not bind what it was given; the same error from deeper inside proves nothing.
  MislaidNotBound: { code: 'exchange-refused-unsent', reached: 'no' },
  MislaidTooLate: {
    code: 'exchange-refused-unsent',
    reached: 'no',
    userMessage: 'Its time was over before it could be sent, so Exchange was not asked.',
  },
  MislaidTooLarge: { code: 'exchange-bad-answer', reached: 'by-effect' },
  PSRemotingTransportException: { code: 'exchange-away', reached: 'by-effect' },
  PSRemotingTransportRedirectException: { code: 'exchange-away', reached: 'by-effect' },
  PSRemotingDataStructureException: { code: 'exchange-away', reached: 'by-effect' },
  InvalidRunspaceStateException: { code: 'exchange-away', reached: 'by-effect' },
  InvalidPSSessionStateException: { code: 'exchange-away', reached: 'by-effect' },
  HttpRequestException: { code: 'exchange-away', reached: 'by-effect' },
  SocketException: { code: 'exchange-away', reached: 'by-effect' },
};

/** `policy party : MaxConcurrency` and its like are names inside every language's text, not text (samples/exo-rps-runspace-limit-error.txt). */
const throttlingParties =
  /\b(?:MaxConcurrency|MaxTenantConcurrency|MaxRunspacesTimePeriod|MaxRunspaces|CmdletTimePeriod)\b/;

/** Names of types, and ids, that ask to wait. */
const busyName = /OverBudget|Throttl|ResourceUnhealthy|ServerBusy|TooBusy|TooManyRequests/i;

/**
 * Forms in which Online's module and .NET print the HTTP status, or the header that comes with it, where the exception has none; in
 * every language they are the same.
 */
const busyText =
  /\b(?:Http)?StatusCode ?[=:] ?['"]?(?:429|503|TooManyRequests|ServiceUnavailable)\b|Response status code does not indicate success: (?:429|503)\b|: \((?:429|503)\) |\bRetry-?After['"]?[=:]/i;

/** `Retry-After: 30`, `RetryAfter="30"`, `retry after 30 seconds`. */
const retryAfterText = /\bretry[- ]?after\b['"=:\s]{1,4}(\d{1,6})\s*(ms|milliseconds|minutes)?\b/i;

/** A longer wait than this that somebody asks for is not believed: nothing could be asked of Exchange meanwhile. */
const longestWaitMs = 10 * minute;

function retryAfterMs(message: string): number | undefined {
  const [, number, unit] = retryAfterText.exec(message) ?? [];
  if (number === undefined) return undefined;
  const perUnit = unit === undefined ? second : /^m(s|illi)/i.test(unit) ? 1 : minute;
  return Math.min(longestWaitMs, Number(number) * perUnit);
}

/** Online's form of a server's error: `Ex6F9304|type|text`, or without the code. */
const onlineForm = /(?:^|\bEx[0-9A-F]{4,8})\|([A-Za-z_][\w.]*)\|/;

/** The same as the whole of a text: a script that quotes it speaks of something else. */
const verdictForm = /^(?:Ex[0-9A-F]{4,8})?\|([A-Za-z_][\w.]*)\|/;

/**
 * What an error of the engine means: an ExchangeError where the session is concerned (away, throttled, refused unsent),
 * else Exchange's own answer as CmdletFailure. `sent` are the texts of the call, which are taken out of Exchange's text
 * with every other name; without it (connecting, where nobody is named) the text stays.
 */
export function errorOf(
  error: EngineError,
  label: string,
  effect: Effect,
  sent?: readonly string[],
): ExchangeError | CmdletFailure {
  const names = namesOf(error);
  const type = names[0] ?? 'unknown';
  const message = sent === undefined ? error.message.slice(0, 500) : withoutNames(error.message, sent);
  const meaning = meaningOf(error, names);
  const errorId = idOf(error);
  if (meaning === undefined)
    return new CmdletFailure({
      errorId,
      category: error.category,
      type,
      message,
      fromServer: isFromServer(error, type, label),
    });
  const waitMs = meaning.code === 'exchange-throttled' ? retryAfterMs(error.message) : undefined;
  return new ExchangeError({
    code: meaning.code,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    reached: meaning.reached === 'by-effect' ? reachedBy(effect) : meaning.reached,
    message: `${label}: ${type}: ${message}`,
    userMessage: meaning.userMessage ?? userMessageOf(meaning.code, label),
    errorId,
  });
}

/**
 * FullyQualifiedErrorId where it is one: of a thrown text, and of a thrown .NET exception, PowerShell makes the whole message the id,
 * and messages name people. Empty then. Our own scripts throw ids.
 */
function idOf({ id, message }: EngineError): string {
  const plain = id.replace(/\[[A-Za-z]+=[^\]]*\]/g, '').trim();
  const isOurs = /^Mislaid\w+$/.test(id);
  const first = plain.split(',')[0] ?? plain;
  const isId = /^[\w.,+:-]{1,200}$/.test(plain) && plain !== message.trim() && first !== message.trim();
  return isOurs || isId ? id : '';
}

/** A call that can change something has perhaps done so once it was sent; a read never has. */
export function reachedBy(effect: Effect): Reached {
  return effect === 'read' ? 'no' : 'perhaps';
}

export function refusedUnsent(what: string): ExchangeError {
  return new ExchangeError({
    code: 'exchange-refused-unsent',
    reached: 'no',
    message: `Not sent to Exchange: ${what}`,
    userMessage: 'I did not send this to Exchange: the request is not one it could take.',
  });
}

/** Wrappers that say nothing of what happened. */
const wrappers = new Set([
  'Exception',
  'RemoteException',
  'RuntimeException',
  'CmdletInvocationException',
  'ActionPreferenceStopException',
  'WriteErrorException',
]);

/** Whether the server named this type about this cmdlet, and not the engine, a script around it, or another cmdlet that this one runs. */
function isFromServer(error: EngineError, type: string, label: string): boolean {
  const { activity } = error;
  const written = /^Write-/i.test(activity);
  if (!written && /^\w+-\w+$/.test(activity) && activity.toLowerCase() !== label.toLowerCase()) return false;
  // Any script can write an id. Online's module writes its errors, too, but puts the type into the text.
  const inId = written ? undefined : failureCategory.exec(error.id)?.[1];
  const named = [verdictForm.exec(error.message)?.[1], inId, ...error.remote];
  return named.some((name) => name !== undefined && lastSegment(name) === type);
}

/** On premises: `[FailureCategory=Cmdlet-ManagementObjectNotFoundException]` in the error id. */
const failureCategory = /\[FailureCategory=[^\]]*?-(\w+)\]/;

function lastSegment(name: string): string {
  return name.split(/[.+]/).at(-1) ?? name;
}

/** Types by their last segment, without duplicates, the most telling first. */
function namesOf(error: EngineError): string[] {
  const category = failureCategory.exec(`${error.id} ${error.message}`)?.[1];
  const online = onlineForm.exec(error.message)?.[1];
  const all = [online, category, error.reason, ...error.types].flatMap((name) => (name ? [name] : []));
  const names = [...new Set(all.map(lastSegment))];
  return [...names.filter((name) => !wrappers.has(name)), ...names.filter((name) => wrappers.has(name))];
}

function meaningOf(error: EngineError, names: readonly string[]): Meaning | undefined {
  // Online retries inside its module before it gives up, so even "busy" does not say that nothing was done.
  const busy =
    error.status === 429 ||
    error.status === 503 ||
    busyText.test(error.message) ||
    throttlingParties.test(error.message) ||
    [...names, idOf(error)].some((name) => busyName.test(name));
  if (busy) return { code: 'exchange-throttled', reached: 'by-effect' };
  for (const name of names) {
    const meaning = Object.hasOwn(meanings, name) ? meanings[name] : undefined;
    if (meaning !== undefined) return meaning;
  }
  if (error.category === 'ConnectionError' || error.category === 'OpenError') {
    return { code: 'exchange-away', reached: 'by-effect' };
  }
  return undefined;
}

/** Texts of Exchange name people and devices: what was sent, addresses and distinguished names are taken out. */
function withoutNames(text: string, sent: readonly string[]): string {
  let plain = text;
  for (const value of sent) if (value.length >= 3) plain = plain.replaceAll(value, '…');
  return plain
    .replace(/[^\s'"<>]+@[^\s'"<>]+/g, '…')
    .replace(/\b(?:CN|OU)=[^'"\n]+/g, '…')
    .replace(/'[^'\n]*'|"[^"\n]*"|“[^”\n]*”|„[^“”\n]*[“”]/g, '…')
    .replace(/\s+/g, ' ')
    .slice(0, 300);
}

export function userMessageOf(code: ExchangeErrorCode, label: string): string {
  switch (code) {
    case 'exchange-refused-unsent':
      return `This Exchange, or the bot's account in it, does not offer what ${label} needs. An admin can run doctor to see which role is missing.`;
    case 'exchange-not-found':
      return 'Exchange knows nothing by that name.';
    case 'exchange-device-not-in-mailbox':
      return 'Exchange no longer has this device in the mailbox.';
    case 'exchange-refused':
      return `Exchange refused ${label}.`;
    case 'exchange-throttled':
      return 'Exchange is busy and asks to wait. I will wait before I ask again.';
    case 'exchange-away':
      return 'I have no connection to Exchange at the moment.';
    case 'exchange-timeout':
      return 'Exchange did not answer in time.';
    case 'exchange-bad-answer':
      return 'The answer from Exchange could not be read.';
  }
}
