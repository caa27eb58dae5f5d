/** Rolls up the lines of one kind of log: requests of each client by command, hour, outcome and address. */
import { assertNever } from '../../ground/errors.ts';
import type { LogKind } from '../../ground/identifiers.ts';
import type { OddKind } from '../../store/tables/activesync.ts';
import type { Batch, BatchClient, Group, Sample, Sighting } from './batch.ts';
import { ByteTable } from './byte-table.ts';
import { Clients, type Known, type KnownRequest, learn } from './clients.ts';
import type { CutChunk } from './cut-lines.ts';
import { EdgeParser } from './edge.ts';
import { type Hanging, Heartbeats } from './heartbeats.ts';
import { HttpProxyParser } from './http-proxy.ts';
import { type Line, type LineParser, longest, startsWith, textOf } from './line.ts';
import { type LogTokens, noTokens, parseLogTokens } from './log-tokens.ts';
import { W3cReader } from './w3c.ts';

/** Of the site "Exchange Back End"; the front end listens at 443. */
const backEndPort = '444';
const mostGroups = 60_000;
const mostOdd = 1_000;
const mostSamples = 1_000;
const mostSightings = 10_000;

function readerOf(kind: LogKind): W3cReader | LineParser {
  switch (kind) {
    case 'frontEnd':
    case 'backEnd':
      return new W3cReader();
    case 'httpProxy':
      return new HttpProxyParser();
    case 'edge':
      return new EdgeParser();
    default:
      return assertNever(kind, 'log kind');
  }
}

/** Phones that are known stay so from reading to reading: they come again every minute. */
const clientsOfW3c = new Clients(true);
const clientsOfOthers = new Clients(false);
/** Addresses and errors. */
const texts = new ByteTable<string>(20_000);

/** What is counted of a line, whatever its dialect; texts are copies. */
type Facts = Pick<
  Line,
  'end' | 'taken' | 'http' | 'substatus' | 'win32' | 'misspelt' | 'authenticated' | 'port' | 'address' | 'error'
>;

/** Groups of one hour and answer. */
type Cell = Pick<Group, 'hour' | 'http' | 'substatus' | 'status' | 'error' | 'access'> & {
  groups: Map<KnownRequest, Group>;
};

/** What was read since the last batch. */
class Counts {
  requests = 0;
  lastEnd = 0;
  readonly cells = new Map<string, Cell>();
  /** Of the line before. */
  cell: Cell | undefined;
  groups = 0;
  readonly heartbeats = new Heartbeats<BatchClient>();
  readonly odd = new Map<string, Batch['odd'][number]>();
  readonly sightings: Sighting[] = [];
  samples: Sample[] = [];
}

export class Rollup {
  readonly #reader: W3cReader | LineParser;
  readonly #clients: Clients;
  readonly #kind: LogKind;
  readonly #oneLog: boolean;
  #counts = new Counts();

  /** `oneLog`: the server has one log of both ends, as Exchange 2010 writes it. */
  constructor(kind: LogKind, { oneLog = false }: { oneLog?: boolean } = {}) {
    this.#kind = kind;
    this.#oneLog = oneLog;
    this.#reader = readerOf(kind);
    this.#clients = kind === 'frontEnd' || kind === 'backEnd' ? clientsOfW3c : clientsOfOthers;
  }

  /** Answers whether it is time to take the batch: what is kept stays small, whatever the logs hold. */
  read({ lines, header, overLong }: Pick<CutChunk, 'lines' | 'header' | 'overLong'>): boolean {
    if (overLong > 0) this.#odd('over-long-line', '', overLong);
    if (this.#reader instanceof W3cReader) this.#readBytes(this.#reader, lines, header);
    else this.#readTexts(this.#reader, lines, header);
    const { groups, heartbeats } = this.#counts;
    return groups > mostGroups || heartbeats.size > mostGroups || this.#clients.full;
  }

  #readBytes(reader: W3cReader, lines: Buffer, header: string): void {
    reader.begin(lines, header);
    for (let line = reader.next(); line !== undefined; line = reader.next()) {
      if (typeof line === 'string') {
        this.#odd(line, '');
        continue;
      }
      const known = this.#clients.ofKey(line.key, line.keyLength);
      const { logFrom, logTo } = line;
      this.#add(line, known, logFrom === logTo ? undefined : () => parseLogTokens(lines, logFrom, logTo));
    }
  }

  #readTexts(parser: LineParser, lines: Buffer, header: string): void {
    parser.header = header;
    for (const each of lines.toString('latin1').split('\n')) {
      const line = each.endsWith('\r') ? each.slice(0, -1) : each;
      if (line === '') continue;
      const parsed = parser.parse(line);
      if (typeof parsed === 'string') this.#odd(parsed, '');
      else if (parsed !== undefined) {
        const address = parsed.address.length < 2 ? '' : texts.ofText(parsed.address.slice(0, longest.address), textOf);
        const error = texts.ofText(parsed.error.slice(0, longest.token), textOf);
        this.#add({ ...parsed, address, error }, this.#clients.of(parsed), undefined);
      }
    }
  }

  /** What was read since the last taking. */
  take(): Batch {
    const { requests, lastEnd, cells, heartbeats, odd, samples, sightings } = this.#counts;
    this.#counts = new Counts();
    this.#clients.prune();
    const groups = [...cells.values()].flatMap((cell) => [...cell.groups.values()]);
    return {
      requests,
      lastEnd,
      clients: [...new Set(groups.map(({ client }) => client))],
      groups,
      heartbeats: heartbeats.counts,
      samples: latest(samples),
      sightings,
      odd: [...odd.values()],
    };
  }

  #odd(kind: OddKind, text: string, requests = 1): void {
    const { odd } = this.#counts;
    const known = odd.get(`${kind}\n${text}`);
    if (known !== undefined) known.requests += requests;
    else if (odd.size >= mostOdd && text !== '…') this.#odd(kind, '…', requests);
    else odd.set(`${kind}\n${text}`, { kind, text, requests });
  }

  /** `log`: what the last `Log=` says, where there is one. */
  #add(line: Facts, known: Known, log: (() => LogTokens) | undefined): void {
    if (known.client === undefined) {
      this.#odd(known.odd, known.text);
      return;
    }
    const counts = this.#counts;
    const { client, command } = known;
    counts.requests += 1;
    counts.lastEnd = Math.max(counts.lastEnd, line.end);
    if (line.misspelt) this.#odd('misspelt-stem', 'default.eas without ?');
    if (client.stray !== '') this.#odd('stray-parameter', client.stray);
    const tokens = this.#tokensOf(line, log);
    count(this.#group(known, line, tokens ?? noTokens), line);
    if (tokens !== undefined) {
      learn(client, tokens);
      this.#hanging(client, command, line, tokens);
    } else if (line.authenticated && command === 'Ping' && line.win32 !== 0 && line.taken > 0) {
      counts.heartbeats.add(client, command, hangingOf(line, noTokens));
    }
  }

  /**
   * What Exchange itself wrote behind the query: on its back end, for somebody who had logged in. Anybody may send a `Log=` to the
   * front end, where it stands as Exchange's would.
   */
  #tokensOf(line: Facts, log: (() => LogTokens) | undefined): LogTokens | undefined {
    if (log === undefined) return undefined;
    const doubt = this.#doubtOf(line);
    if (doubt !== undefined) {
      this.#odd('untrusted-log', doubt);
      return undefined;
    }
    const tokens = log();
    for (const name of tokens.outOfRange) this.#odd('out-of-range', name);
    return tokens;
  }

  /** Why a `Log=` may be anybody's. */
  #doubtOf({ authenticated, port }: Facts): string | undefined {
    if (!authenticated) return 'nobody had logged in';
    if (this.#kind !== 'backEnd') return 'not on a back end';
    if (this.#oneLog || port === backEndPort) return undefined;
    return port === '' ? 'no s-port in the log' : 'another port than 444';
  }

  #group(request: KnownRequest, line: Facts, tokens: LogTokens): Group {
    const counts = this.#counts;
    const cell = this.#cell(line, tokens);
    const known = cell.groups.get(request);
    if (known !== undefined) return known;
    const { client, command } = request;
    const { hour, http, substatus, status, error, access } = cell;
    const group: Group = {
      client,
      command,
      hour,
      http,
      substatus,
      status,
      error,
      access,
      lastAddress: '',
      requests: 0,
      firstStart: line.end,
      lastEnd: 0,
      lastStart: 0,
    };
    cell.groups.set(request, group);
    counts.groups += 1;
    return group;
  }

  /** Most lines are answered as the one before. */
  #cell(line: Facts, tokens: LogTokens): Cell {
    const counts = this.#counts;
    const { http } = line;
    const { status } = tokens;
    const hour = Math.floor(line.end / 3600);
    const substatus = Math.min(line.substatus, 999);
    const error = tokens.error === '' ? line.error : tokens.error;
    const { access } = tokens;
    const before = counts.cell;
    if (
      before !== undefined &&
      before.hour === hour &&
      before.http === http &&
      before.substatus === substatus &&
      before.status === status &&
      before.error === error &&
      before.access === access
    )
      return before;
    const key = `${hour} ${http} ${substatus} ${status}\n${error}\n${access}`;
    const cell = counts.cells.get(key) ?? { hour, http, substatus, status, error, access, groups: new Map() };
    counts.cells.set(key, cell);
    counts.cell = cell;
    return cell;
  }

  /** What only a back-end line says: a wipe handed to the phone, and the heartbeat asked for. */
  #hanging(client: BatchClient, command: string, line: Facts, tokens: LogTokens): void {
    const { heartbeats, sightings } = this.#counts;
    const { status, heartbeat, error } = tokens;
    const isWipe = status === 140 || startsWith(error, 'remotewiperequested');
    if (isWipe && sightings.length < mostSightings)
      sightings.push({ at: line.end, client, what: status === 140 ? 'S140' : 'RemoteWipeRequested' });
    if (heartbeat === 0) return;
    heartbeats.add(client, command, hangingOf(line, tokens));
    this.#sample({ startedAt: line.end - Math.max(0, line.taken) / 1000, asked: heartbeat, client, command });
  }

  #sample(sample: Sample): void {
    const counts = this.#counts;
    counts.samples.push(sample);
    if (counts.samples.length >= mostSamples * 4) counts.samples = latest(counts.samples);
  }
}

function hangingOf({ end, taken, win32, http }: Facts, { heartbeat, status, timedOut, error }: LogTokens): Hanging {
  const collision = startsWith(error, 'pingcollisiondetected');
  return { end, taken, win32, http, asked: heartbeat, status, timedOut, collision };
}

function count(group: Group, { end, taken, address }: Facts): void {
  const start = taken > 0 ? end - Math.round(taken / 1000) : end;
  group.requests += 1;
  if (start < group.firstStart) group.firstStart = start;
  if (end < group.lastEnd) return;
  group.lastEnd = end;
  group.lastStart = start;
  group.lastAddress = address;
}

function latest(samples: readonly Sample[]): Sample[] {
  return [...samples].sort((a, b) => a.startedAt - b.startedAt).slice(-mostSamples);
}
