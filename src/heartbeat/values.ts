/**
 * How a server is configured for heartbeats: four keys of the back end's ClientAccess\Sync\web.config, and what Exchange makes of
 * them. Rules from Exchange's own comments in the file and from MS-ASCMD's default range; the limits of the last two keys are
 * those that events 1041 and 1042 speak of and are not documented further.
 */
import { elementsAt, outline } from '../activesync/webconfig/outline.ts';
import type { HeartbeatValues } from './reading.ts';

export const valueKeys = {
  min: 'MinHeartbeatInterval',
  max: 'MaxHeartbeatInterval',
  sampleSize: 'HeartbeatSampleSize',
  threshold: 'HeartbeatAlertThreshold',
} as const satisfies Record<keyof HeartbeatValues, string>;

/** The keys in the file's order. */
export const valueNames = ['min', 'max', 'sampleSize', 'threshold'] as const;

type ConfiguredValues = {
  values: HeartbeatValues;
  /** As the file writes them; a key that is absent there has Exchange's default. */
  written: Record<string, string>;
  /** What is wrong with them and what follows, each a sentence. */
  problems: string[];
};

/** Longest that ActiveSync lets a request hang (MS-ASCMD: 60 to 3540 s). */
export const longestHeartbeat = 3540;

export const defaultValues: HeartbeatValues = { min: 60, max: longestHeartbeat, sampleSize: 200, threshold: 540 };

/** Reads the file's bytes. Never throws: a file that is not XML gives the defaults and says so. */
export function readValues(bytes: Buffer): ConfiguredValues {
  const found = appSettings(decode(bytes));
  if (found === undefined) {
    const problem =
      "Its web.config is not well-formed XML, so the pool would not start with it; Exchange's defaults are assumed here.";
    return { values: defaultValues, written: {}, problems: [problem] };
  }
  const written: ConfiguredValues['written'] = {};
  const problems: string[] = [];
  const values = { ...defaultValues };
  for (const name of valueNames) {
    const key = valueKeys[name];
    // .NET finds keys whatever their case; Microsoft's own blog writes "HeartBeat".
    const text = found.get(key.toLowerCase());
    if (text === undefined) continue;
    written[key] = text;
    if (/^\d{1,9}$/.test(text.trim())) values[name] = Number(text);
    else
      problems.push(
        `${key} is “${text.slice(0, 40)}”, which is no whole number: Exchange takes ${defaultValues[name]} instead.`,
      );
  }
  const wrong = rangeProblem(values);
  if (wrong !== undefined) {
    problems.push(`${wrong}: Exchange logs an event and takes 60 and 3540 for both.`);
    values.min = defaultValues.min;
    values.max = defaultValues.max;
  }
  if (values.sampleSize > 10_000) {
    problems.push(`HeartbeatSampleSize is ${values.sampleSize}, over 10000: Exchange takes 200 instead (event 1041).`);
    values.sampleSize = defaultValues.sampleSize;
  } else if (values.sampleSize === 0) {
    problems.push('HeartbeatSampleSize is 0: Exchange keeps no average, so event 1040 is never logged.');
  }
  const { max, threshold } = values;
  if (threshold > longestHeartbeat) {
    problems.push(`HeartbeatAlertThreshold is ${threshold}, over 3540: Exchange takes 540 instead (event 1042).`);
    values.threshold = defaultValues.threshold;
  } else if (threshold === 0) {
    problems.push('HeartbeatAlertThreshold is 0: event 1040 is never logged.');
  } else if (max <= threshold) {
    problems.push(
      `MaxHeartbeatInterval (${max} s) is not over HeartbeatAlertThreshold (${threshold} s): every phone is held under the threshold, and event 1040 is logged whatever the network does.`,
    );
  }
  return { values, written, problems };
}

function rangeProblem({ min, max }: HeartbeatValues): string | undefined {
  if (max > longestHeartbeat) return `MaxHeartbeatInterval is ${max}, over 3540`;
  if (min < 1) return `MinHeartbeatInterval is ${min}, under 1`;
  if (min > max) return `MinHeartbeatInterval (${min}) is over MaxHeartbeatInterval (${max})`;
  return undefined;
}

/** `<add>`s of `<configuration><appSettings>`, keys in lower case; the last one wins, as in .NET. undefined for what is not XML. */
function appSettings(text: string): ReadonlyMap<string, string> | undefined {
  const root = outline(text);
  if ('refused' in root) return undefined;
  const found = new Map<string, string>();
  for (const { name, attributes } of elementsAt(root, 'configuration/appSettings').flatMap((all) => all.children)) {
    const key = attributes.key?.trim().toLowerCase();
    if (name === 'add' && key !== undefined) found.set(key, attributes.value ?? '');
    if (name === 'remove' && key !== undefined) found.delete(key);
    if (name === 'clear') found.clear();
  }
  return found;
}

/** web.config begins with a byte order mark, in UTF-8 or UTF-16. */
function decode(bytes: Buffer): string {
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe;
  return bytes.toString(isWide ? 'utf16le' : 'utf8').replace(/^\uFEFF/, '');
}

/** Which values differ between servers: one sentence each, naming who has what. */
export function differences(servers: readonly { server: string; values: HeartbeatValues }[]): string[] {
  return valueNames.flatMap((name) => {
    const by = new Map<number, string[]>();
    for (const { server, values } of servers) by.set(values[name], [...(by.get(values[name]) ?? []), server]);
    if (by.size < 2) return [];
    const parts = [...by].map(([value, owners]) => `${value} on ${owners.join(', ')}`);
    return [`${valueKeys[name]} differs: ${parts.join('; ')}. A phone gets another range when its mailbox moves.`];
  });
}
