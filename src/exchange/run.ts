/**
 * The shared front of every Exchange: parameters and rows pass through the cmdlet's schemas, and what must not be sent
 * is refused here, once, whichever transport is below.
 */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Organisation } from '../ground/identifiers.ts';
import { inTurns } from '../ground/turns.ts';
import { exchangeErrorOf } from './failures.ts';
import {
  type CallOptions,
  type Capabilities,
  type Cmdlet,
  type CmdletArgument,
  type CmdletArguments,
  type Effect,
  type Exchange,
  ExchangeError,
  type RowSink,
  type Unreadable,
} from './port.ts';
import { CmdletFailure, LostRow, type RowPages, type Transport } from './transport.ts';

/** Milliseconds: listing a large organisation takes minutes, and Exchange Online itself gives up after 15. */
const deadlines: Record<Effect, number> = { read: 180_000, change: 90_000, destroy: 90_000 };

/** Rows that are parsed in one turn of the event loop: some milliseconds. */
export const rowsAtOnce = 100;

export function createExchange(input: {
  organisation: Organisation;
  transport: Transport;
  /** Default: what the transport probes. */
  capabilities?: () => Promise<Capabilities>;
  /** Told of whatever could not be read, in every call. */
  onUnreadable?: (unreadable: Unreadable) => void;
  /** Told how each call ended that was sent: `answered`, or the code of its ExchangeError. */
  onCall?: (call: { cmdlet: string; outcome: string }) => void;
}): Exchange {
  const { organisation, transport } = input;
  const capabilities = input.capabilities ?? (() => transport.capabilities());

  async function run<E extends Effect, P extends CmdletArguments, R>(
    cmdlet: Cmdlet<E, P, R>,
    params: P,
    { into, ...options }: CallOptions & { readonly into?: RowSink<R> } = {},
  ): Promise<R[]> {
    const parsed = cmdlet.params.safeParse(params);
    if (!parsed.success) throw unsent(cmdlet.name, z.prettifyError(parsed.error), 'The call was not understood.');
    const args = withoutUndefined(parsed.data);
    refuseEmpty(cmdlet.name, args, cmdlet.identity);
    if (options.signal?.aborted === true) throw away(cmdlet.name, 'no', options.signal.reason);
    const offered = await capabilities();
    refuseNotOffered(offered, cmdlet, args);
    refuseRealLab(offered, cmdlet);

    const rows: R[] = [];
    const whole = { begin: () => rows.splice(0), take: (some: readonly R[]) => void rows.push(...some) };
    const reading = readRows(cmdlet, parsed.data, into ?? whole, into === undefined);
    const pages = cmdlet.effect === 'read' ? { pages: reading } : {};
    await reading.take(await send(cmdlet, parsed.data, args, { ...options, ...pages }));
    reading.end(options.onUnreadable !== undefined, (unreadable) => {
      options.onUnreadable?.(unreadable);
      input.onUnreadable?.(unreadable);
    });
    return rows;
  }

  /** Drills run as the organisation `lab`: whatever answers under that name must be a simulation before anything is changed. */
  function refuseRealLab(offered: Capabilities, cmdlet: { name: string; effect: Effect }): void {
    if (organisation !== 'lab' || offered.simulation || cmdlet.effect === 'read') return;
    throw unsent(cmdlet.name, 'this is no simulation', 'This was meant for the lab, and this Exchange is not the lab.');
  }

  async function send<E extends Effect, P extends CmdletArguments, R>(
    cmdlet: Cmdlet<E, P, R>,
    params: P,
    args: CmdletArguments,
    options: CallOptions & { readonly pages?: RowPages },
  ): Promise<readonly unknown[]> {
    const tell = (outcome: string) => input.onCall?.({ cmdlet: cmdlet.name, outcome });
    try {
      const answer = await transport.call(
        {
          id: cmdlet.id,
          name: cmdlet.name,
          effect: cmdlet.effect,
          ...(cmdlet.fixed === undefined ? {} : { fixed: cmdlet.fixed }),
          select: cmdlet.select,
          simulate: (lab) => cmdlet.simulate(lab, params),
        },
        args,
        { ...options, deadlineMs: options.deadlineMs ?? deadlines[cmdlet.effect] },
      );
      tell('answered');
      return answer;
    } catch (error) {
      const failure = asExchangeError(error, cmdlet);
      tell(failure.code);
      throw failure;
    }
  }

  return { organisation, run, capabilities };
}

function asExchangeError(error: unknown, cmdlet: { name: string; effect: Effect }): ExchangeError {
  if (error instanceof ExchangeError) return error;
  if (error instanceof CmdletFailure) return exchangeErrorOf(error, cmdlet);
  return away(cmdlet.name, cmdlet.effect === 'read' ? 'no' : 'perhaps', error);
}

/**
 * Row by row: one that is odd never costs the others. What a cmdlet around Exchange's prints has none of the wanted properties and is no
 * row. `end` throws `exchange-bad-answer` when not one row of an answer can be read, because an empty answer would
 * mean something; not for a `tolerant` caller, who is told of lost rows.
 */
function readRows<E extends Effect, P extends CmdletArguments, R>(
  cmdlet: Cmdlet<E, P, R>,
  params: P,
  sink: RowSink<R>,
  /** Rows stay in memory anyway. Else a second row of one thing is told of even where it is the same. */
  kept: boolean,
) {
  let read = 0;
  let unreadable: Unreadable[] = [];
  let complaint = '';
  let failure: CmdletFailure | undefined;
  let known = new Map<string, R | undefined>();

  function takeRow(row: unknown): R[] {
    if (row instanceof LostRow) {
      failure ??= row.failure;
      unreadable.push({ cmdlet: cmdlet.name, properties: ['all of it'], rowLost: true });
      return [];
    }
    if (!hasAny(row, cmdlet.select)) return [];
    const parsed = cmdlet.row.safeParse(row);
    if (parsed.success) {
      read += 1;
      const properties = unreadableOf(parsed.data);
      if (properties.length > 0) unreadable.push({ cmdlet: cmdlet.name, properties, rowLost: false });
      return isDouble(parsed.data) || cmdlet.concerns?.(params, parsed.data) === false ? [] : [parsed.data];
    }
    // The schema's complaint names properties, never values.
    complaint = z.prettifyError(parsed.error);
    const properties = [...new Set(parsed.error.issues.map(({ path }) => path.join('.')))];
    unreadable.push({ cmdlet: cmdlet.name, properties, rowLost: true });
    return [];
  }

  function isDouble(row: R): boolean {
    const { name, unique } = cmdlet;
    if (unique === undefined) return false;
    const key = unique.of(row);
    if (!known.has(key)) {
      known.set(key, kept ? row : undefined);
      return false;
    }
    if (!isDeepStrictEqual(known.get(key), row))
      unreadable.push({ cmdlet: name, properties: [unique.property], rowLost: false });
    return true;
  }

  function end(tolerant: boolean, onUnreadable: (unreadable: Unreadable) => void): void {
    for (const one of unreadable) onUnreadable(one);
    // Exchange's own error, where nothing else came of it, or where the caller would not hear that rows are missing.
    if (failure !== undefined && (read === 0 || !tolerant)) throw exchangeErrorOf(failure, cmdlet);
    if (read > 0 || complaint === '' || tolerant) return;
    throw new ExchangeError({
      code: 'exchange-bad-answer',
      reached: cmdlet.effect === 'read' ? 'no' : 'perhaps',
      message: `${cmdlet.name} answered with rows of another shape: ${complaint}`,
      userMessage: 'Exchange answered in a way that the bot does not understand.',
    });
  }

  return {
    begin: () => {
      read = 0;
      unreadable = [];
      complaint = '';
      failure = undefined;
      known = new Map();
      sink.begin();
    },
    // A cmdlet that answers nothing sometimes prints something all the same.
    take: async (rows: readonly unknown[]) => {
      if (cmdlet.select.length > 0 && rows.length > 0)
        await sink.take((await inTurns(rows, rowsAtOnce, takeRow)).flat());
    },
    end,
  };
}

/** Whether an output object has one of the properties that were asked for, if only an empty one. */
function hasAny(row: unknown, properties: readonly string[]): boolean {
  return typeof row === 'object' && row !== null && properties.some((property) => Object.hasOwn(row, property));
}

const WithUnreadable = z.object({ unreadable: z.array(z.string()) });

function unreadableOf(row: unknown): readonly string[] {
  return WithUnreadable.safeParse(row).data?.unreadable ?? [];
}

function withoutUndefined(params: CmdletArguments): CmdletArguments {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
}

/** An empty identity means "every device" to Exchange, and a wildcard means many objects. */
function refuseEmpty(name: string, args: CmdletArguments, identity: string | undefined): void {
  if (identity !== undefined && args[identity] === undefined) {
    throw unsent(name, `-${identity} is missing`, 'It was not said for whom or what.');
  }
  for (const [parameter, value] of Object.entries(args)) {
    if (value === undefined || !isEmpty(value)) continue;
    throw unsent(name, `-${parameter} is empty`, 'It was not said for whom or what.');
  }
  for (const target of new Set([identity, 'Identity', 'Mailbox'])) {
    const value = target === undefined ? undefined : args[target];
    if (typeof value === 'string' && value.includes('*')) {
      throw unsent(name, `-${String(target)} holds a wildcard`, 'A name with * in it could mean many.');
    }
  }
}

function isEmpty(value: CmdletArgument): boolean {
  if (typeof value === 'string') return value.trim() === '';
  if (typeof value !== 'object' || value instanceof Date) return false;
  const list = 'Add' in value ? value.Add : 'Remove' in value ? value.Remove : value;
  return list.length === 0 || list.some((one) => one.trim() === '');
}

/** A parameter that is not offered is never dropped, and no other cmdlet stands in for one that is missing. */
function refuseNotOffered(
  offered: Capabilities,
  cmdlet: { name: string; fixed?: CmdletArguments; effect: Effect },
  args: CmdletArguments,
): void {
  const parameters = own(offered.cmdlets, cmdlet.name);
  if (parameters === undefined) {
    throw unsent(cmdlet.name, 'not offered here', `This Exchange does not offer ${cmdlet.name} to the bot's account.`);
  }
  const known = new Set(parameters.map((parameter) => parameter.toLowerCase()));
  for (const parameter of Object.keys({ ...cmdlet.fixed, ...args })) {
    if (known.has(parameter.toLowerCase())) continue;
    throw unsent(
      cmdlet.name,
      `-${parameter} not offered here`,
      `This Exchange does not offer ${cmdlet.name} -${parameter} to the bot's account.`,
    );
  }
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function unsent(name: string, why: string, userMessage: string): ExchangeError {
  return new ExchangeError({
    code: 'exchange-refused-unsent',
    reached: 'no',
    message: `${name} was not sent: ${why}`,
    userMessage,
  });
}

function away(name: string, reached: 'no' | 'perhaps', cause: unknown): ExchangeError {
  return new ExchangeError({
    code: 'exchange-away',
    reached,
    message: `${name} got no answer`,
    userMessage: 'Exchange does not answer.',
    cause,
  });
}

/** The same Exchange for what nobody waits for. */
export function inBackground(exchange: Exchange): Exchange {
  return {
    ...exchange,
    run: (cmdlet, params, options) => exchange.run(cmdlet, params, { ...options, inBackground: true }),
  };
}
