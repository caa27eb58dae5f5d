/**
 * The Exchange port: the only way to Exchange, whichever Exchange it is (the lab, or PowerShell).
 *
 * cmdlet        a described call: its PowerShell name, parameters, rows and effect; only described calls exist
 * effect        `read` changes nothing, `change` can be taken back, `destroy` cannot (Clear-, Remove-MobileDevice)
 * argument      a typed value on its way to a parameter; text stays text, nothing a person typed is PowerShell
 * row           one output object, parsed by the cmdlet's schema; only the properties in `select` are asked for
 * capability    what this Exchange and this account offer, probed at connect; a parameter not offered is never dropped
 * organisation  `real` or `lab`; a job takes its Exchange by the row it works on
 */
import type { z } from 'zod';
import type { Organisation } from '../ground/identifiers.ts';
import type { LabOrganisation } from './lab/organisation.ts';

export type Effect = 'read' | 'change' | 'destroy';

/** `{ Add }` and `{ Remove }` are PowerShell's `@{Add=…}` on multi-valued properties: without them the whole list is overwritten. */
export type CmdletArgument =
  | string
  | number
  | boolean
  | Date
  | readonly string[]
  | { readonly Add: readonly string[] }
  | { readonly Remove: readonly string[] };

export type CmdletArguments = Readonly<Record<string, CmdletArgument | undefined>>;

export type Cmdlet<E extends Effect, P extends CmdletArguments, R> = {
  /** The file's name in cmdlets/: `clear-mobile-device`. Two descriptions may share one PowerShell cmdlet (`-Cancel`). */
  readonly id: string;
  /** The name PowerShell knows: `Clear-MobileDevice`. */
  readonly name: string;
  readonly effect: E;
  /** Parameters under PowerShell's names. */
  readonly params: z.ZodType<P>;
  /** Always bound beside `params`: `Confirm: false`, `Cancel: true`. */
  readonly fixed?: CmdletArguments;
  /** The parameter that names the target: empty or absent is refused before anything is sent (Exchange would take every device). */
  readonly identity?: keyof P & string;
  /** Properties asked for, in PowerShell's spelling; empty when the cmdlet answers nothing. */
  readonly select: readonly string[];
  readonly row: z.ZodType<R>;
  /** Whether a row is about what was asked: Exchange answers some reads of an unknown identity with every device. Others are dropped. */
  readonly concerns?: (params: P, row: R) => boolean;
  /** The property that a row is known by, where two rows of one would be one too many: of such the first counts. */
  readonly unique?: { readonly property: string; readonly of: (row: R) => string };
  /** How the simulated organisation does the same. */
  readonly simulate: (organisation: LabOrganisation, params: P) => Simulated;
};

/** What the lab answers: all rows, or page after page where they may be many. */
export type Simulated = Promise<readonly unknown[]> | AsyncIterable<readonly unknown[]>;

/** Keeps the effect as a literal and ties parameters and rows to their schemas. */
export function defineCmdlet<const E extends Effect, P extends CmdletArguments, R>(
  cmdlet: Cmdlet<E, P, R>,
): Cmdlet<E, P, R> {
  return cmdlet;
}

/** What this Exchange offers, probed once per connection. */
export type Capabilities = {
  /** `2013`, `2016`, `2019`, `SE`, `online`, or `unknown`. */
  readonly version: '2013' | '2016' | '2019' | 'SE' | 'online' | 'unknown';
  /** Whether Clear-MobileDevice has -AccountOnly here and for this account. */
  readonly accountOnly: boolean;
  /** false on Exchange Online, where a wipe may stay pending although it worked. */
  readonly reportsWipes: boolean;
  /** Cmdlets that are there, by PowerShell name, with the parameters that this account may bind. */
  readonly cmdlets: Readonly<Record<string, readonly string[]>>;
  /** The session answered Get-MislaidSimulation: not a real Exchange. */
  readonly simulation: boolean;
};

/** What of an answer could not be read: a property of a row, or a row whose identity could not. Names only, never values. */
export type Unreadable = { readonly cmdlet: string; readonly properties: readonly string[]; readonly rowLost: boolean };

export type CallOptions = {
  /** Milliseconds after which the call is given up and its session killed; default by effect. */
  readonly deadlineMs?: number;
  /**
   * By the wall clock: not sent at this instant or later, however long something stood still. It is looked at in the last
   * statement before the cmdlet, on the machine where that runs.
   */
  readonly notAfter?: Date;
  readonly signal?: AbortSignal;
  /** Nobody waits for it: it goes behind what somebody waits for, and leaves one session to that where there are several. */
  readonly inBackground?: boolean;
  /** Told of each row that was not read whole. A row that was lost may be the very one that is looked for: absence is not known then. */
  readonly onUnreadable?: (unreadable: Unreadable) => void;
};

/** Takes the rows of an answer as they come, so that a large one is never in memory as objects, all at once. */
export type RowSink<R> = {
  /** The answer begins, perhaps anew on another session: what was taken before is no part of it. */
  begin(): void;
  take(rows: readonly R[]): void | Promise<void>;
};

/** `Exchange<'read'>` cannot run what changes; only jobs are handed an Exchange that destroys. */
export type Exchange<Allowed extends Effect = Effect> = {
  readonly organisation: Organisation;
  /**
   * Throws ExchangeError. Parameters and rows pass through the cmdlet's schemas. With `into` the rows go there and none is answered: what
   * was taken counts only once this resolves.
   */
  run<E extends Allowed, P extends CmdletArguments, R>(
    cmdlet: Cmdlet<E, P, R>,
    params: NoInfer<P>,
    options?: CallOptions & { readonly into?: RowSink<NoInfer<R>> },
  ): Promise<R[]>;
  capabilities(): Promise<Capabilities>;
};

/**
 * Whether a call that changes something can have had its effect.
 * no        it was not sent: our own refusal
 * refused   Exchange gave one of the verdicts that it gives before it writes (`verdicts` in failures.ts); a good read afterwards
 *           that shows nothing new makes it certain
 * perhaps   anything else: only reconciling by reads follows
 */
export type Reached = 'no' | 'refused' | 'perhaps';

export type ExchangeErrorCode =
  /** Refused before sending: empty identity, bad argument, parameter or cmdlet not offered here. */
  | 'exchange-refused-unsent'
  /** The object does not exist (ManagementObjectNotFoundException). */
  | 'exchange-not-found'
  /** The device is not known in the mailbox (MobileDeviceNotExistException). */
  | 'exchange-device-not-in-mailbox'
  /** Exchange refused: rights, scope, invalid operation. */
  | 'exchange-refused'
  /** Busy or throttled: wait and try again. */
  | 'exchange-throttled'
  /** No connection, or it was lost. */
  | 'exchange-away'
  /** No answer by the deadline. */
  | 'exchange-timeout'
  /** An answer that is not one: no frame, wrong nonce, wrong shape, too large. */
  | 'exchange-bad-answer';

export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly code: ExchangeErrorCode;
  readonly reached: Reached;
  /** One sentence for a person; no personal data beyond what the caller named. */
  readonly userMessage: string;
  /** FullyQualifiedErrorId or exception type, where Exchange gave one. */
  readonly errorId?: string;
  /** How long Exchange asked to wait, where it said so. */
  readonly retryAfterMs?: number;

  constructor(input: {
    code: ExchangeErrorCode;
    reached: Reached;
    message: string;
    userMessage: string;
    errorId?: string;
    retryAfterMs?: number;
    cause?: unknown;
  }) {
    super(input.message, input.cause === undefined ? undefined : { cause: input.cause });
    this.code = input.code;
    this.reached = input.reached;
    this.userMessage = input.userMessage;
    if (input.errorId !== undefined) this.errorId = input.errorId;
    if (input.retryAfterMs !== undefined) this.retryAfterMs = input.retryAfterMs;
  }
}
