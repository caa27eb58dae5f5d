/**
 * CmdletArguments are data. A request becomes one JSON object, and that one base64 literal: its alphabet cannot leave any
 * PowerShell quoting. Every text inside is base64 once more, because ConvertFrom-Json turns texts that look like dates
 * into dates (PowerShell 7) or `\/Date(0)\/` into one (5.1), and "strings stay strings".
 */
import type { Cmdlet, CmdletArgument, CmdletArguments, Effect } from '../port.ts';
import { allowedCmdlets } from './allowed.ts';
import { refusedUnsent } from './answer.ts';

/** What is sent for one cmdlet: name, typed arguments, properties asked for. */
export type CallBody = {
  readonly op: 'call';
  readonly cmdlet: string;
  readonly args: readonly TypedArgument[];
  readonly select: readonly string[];
  /** A reading goes on after an object that it could not print. */
  readonly reads?: boolean;
  /** Milliseconds since 1970, by the wall clock of the machine that runs the session: not run at this instant or later. */
  readonly notAfter?: number;
};

type TypedArgument = {
  readonly name: string;
  readonly type: 'text' | 'integer' | 'number' | 'bool' | 'date' | 'list' | 'add' | 'remove';
  readonly value: string | number | boolean | readonly string[];
};

/** What a session can be asked. `connect` carries the connection's settings, all of them texts or lists of texts. */
export type RequestBody =
  | CallBody
  | { readonly op: 'connect'; readonly settings: Readonly<Record<string, string | readonly string[]>> }
  /** The next page of the last call's rows. */
  | { readonly op: 'more' }
  | { readonly op: 'ping' }
  | { readonly op: 'bye' };

/** Base64 characters of one request; 1 MB of text in one argument still passes. Windows PowerShell's JSON reader ends at 2 MiB. */
const literalLimit = 2_700_000;
const PropertyName = /^[A-Za-z][A-Za-z0-9]{0,63}$/;

/** Checks one call against the allow-list and types its arguments. Throws ExchangeError `exchange-refused-unsent`. */
export function callBody(
  cmdlet: Pick<Cmdlet<'read', CmdletArguments, unknown>, 'name' | 'fixed' | 'select'> & { readonly effect?: Effect },
  args: CmdletArguments,
  notAfter?: Date,
): CallBody {
  const allowed = Object.hasOwn(allowedCmdlets, cmdlet.name) ? allowedCmdlets[cmdlet.name] : undefined;
  if (allowed === undefined) throw refusedUnsent(`${cmdlet.name} is not on the allow-list of cmdlets`);
  const bad = cmdlet.select.find((name) => !PropertyName.test(name));
  if (bad !== undefined) throw refusedUnsent(`${cmdlet.name} asks for a property whose name is not a word`);
  const typed: TypedArgument[] = [];
  for (const [name, value] of Object.entries({ ...args, ...cmdlet.fixed })) {
    if (value === undefined) continue;
    if (!allowed.includes(name)) throw refusedUnsent(`${cmdlet.name} -${name} is not on the allow-list of parameters`);
    typed.push({ name, ...typedValue(value, `${cmdlet.name} -${name}`) });
  }
  return {
    op: 'call',
    cmdlet: cmdlet.name,
    args: typed,
    select: cmdlet.select,
    reads: cmdlet.effect === 'read',
    ...(notAfter === undefined ? {} : { notAfter: notAfter.getTime() }),
  };
}

/** The request as the one base64 literal of the constant line. Throws when it is larger than an engine can take. */
export function requestLiteral(nonce: string, body: RequestBody): string {
  const literal = Buffer.from(JSON.stringify({ nonce, ...wire(body) }), 'utf8').toString('base64');
  if (literal.length > literalLimit) {
    throw refusedUnsent(`the request is ${literal.length} characters long, over the limit of ${literalLimit}`);
  }
  return literal;
}

function wire(body: RequestBody): object {
  if (body.op !== 'connect') return body;
  const settings = Object.entries(body.settings).map(([name, value]) => ({
    name,
    value: typeof value === 'string' ? [encode(value, name)] : value.map((one) => encode(one, name)),
  }));
  return { op: body.op, settings };
}

function typedValue(value: CmdletArgument, where: string): Omit<TypedArgument, 'name'> {
  if (typeof value === 'string') return { type: 'text', value: encode(value, where) };
  if (typeof value === 'boolean') return { type: 'bool', value };
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw refusedUnsent(`${where} is not a finite number`);
    return { type: Number.isSafeInteger(value) ? 'integer' : 'number', value };
  }
  if (value instanceof Date) {
    const milliseconds = value.getTime();
    if (!(milliseconds >= firstDate && milliseconds <= lastDate))
      throw refusedUnsent(`${where} is not a date .NET knows`);
    return { type: 'date', value: milliseconds };
  }
  if (isList(value)) return { type: 'list', value: value.map((one) => encode(one, where)) };
  if ('Add' in value) return { type: 'add', value: value.Add.map((one) => encode(one, where)) };
  return { type: 'remove', value: value.Remove.map((one) => encode(one, where)) };
}

function isList(value: CmdletArgument): value is readonly string[] {
  return Array.isArray(value);
}

/** System.DateTime: years 1 to 9999. */
const firstDate = Date.UTC(2001, 0, 1) - 63_113_904_000_000;
const lastDate = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

function encode(text: string, where: string): string {
  // A lone surrogate has no UTF-8: it would arrive as U+FFFD, which is another identity.
  if (/\p{Surrogate}/u.test(text)) throw refusedUnsent(`${where} holds half a character (a lone surrogate)`);
  return Buffer.from(text, 'utf8').toString('base64');
}
