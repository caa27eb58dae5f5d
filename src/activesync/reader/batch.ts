import { G } from './groups.ts';
import { ENDED_NAMES, type EndedName } from './outcome.ts';
import type { OddKind, Rollup, Sample, Sighting } from './rollup.ts';
import type { Strings } from './strings.ts';

/** A client as the lines wrote it; `os`, `model` and `easVersion` (times ten, 0 unknown) only from back-end lines. */
export type BatchClient = {
  account: string;
  deviceId: string;
  deviceType: string;
  userAgent: string;
  stray: string;
  os: string;
  model: string;
  easVersion: number;
};

/** HTTP status and substatus, EAS status (-1: not told), `Error:` token, access state (`AllowedG`). */
export type Outcome = { http: number; substatus: number; status: number; error: string; access: string };

/** A roll-up as plain columns that a worker can hand over. Times in seconds since 1970; `client` and `outcome` are indexes here. */
export type Batch = {
  lines: number;
  requests: number;
  /** 0 where there was no request. */
  firstEnd: number;
  lastEnd: number;
  clients: BatchClient[];
  commands: string[];
  outcomes: Outcome[];
  addresses: string[];
  groups: {
    client: Int32Array;
    command: Int32Array;
    hour: Int32Array;
    outcome: Int32Array;
    requests: Int32Array;
    firstStart: Int32Array;
    lastStart: Int32Array;
    lastEnd: Int32Array;
    /** Index into `addresses`. */
    address: Int32Array;
    taken: Float64Array;
    sent: Float64Array;
    received: Float64Array;
  };
  heartbeats: {
    client: number;
    command: number;
    hour: number;
    asked: number;
    ended: EndedName;
    win32: number;
    lived: number;
    requests: number;
    shortest: number;
    longest: number;
    sum: number;
  }[];
  samples: Sample[];
  sightings: Sighting[];
  odd: { kind: OddKind; text: string; requests: number }[];
};

const ODD_KINDS: Record<OddKind, true> = {
  'no-fields': true,
  'unreadable-line': true,
  'over-long-line': true,
  'unreadable-query': true,
  'misspelt-stem': true,
  'stray-parameter': true,
  probe: true,
  'health-mailbox': true,
  'too-many': true,
};

export function isOddKind(text: string): text is OddKind {
  return Object.hasOwn(ODD_KINDS, text);
}

export function packBatch(rollup: Rollup): Batch {
  const { strings, clients, outcomes, groups, heartbeats } = rollup;
  const commands = new Renumbered(strings);
  const addresses = new Renumbered(strings);
  // Clients of earlier batches are known still; this one tells of those that it has requests of.
  const numbers = new Int32Array(clients.size).fill(-1);
  const told: BatchClient[] = [];
  const columns = emptyColumns(groups.size);
  const keys = groups.keys.values;
  const { values } = groups;
  for (let row = 0, key = 0, at = 0; row < groups.size; row += 1, key += 5, at += 8) {
    const client = keys[key] ?? 0;
    if (numbers[client] === -1) numbers[client] = told.push(clients.told(client)) - 1;
    columns.client[row] = numbers[client] ?? 0;
    columns.command[row] = commands.of(keys[key + 1] ?? 0);
    columns.hour[row] = keys[key + 2] ?? 0;
    columns.outcome[row] = keys[key + 3] ?? 0;
    columns.address[row] = addresses.of(keys[key + 4] ?? 0);
    columns.requests[row] = values[at + G.requests] ?? 0;
    columns.firstStart[row] = values[at + G.firstStart] ?? 0;
    columns.lastStart[row] = values[at + G.lastStart] ?? 0;
    columns.lastEnd[row] = values[at + G.lastEnd] ?? 0;
    columns.taken[row] = values[at + G.taken] ?? 0;
    columns.sent[row] = values[at + G.sent] ?? 0;
    columns.received[row] = values[at + G.received] ?? 0;
  }
  const beats = Array.from({ length: heartbeats.size }, (_, row) => {
    const member = (m: number) => heartbeats.keys.values[row * 6 + m] ?? 0;
    const how = member(4);
    return {
      client: numbers[member(0)] ?? 0,
      command: commands.of(member(1)),
      hour: member(2),
      asked: member(3),
      ended: ENDED_NAMES[Math.floor(how / 100_000)] ?? 'unknown',
      win32: how % 100_000,
      lived: member(5),
      requests: heartbeats.requests[row] ?? 0,
      shortest: heartbeats.shortest[row] ?? 0,
      longest: heartbeats.longest[row] ?? 0,
      sum: heartbeats.sum[row] ?? 0,
    };
  });
  return {
    lines: rollup.lines,
    requests: rollup.requests,
    firstEnd: rollup.requests > 0 ? rollup.firstEnd : 0,
    lastEnd: rollup.lastEnd,
    clients: told,
    commands: commands.texts,
    outcomes: Array.from({ length: outcomes.size }, (_, row) => {
      const member = (m: number) => outcomes.values[row * 4 + m] ?? 0;
      return {
        http: Math.floor(member(0) / 1000),
        substatus: member(0) % 1000,
        status: member(1),
        error: strings.text(member(2)),
        access: strings.text(member(3)),
      };
    }),
    addresses: addresses.texts,
    groups: columns,
    heartbeats: beats,
    samples: [...rollup.samples]
      .sort((a, b) => a.startedAt - b.startedAt)
      .slice(-1_000)
      .map((sample) => ({ ...sample, client: numbers[sample.client] ?? 0 })),
    sightings: rollup.sightings.map((sighting) => ({ ...sighting, client: numbers[sighting.client] ?? 0 })),
    odd: [...rollup.odds].map(([key, requests]) => {
      const split = key.indexOf('\n');
      const kind = key.slice(0, split);
      return { kind: isOddKind(kind) ? kind : 'unreadable-line', text: key.slice(split + 1), requests };
    }),
  };
}

function emptyColumns(size: number): Batch['groups'] {
  const ints = () => new Int32Array(size);
  const sums = () => new Float64Array(size);
  return {
    client: ints(),
    command: ints(),
    hour: ints(),
    outcome: ints(),
    requests: ints(),
    firstStart: ints(),
    lastStart: ints(),
    lastEnd: ints(),
    address: ints(),
    taken: sums(),
    sent: sums(),
    received: sums(),
  };
}

/** Ids in use, numbered from 0 in the order in which they are asked for. */
class Renumbered {
  readonly texts: string[] = [];
  readonly #strings: Strings;
  /** By id: the number + 1. */
  readonly #numbers: Int32Array;

  constructor(strings: Strings) {
    this.#strings = strings;
    this.#numbers = new Int32Array(strings.size);
  }

  of(id: number): number {
    const known = this.#numbers[id] ?? 0;
    if (known > 0) return known - 1;
    this.#numbers[id] = this.texts.push(this.#strings.text(id));
    return this.texts.length - 1;
  }
}
