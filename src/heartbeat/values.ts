/**
 * What a server is told about heartbeats: four keys of the back end's ClientAccess\Sync\web.config, and what Exchange makes of
 * them. Rules from Exchange's own comments in the file and from MS-ASCMD's default range; the limits of the last two keys are
 * those that events 1041 and 1042 speak of and are not documented further.
 */
import { SaxesParser } from 'saxes';

export type ValueKey =
  | 'MinHeartbeatInterval'
  | 'MaxHeartbeatInterval'
  | 'HeartbeatSampleSize'
  | 'HeartbeatAlertThreshold';

/** Seconds, and for the sample size a count: as they are in force. */
export type HeartbeatValues = { min: number; max: number; sampleSize: number; threshold: number };

export type ConfiguredValues = {
  values: HeartbeatValues;
  /** As the file writes them; a key that is absent there has Exchange's default. */
  written: Partial<Record<ValueKey, string>>;
  /** What is wrong with them and what follows, each a sentence. */
  problems: string[];
};

export const defaultValues: HeartbeatValues = { min: 60, max: 3540, sampleSize: 200, threshold: 540 };

/** Longest that ActiveSync lets a request hang (MS-ASCMD: 60 to 3540 s). */
export const longestHeartbeat = 3540;

const KEYS: readonly ValueKey[] = [
  'MinHeartbeatInterval',
  'MaxHeartbeatInterval',
  'HeartbeatSampleSize',
  'HeartbeatAlertThreshold',
];

/** Reads the file's bytes. Never throws: a file that is not XML gives the defaults and says so. */
export function readValues(bytes: Buffer): ConfiguredValues {
  const written: ConfiguredValues['written'] = {};
  const problems: string[] = [];
  let found: ReadonlyMap<string, string>;
  try {
    found = appSettings(decode(bytes));
  } catch {
    return {
      values: defaultValues,
      written,
      problems: [
        "Its web.config is not well-formed XML, so the pool would not start with it; Exchange's defaults are assumed here.",
      ],
    };
  }
  for (const key of KEYS) {
    // .NET finds keys whatever their case; Microsoft's own blog writes "HeartBeat".
    const value = found.get(key.toLowerCase());
    if (value !== undefined) written[key] = value;
  }
  const number = (key: ValueKey, fallback: number): number => {
    const text = written[key];
    if (text === undefined) return fallback;
    if (/^\d{1,9}$/.test(text.trim())) return Number(text);
    problems.push(`${key} is “${text.slice(0, 40)}”, which is no whole number: Exchange takes ${fallback} instead.`);
    return fallback;
  };
  const range = { min: number('MinHeartbeatInterval', 60), max: number('MaxHeartbeatInterval', longestHeartbeat) };
  const wrong = rangeProblem(range);
  if (wrong !== undefined) {
    problems.push(`${wrong}: Exchange logs an event and takes 60 and 3540 for both.`);
    range.min = defaultValues.min;
    range.max = defaultValues.max;
  }
  let sampleSize = number('HeartbeatSampleSize', defaultValues.sampleSize);
  if (sampleSize > 10_000) {
    problems.push(`HeartbeatSampleSize is ${sampleSize}, over 10000: Exchange takes 200 instead (event 1041).`);
    sampleSize = defaultValues.sampleSize;
  } else if (sampleSize === 0) {
    problems.push('HeartbeatSampleSize is 0: Exchange keeps no average, so event 1040 is never logged.');
  }
  let threshold = number('HeartbeatAlertThreshold', defaultValues.threshold);
  if (threshold > longestHeartbeat) {
    problems.push(`HeartbeatAlertThreshold is ${threshold}, over 3540: Exchange takes 540 instead (event 1042).`);
    threshold = defaultValues.threshold;
  } else if (threshold === 0) {
    problems.push('HeartbeatAlertThreshold is 0: event 1040 is never logged.');
  } else if (range.max <= threshold) {
    problems.push(
      `MaxHeartbeatInterval (${range.max} s) is not over HeartbeatAlertThreshold (${threshold} s): every phone is held under the threshold, and event 1040 is logged whatever the network does.`,
    );
  }
  return { values: { ...range, sampleSize, threshold }, written, problems };
}

function rangeProblem({ min, max }: { min: number; max: number }): string | undefined {
  if (max > longestHeartbeat) return `MaxHeartbeatInterval is ${max}, over 3540`;
  if (min < 1) return `MinHeartbeatInterval is ${min}, under 1`;
  if (min > max) return `MinHeartbeatInterval (${min}) is over MaxHeartbeatInterval (${max})`;
  return undefined;
}

/** `<add>`s of `<configuration><appSettings>`, keys in lower case; the last one wins, as in .NET. Throws on what is not XML. */
function appSettings(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const path: string[] = [];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const inside = path.length === 2 && path[0] === 'configuration' && path[1] === 'appSettings';
    path.push(name);
    if (!inside) return;
    const { key } = attributes;
    if (name === 'add' && key !== undefined) found.set(key.trim().toLowerCase(), attributes.value ?? '');
    if (name === 'remove' && key !== undefined) found.delete(key.trim().toLowerCase());
    if (name === 'clear') found.clear();
  });
  parser.on('closetag', () => {
    path.pop();
  });
  parser.write(text).close();
  return found;
}

/** web.config begins with a byte order mark, in UTF-8 or UTF-16. */
function decode(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  const text = bytes.toString('utf8');
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** Which values differ between servers: one sentence each, naming who has what. */
export function differences(servers: readonly { server: string; values: HeartbeatValues }[]): string[] {
  const names: Record<keyof HeartbeatValues, ValueKey> = {
    min: 'MinHeartbeatInterval',
    max: 'MaxHeartbeatInterval',
    sampleSize: 'HeartbeatSampleSize',
    threshold: 'HeartbeatAlertThreshold',
  };
  const keys: readonly (keyof HeartbeatValues)[] = ['min', 'max', 'sampleSize', 'threshold'];
  return keys.flatMap((key) => {
    const by = new Map<number, string[]>();
    for (const { server, values } of servers) by.set(values[key], [...(by.get(values[key]) ?? []), server]);
    if (by.size < 2) return [];
    const parts = [...by].map(([value, owners]) => `${value} on ${owners.join(', ')}`);
    return [`${names[key]} differs: ${parts.join('; ')}. A phone gets another range when its mailbox moves.`];
  });
}
