import { ByteTable } from './byte-table.ts';
import { longest, textOf } from './line.ts';

/**
 * The `Log=` tokens of back-end lines, in both dialects: integers glued to the name up to 2013 (`Hb1680`, `S143`), after a
 * colon and sometimes numbered since 2016 (`Hb:600`, `SC1:140`, `Ver1:161`). Tokens are joined by `_`; a `_` inside a value
 * is written `%5F`, so unknown tokens are skipped without being understood.
 */
export type LogTokens = {
  /** Heartbeat asked for, in seconds; 0: none. */
  heartbeat: number;
  /** EAS status, -1: none. Of several, the first that is a refusal (100 and more), else the first. */
  status: number;
  /** `Rto`: the request ended because its time was up. */
  timedOut: boolean;
  /** EAS version times ten (141, 161); 0: none. */
  version: number;
  error: string;
  access: string;
  os: string;
  model: string;
  /** Names of tokens whose value the protocol does not know: nothing is made of them. */
  outOfRange: readonly string[];
};

/** Seconds of a Ping or Sync (MS-ASCMD 2.2.3.79.1). */
const heartbeats = { least: 60, most: 3540 } as const;
/** The highest common status (MS-ASCMD 2.2.2). */
const mostStatus = 177;

/** What is known of a request whose line has no `Log=`. */
export const noTokens: Readonly<LogTokens> = {
  heartbeat: 0,
  status: -1,
  timedOut: false,
  version: 0,
  error: '',
  access: '',
  os: '',
  model: '',
  outOfRange: [],
};

/** What a token adds to what those before it said. */
type Effect = (tokens: Draft) => void;
type Draft = { -readonly [Name in keyof LogTokens]: LogTokens[Name] } & { hasError: boolean };

/** Tokens repeat themselves: each distinct one is parsed once. */
const known = new ByteTable<Effect>(10_000);
const underscore = 95;
const longestKnown = 256;

/** The tokens between these places. */
export function parseLogTokens(bytes: Buffer, from: number, to: number): LogTokens {
  const tokens: Draft = { ...noTokens, hasError: false };
  for (let at = from; at < to; ) {
    let end = at;
    while (end < to && bytes[end] !== underscore) end += 1;
    if (isTelling(bytes[at] ?? 0, bytes[at + 1] ?? 0))
      if (end - at <= longestKnown) known.of(bytes, at, end, effectOf)(tokens);
      else effectOf(bytes.toString('latin1', at, end))(tokens);
    at = end + 1;
  }
  return tokens;
}

/** Whether a token that begins so may say something: `As`, `De`, `Er`, `Hb`, `Rt`; `S` and `V` alone or with more. */
function isTelling(first: number, second: number): boolean {
  switch (first) {
    case 65:
      return second === 115;
    case 68:
      return second === 101;
    case 69:
      return second === 114;
    case 72:
      return second === 98;
    case 82:
      return second === 116;
    case 83:
      return second === 67 || second < 60;
    case 86:
      return second === 101 || second < 60;
    default:
      return false;
  }
}

const nothing: Effect = () => undefined;

function effectOf(token: string): Effect {
  const text = token.slice(token.indexOf(':') + 1);
  const kept = textOf(text.slice(0, longest.token));
  if (token.startsWith('As:')) return (tokens) => (tokens.access = kept);
  if (token.startsWith('DevOS:')) return (tokens) => (tokens.os = text);
  if (token.startsWith('DevModel:')) return (tokens) => (tokens.model = text);
  if (token.startsWith('Error:'))
    return (tokens) => {
      if (!tokens.hasError) tokens.error = kept;
      tokens.hasError = true;
    };
  if (token.startsWith('Rto')) {
    const timedOut = !/^Rto:?0{1,9}$/.test(token);
    return (tokens) => (tokens.timedOut = timedOut);
  }
  const heartbeat = numberIn(/^Hb:?(\d+)$/, token);
  if (heartbeat !== undefined)
    return (tokens) => {
      if (tokens.heartbeat > 0) return;
      if (heartbeat >= heartbeats.least && heartbeat <= heartbeats.most) tokens.heartbeat = heartbeat;
      else addOutOfRange(tokens, 'Hb');
    };
  const status = numberIn(/^S(?:C[^:]*:|:)?(\d+)$/, token);
  if (status !== undefined)
    return (tokens) => {
      if (status <= mostStatus) tokens.status = statusOf(tokens.status, status);
      else addOutOfRange(tokens, 'S');
    };
  const version = numberIn(/^V(?:er[^:]*:|:)?(\d{1,9})$/, token);
  if (version === undefined || version < 20 || version >= 1000) return nothing;
  // `Ver1:161` is the version for certain; `V141` where nothing else gives it.
  const isCertain = token[1] === 'e';
  return (tokens) => {
    if (tokens.version === 0 || isCertain) tokens.version = version;
  };
}

function addOutOfRange(tokens: Draft, name: string): void {
  if (!tokens.outOfRange.includes(name)) tokens.outOfRange = [...tokens.outOfRange, name];
}

function numberIn(pattern: RegExp, token: string): number | undefined {
  const digits = pattern.exec(token)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function statusOf(before: number, status: number): number {
  return before < 0 || (before < 100 && status >= 100) ? status : before;
}
