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

export function parseLogTokens(log: string): LogTokens {
  const tokens = { ...noTokens };
  let error: string | undefined;
  const outOfRange = new Set<string>();
  const inRange = (name: string, value: number | undefined, least: number, most: number): number | undefined => {
    if (value === undefined || (value >= least && value <= most)) return value;
    outOfRange.add(name);
    return undefined;
  };
  for (const token of log.split('_')) {
    switch (token.charCodeAt(0)) {
      case 65:
        if (token.startsWith('As:')) tokens.access = token.slice(3);
        break;
      case 68:
        if (token.startsWith('DevOS:')) tokens.os = token.slice(6);
        else if (token.startsWith('DevModel:')) tokens.model = token.slice(9);
        break;
      case 69:
        if (token.startsWith('Error:')) error ??= token.slice(6);
        break;
      case 72:
        tokens.heartbeat ||= inRange('Hb', numberIn(/^Hb:?(\d+)$/, token), heartbeats.least, heartbeats.most) ?? 0;
        break;
      case 82:
        if (token.startsWith('Rto')) tokens.timedOut = !/^Rto:?0{1,9}$/.test(token);
        break;
      case 83:
        tokens.status = statusOf(tokens.status, inRange('S', numberIn(/^S(?:C[^:]*:|:)?(\d+)$/, token), 0, mostStatus));
        break;
      case 86:
        tokens.version = versionOf(tokens.version, token);
        break;
    }
  }
  return { ...tokens, error: error ?? '', outOfRange: [...outOfRange] };
}

function numberIn(pattern: RegExp, token: string): number | undefined {
  const digits = pattern.exec(token)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function statusOf(before: number, status: number | undefined): number {
  if (status === undefined) return before;
  return before < 0 || (before < 100 && status >= 100) ? status : before;
}

/** `Ver1:161` is the version for certain; `V141` where nothing else gives it. */
function versionOf(before: number, token: string): number {
  const version = numberIn(/^V(?:er[^:]*:|:)?(\d{1,9})$/, token) ?? 0;
  return (before === 0 || token[1] === 'e') && version >= 20 && version < 1000 ? version : before;
}
