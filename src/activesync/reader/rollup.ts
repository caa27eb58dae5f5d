import type { LogKind } from '../../ground/identifiers.ts';
import type { OddKind } from '../../store/tables/activesync.ts';
import type { Batch, Sample, Sighting } from './batch.ts';
import { type BatchClient, isOddKind } from './batch.ts';
import { type Chunk, hashOf } from './chunk.ts';
import { ClientCache, Refusal } from './client-cache.ts';
import { G, Groups } from './groups.ts';
import { Heartbeats } from './heartbeats.ts';
import { ascii, type Line, startsAt } from './line.ts';
import { type Lines, Q } from './lines.ts';
import { LogTokens } from './log-tokens.ts';
import { ENDED_NAMES } from './outcome.ts';
import { Strings } from './strings.ts';
import { Tuples } from './tuples.ts';

export type RollupOptions = {
  kind: LogKind;
  hours: boolean;
  /** Most groups kept; requests of further ones are counted as `too-many`. `full` says earlier that it is time to take them. */
  most?: number;
};
const REMOTE_WIPE = ascii('remotewiperequested');
const COLLISION = ascii('pingcollisiondetected');
/** Groups of a short reading, whose room serves the next one. */
const MOST_KEPT = 20_000;
const MOST_SAMPLES = 1_000;
const MOST_SIGHTINGS = 10_000;

export class Rollup {
  lines = 0;
  requests = 0;
  firstEnd = Number.POSITIVE_INFINITY;
  lastEnd = 0;
  readonly memory: Lines;
  readonly strings: Strings;
  readonly clients: ClientCache;
  readonly outcomes = new Tuples(4);
  readonly groups: Groups;
  readonly heartbeats: Heartbeats;
  readonly odds = new Map<string, number>();
  readonly samples: Sample[] = [];
  readonly sightings: Sighting[] = [];
  readonly #options: RollupOptions;
  readonly #tokens = new LogTokens();
  /** Keeps the looks of `groups.warm` alive; means nothing. */
  warmth = 0;
  #status = -2;
  #access = 0;
  #error = 0;
  #http = 0;
  #outcome = 0;

  /** `before`: a roll-up that is spent, whose clients and texts are known again. */
  constructor(lines: Lines, options: RollupOptions, before?: Rollup) {
    this.memory = lines;
    this.#options = options;
    const known = before?.worthKeeping === true ? before : undefined;
    if (known === undefined) lines.forget();
    lines.epoch += 1;
    this.strings = known?.strings ?? new Strings();
    this.clients = known?.clients ?? new ClientCache(lines, this.strings);
    const room = known !== undefined && known.groups.size < MOST_KEPT ? known.groups : undefined;
    this.groups = room?.again() ?? new Groups(lines, this.strings, options.hours);
    this.heartbeats = new Heartbeats();
    this.clients.plusIsBlank = options.kind === 'frontEnd' || options.kind === 'backEnd';
  }

  /** Time to take the batch: tables stay small, whatever the logs hold. */
  get full(): boolean {
    const { clients, groups, heartbeats, strings } = this;
    return groups.size > 60_000 || heartbeats.size > 60_000 || clients.size > 60_000 || strings.weight > 16_000_000;
  }

  /** Phones say the same again and again; but what is kept from batch to batch stays small, whatever the logs hold. */
  get worthKeeping(): boolean {
    return this.clients.size < 30_000 && this.strings.weight < 8_000_000;
  }

  odd(kind: OddKind, text: string, requests = 1): void {
    const key = `${kind}\n${text}`;
    const count = this.odds.get(key);
    if (count === undefined && this.odds.size >= 1_000) {
      const rest = `${kind}\n…`;
      this.odds.set(rest, (this.odds.get(rest) ?? 0) + requests);
      return;
    }
    this.odds.set(key, (count ?? 0) + requests);
  }

  /** Adds the first `count` lines that stand ready in memory. */
  addAll(chunk: Chunk, count: number): void {
    const { memory, clients } = this;
    const { lines } = memory;
    memory.look(0, count);
    this.warmth = this.groups.warm(lines, count);
    for (let i = 0; i < count; i += 1) {
      const line = lines[i];
      if (line === undefined) continue;
      if (line.row === 0) {
        const { generation } = memory;
        clients.meet(chunk, line, i);
        if (memory.generation !== generation) memory.look(i + 1, count);
      }
      this.#add(chunk, line);
    }
  }

  #add(chunk: Chunk, line: Line): void {
    const { clients, strings } = this;
    const { words } = this.memory;
    const { row } = line;
    const most = this.#options.most ?? 2_000_000;
    if (this.groups.size >= most || strings.weight > 96_000_000) {
      this.odd('too-many', '');
      return;
    }
    const refusal = row < 0 ? Refusal.query : (words[row + Q.refusal] ?? 0);
    if (refusal !== 0) {
      this.#refuse(refusal);
      return;
    }
    const client = words[row + Q.client] ?? 0;
    const { end } = line;
    this.requests += 1;
    if (end < this.firstEnd) this.firstEnd = end;
    if (end > this.lastEnd) this.lastEnd = end;
    if (line.misspelt !== 0) this.odd('misspelt-stem', 'default.eas without ?');
    const stray = words[row + Q.stray] ?? 0;
    if (stray !== 0) this.odd('stray-parameter', strings.text(stray));

    const tokens = this.#tokens;
    const { logStart, logEnd, errorStart, errorEnd } = line;
    const told = logEnd > logStart;
    let status = -1;
    let error = 0;
    let access = 0;
    if (told) {
      tokens.read(chunk.bytes, logStart, logEnd);
      status = tokens.status;
      error = this.#short(chunk, tokens.errorStart, tokens.errorEnd, this.#error);
      access = this.#short(chunk, tokens.accessStart, tokens.accessEnd, this.#access);
      clients.learn(chunk, client, tokens);
    } else if (errorEnd > errorStart) {
      error = this.#short(chunk, errorStart, errorEnd, this.#error);
    }
    const http = line.http * 1000 + Math.min(line.substatus, 999);
    if (http !== this.#http || status !== this.#status || error !== this.#error || access !== this.#access) {
      this.#http = http;
      this.#status = status;
      this.#error = error;
      this.#access = access;
      this.#outcome = this.outcomes.row(http, status, error, access);
    }
    const command = clients.commandOf(words[row + Q.command] ?? 0, line.method);
    this.groups.add(chunk, line, command, this.#outcome);
    if (told) this.#hanging(chunk, line, client, command);
    else if (this.#options.hours && command === clients.ping && line.win32 !== 0 && line.taken > 0) {
      this.heartbeats.add(line, client, command, 0, -1, false, false);
    }
  }

  #refuse(refusal: number): void {
    if (refusal === Refusal.query) this.odd('unreadable-query', '');
    else if (refusal === Refusal.healthMailbox) this.odd('health-mailbox', '');
    else this.odd('probe', refusal === Refusal.probeType ? 'device type' : '');
  }

  /** What only a back-end line tells: a wipe handed to the phone, and the heartbeat asked for. */
  #hanging(chunk: Chunk, line: Line, client: number, command: number): void {
    const tokens = this.#tokens;
    const { status, heartbeat, errorStart, errorEnd } = tokens;
    const wipe = status === 140 || startsAt(chunk.bytes, errorStart, errorEnd, REMOTE_WIPE);
    if (wipe && this.sightings.length < MOST_SIGHTINGS) {
      this.sightings.push({ at: line.end, client, what: status === 140 ? 'S140' : 'RemoteWipeRequested' });
    }
    if (heartbeat === 0 || !this.#options.hours) return;
    const collision = startsAt(chunk.bytes, errorStart, errorEnd, COLLISION);
    this.heartbeats.add(line, client, command, heartbeat, status, tokens.timedOut, collision);
    this.#sample(line, client, command, heartbeat);
  }

  /** Everything so far, as plain columns; the roll-up is spent afterwards. */
  take(): Batch {
    return packBatch(this);
  }

  /** Short repeated texts (`PolicyRefresh`, `AllowedG`): compared with the last one first. */
  #short(chunk: Chunk, start: number, end: number, last: number): number {
    const stop = Math.min(end, start + 64);
    if (stop <= start) return 0;
    if (last !== 0 && this.strings.equals(last, chunk.view, start, stop)) return last;
    return this.strings.intern(chunk.view, start, stop, hashOf(chunk.view, start, stop));
  }

  #sample(line: Line, client: number, command: number, asked: number): void {
    const startedAt = line.taken < 0 ? line.end : line.end - line.taken / 1000;
    this.samples.push({ startedAt, asked, client, command: this.clients.commandText(command) });
    if (this.samples.length < MOST_SAMPLES * 4) return;
    this.samples.sort((a, b) => a.startedAt - b.startedAt);
    this.samples.splice(0, this.samples.length - MOST_SAMPLES);
  }
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
