/**
 * What an implementation of Exchange must do, below the shared front in run.ts.
 *
 * transport   sends one described call and brings its output objects back: PowerShell, or the lab
 * failure     Exchange answered, and the answer was an error; anything that is not an answer is an ExchangeError of the transport
 */
import type { LabOrganisation } from './lab/organisation.ts';
import type { CallOptions, Capabilities, CmdletArguments, Effect, Simulated } from './port.ts';

/** A cmdlet as a transport needs it: what to send, and which properties to ask for. */
export type TransportCmdlet = {
  /** `clear-mobile-device` */
  readonly id: string;
  /** `Clear-MobileDevice` */
  readonly name: string;
  readonly effect: Effect;
  /** Bound beside the arguments that `call` is given. */
  readonly fixed?: CmdletArguments;
  /** Properties asked for, in PowerShell's spelling; empty when the cmdlet answers nothing. */
  readonly select: readonly string[];
  /** The cmdlet's simulation with its parsed parameters bound; only the lab calls it. */
  readonly simulate: (organisation: LabOrganisation) => Simulated;
};

/** Options with the deadline filled in by the shared front (milliseconds, by effect). */
export type TransportOptions = CallOptions & { readonly deadlineMs: number; readonly pages?: RowPages };

/** Takes a read's rows page after page, so that a large answer is never in memory as it came; what was handed over is not answered again. */
export type RowPages = {
  /** The answer begins, perhaps anew: what was taken before is no part of it. */
  begin(): void;
  take(rows: readonly unknown[]): Promise<void>;
};

export type Transport = {
  /**
   * `args` hold no empty text and only parameters that `capabilities` lists; undefined members are already left out.
   * Answers one object per output row with those properties of `select` that it has, or a LostRow. Throws CmdletFailure when Exchange answered with
   * an error, ExchangeError (`exchange-away`, `exchange-timeout`, `exchange-throttled`, `exchange-bad-answer`) otherwise.
   */
  call(cmdlet: TransportCmdlet, args: CmdletArguments, options: TransportOptions): Promise<readonly unknown[]>;
  /** Probed once per connection; throws ExchangeError when there is none. */
  capabilities(): Promise<Capabilities>;
};

/** Stands among the rows for an object that Exchange could not print, with its error: the answer is not whole. */
export class LostRow {
  readonly failure: CmdletFailure;
  constructor(failure: CmdletFailure) {
    this.failure = failure;
  }
}

/** A terminating error that Exchange (or PowerShell before it) answered with; run.ts turns it into an ExchangeError. */
export class CmdletFailure extends Error {
  override readonly name = 'CmdletFailure';
  /** FullyQualifiedErrorId. */
  readonly errorId: string;
  /** CategoryInfo.Category: `InvalidArgument`, `ObjectNotFound`, `InvalidOperation` … */
  readonly category: string;
  /** The exception's type name, the server's own where it is known: `…ManagementObjectNotFoundException`. */
  readonly type: string;
  /**
   * The server itself named the type: a serialised remote exception, its `[FailureCategory=…]` or Online's `…|type|text`. An
   * exception of the engine or of a script around the cmdlet may carry the same name and proves nothing.
   */
  readonly fromServer: boolean;

  /** `message` is Exchange's own text, possibly localised: for the log, never matched on. */
  constructor(input: { errorId: string; category: string; type: string; message: string; fromServer: boolean }) {
    super(input.message);
    this.errorId = input.errorId;
    this.category = input.category;
    this.type = input.type;
    this.fromServer = input.fromServer;
  }
}
