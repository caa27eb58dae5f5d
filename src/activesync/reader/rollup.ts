/** Rolls up the lines of one kind of log: requests of each client by command, hour, outcome and address. */
import { assertNever } from '../../ground/errors.ts';
import type { LogKind } from '../../ground/identifiers.ts';
import type { OddKind } from '../../store/tables/activesync.ts';
import type { Batch, BatchClient, Group, Sample, Sighting } from './batch.ts';
import { Clients, type KnownRequest, learn } from './clients.ts';
import type { CutChunk } from './cut-lines.ts';
import { EdgeParser } from './edge.ts';
import { type Hanging, Heartbeats } from './heartbeats.ts';
import { HttpProxyParser } from './http-proxy.ts';
import { type Line, type LineParser, startsWith, textOf } from './line.ts';
import { type LogTokens, noTokens, parseLogTokens } from './log-tokens.ts';
import { W3cParser } from './w3c.ts';

/** Of the site "Exchange Back End"; the front end listens at 443. */
const backEndPort = '444';
const mostGroups = 60_000;
const mostOdd = 1_000;
const mostSamples = 1_000;
const mostSightings = 10_000;
/** Most characters that are kept of a line's texts. */
const longestAddress = 46;
const longestToken = 64;

function parserOf(kind: LogKind): LineParser {
  switch (kind) {
    case 'frontEnd':
    case 'backEnd':
      return new W3cParser();
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

/** What was read since the last batch. */
class Counts {
  requests = 0;
  lastEnd = 0;
  readonly groups = new Map<string, Group>();
  readonly heartbeats = new Heartbeats<BatchClient>();
  readonly odd = new Map<string, Batch['odd'][number]>();
  readonly sightings: Sighting[] = [];
  samples: Sample[] = [];
}

export class Rollup {
  readonly #parser: LineParser;
  readonly #clients: Clients;
  readonly #kind: LogKind;
  readonly #oneLog: boolean;
  #counts = new Counts();

  /** `oneLog`: the server has one log of both ends, as Exchange 2010 writes it. */
  constructor(kind: LogKind, { oneLog = false }: { oneLog?: boolean } = {}) {
    this.#kind = kind;
    this.#oneLog = oneLog;
    this.#parser = parserOf(kind);
    this.#clients = kind === 'frontEnd' || kind === 'backEnd' ? clientsOfW3c : clientsOfOthers;
  }

  /** Answers whether it is time to take the batch: what is kept stays small, whatever the logs hold. */
  read({ text, header, overLong }: Pick<CutChunk, 'text' | 'header' | 'overLong'>): boolean {
    if (overLong > 0) this.#odd('over-long-line', '', overLong);
    this.#parser.header = header;
    for (const each of text.split('\n')) {
      const line = each.endsWith('\r') ? each.slice(0, -1) : each;
      if (line === '') continue;
      const parsed = this.#parser.parse(line);
      if (typeof parsed === 'string') this.#odd(parsed, '');
      else if (parsed !== undefined) this.#add(parsed);
    }
    const { groups, heartbeats } = this.#counts;
    return groups.size > mostGroups || heartbeats.size > mostGroups || this.#clients.full;
  }

  /** What was read since the last taking. */
  take(): Batch {
    const { requests, lastEnd, groups, heartbeats, odd, samples, sightings } = this.#counts;
    this.#counts = new Counts();
    this.#clients.prune();
    const all = [...groups.values()];
    return {
      requests,
      lastEnd,
      clients: [...new Set(all.map(({ client }) => client))],
      groups: all,
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

  #add(line: Line): void {
    const known = this.#clients.of(line);
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
    const tokens = this.#tokensOf(line);
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
  #tokensOf(line: Line): LogTokens | undefined {
    if (line.log === '') return undefined;
    const doubt = this.#doubtOf(line);
    if (doubt !== undefined) {
      this.#odd('untrusted-log', doubt);
      return undefined;
    }
    const tokens = parseLogTokens(line.log);
    for (const name of tokens.outOfRange) this.#odd('out-of-range', name);
    return tokens;
  }

  /** Why a `Log=` may be anybody's. */
  #doubtOf({ authenticated, port }: Line): string | undefined {
    if (!authenticated) return 'nobody had logged in';
    if (this.#kind !== 'backEnd') return 'not on a back end';
    if (this.#oneLog || port === backEndPort) return undefined;
    return port === '' ? 'no s-port in the log' : 'another port than 444';
  }

  #group({ number, client, command }: KnownRequest, line: Line, tokens: LogTokens): Group {
    const { groups } = this.#counts;
    const { http } = line;
    const { status } = tokens;
    const hour = Math.floor(line.end / 3600);
    const substatus = Math.min(line.substatus, 999);
    const rawAddress = line.address.length < 2 ? '' : line.address.slice(0, longestAddress);
    const rawError = (line.log === '' ? line.error : tokens.error).slice(0, longestToken);
    const rawAccess = tokens.access.slice(0, longestToken);
    const key = `${rawAddress}\n${rawError}\n${rawAccess}\n${number} ${hour} ${http} ${substatus} ${status}`;
    const known = groups.get(key);
    if (known !== undefined) return known;
    // Of the key, not of the line, which would keep its whole chunk in memory.
    const [lastAddress = '', error = '', access = ''] = key.split('\n', 3).map(textOf);
    const group = {
      client,
      command,
      hour,
      http,
      substatus,
      status,
      error,
      access,
      lastAddress,
      requests: 0,
      firstStart: line.end,
      lastEnd: 0,
      lastStart: 0,
      taken: 0,
      sent: 0,
      received: 0,
    };
    groups.set(key, group);
    return group;
  }

  /** What only a back-end line says: a wipe handed to the phone, and the heartbeat asked for. */
  #hanging(client: BatchClient, command: string, line: Line, tokens: LogTokens): void {
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

function hangingOf({ end, taken, win32, http }: Line, { heartbeat, status, timedOut, error }: LogTokens): Hanging {
  const collision = startsWith(error, 'pingcollisiondetected');
  return { end, taken, win32, http, asked: heartbeat, status, timedOut, collision };
}

function count(group: Group, { end, taken, sent, received }: Line): void {
  const start = taken > 0 ? end - Math.round(taken / 1000) : end;
  group.requests += 1;
  group.firstStart = Math.min(group.firstStart, start);
  group.taken += Math.max(0, taken);
  group.sent += sent;
  group.received += received;
  if (end < group.lastEnd) return;
  group.lastEnd = end;
  group.lastStart = start;
}

function latest(samples: readonly Sample[]): Sample[] {
  return [...samples].sort((a, b) => a.startedAt - b.startedAt).slice(-mostSamples);
}
