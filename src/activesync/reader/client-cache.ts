/**
 * From the bytes of a line to its client. Phones repeat themselves, so the whole query is known by its hash and parsed once;
 * the same phone's agent and account are compared with those of its last line before anything is looked up.
 */
import type { BatchClient } from './batch.ts';
import { type Chunk, hashOf } from './chunk.ts';
import type { Line } from './line.ts';
import type { LogTokens } from './log-tokens.ts';
import { accountOf, parseEasQuery } from './query.ts';
import { Q, QueryCache } from './query-cache.ts';
import { doubled, Strings, textOf } from './strings.ts';
import { Tuples } from './tuples.ts';

const LONGEST_QUERY = 8_192;
const LONGEST_AGENT = 200;

export class ClientCache {
  readonly #strings: Strings;
  readonly #clients = new Tuples(5);
  readonly #queries = new QueryCache();
  readonly #agents = new Strings();
  #agentText = new Int32Array(1024);
  readonly #accounts = new Strings();
  #accountText = new Int32Array(1024);
  /** Per client: operating system, model, EAS version, as the last `Log=` told them. */
  #learnt = new Int32Array(3 * 1024);
  readonly #told: { client: BatchClient; os: number; model: number }[] = [];
  /** W3C writes a blank as `+`. */
  plusIsBlank = true;
  /** Why `client` answered -1. */
  refusal: 'probe' | 'health-mailbox' = 'probe';
  refusalText = '';
  readonly ping: number;
  readonly #options: number;

  constructor(strings: Strings) {
    this.#strings = strings;
    this.ping = strings.internText('Ping');
    this.#options = strings.internText('OPTIONS');
  }

  get size(): number {
    return this.#clients.size;
  }

  /** See QueryCache.warm. */
  warm(lines: readonly Line[], count: number, groups: Int32Array): number {
    return this.#queries.warm(lines, count, groups);
  }

  /** Place of the line's query, or -1 where it is no ActiveSync query. */
  query(chunk: Chunk, line: Line): number {
    const { queryStart, queryEnd } = line;
    if (queryEnd - queryStart > LONGEST_QUERY) return -1;
    let at = 0;
    if (queryEnd > queryStart) {
      at = this.#queries.find(chunk, queryStart, queryEnd, line.queryHash);
      if (at < 0) at = this.#parse(chunk, line);
    }
    return this.#queries.rows[at + Q.device] === -1 ? -1 : at;
  }

  /** Client of the line, or -1 for Exchange's own probes (`refusal` says which). */
  client(chunk: Chunk, line: Line, at: number): number {
    const facts = this.#queries.rows;
    const lastAgent = facts[at + Q.agent] ?? 0;
    const lastAccount = facts[at + Q.account] ?? 0;
    const lastClient = (facts[at + Q.client] ?? 0) - 1;
    const agentEnd = Math.min(line.agentEnd, line.agentStart + LONGEST_AGENT);
    const accountEnd = Math.min(line.userEnd, line.userStart + 256);
    const sameAgent = this.#agents.equals(lastAgent, chunk.view, line.agentStart, agentEnd);
    const sameAccount = this.#accounts.equals(lastAccount, chunk.view, line.userStart, accountEnd);
    if (lastClient >= 0 && sameAgent && sameAccount) return lastClient;

    const agent = sameAgent ? lastAgent : this.#agent(chunk, line.agentStart, agentEnd);
    const account = sameAccount ? lastAccount : this.#account(chunk, line.userStart, accountEnd);
    const agentText = this.#agentText[agent] ?? 0;
    const accountText = this.#accountText[account] ?? 0;
    const user = accountText > 0 ? accountText : (facts[at + Q.user] ?? 0);
    const type = facts[at + Q.type] ?? 0;
    if (accountText === -1 || user === -1) return this.#refuse('health-mailbox', '');
    if (agentText === -1) return this.#refuse('probe', '');
    if (type === -1) return this.#refuse('probe', 'device type');
    const row = this.#clients.row(user, facts[at + Q.device] ?? 0, type, agentText, facts[at + Q.stray] ?? 0);
    facts[at + Q.agent] = agent;
    facts[at + Q.account] = account;
    facts[at + Q.client] = row + 1;
    facts[at + Q.group] = 0;
    return row;
  }

  commandOf(query: number, method: number): number {
    const command = this.#queries.rows[query + Q.command] ?? 0;
    return command === 0 && (method === 79 || method === 111) ? this.#options : command;
  }

  commandText(command: number): string {
    return this.#strings.text(command);
  }

  strayOf(client: number): number {
    return this.#clients.values[client * 5 + 4] ?? 0;
  }

  /** Client `row` as a text for everybody; the same object as long as nothing new was learnt. */
  told(row: number): BatchClient {
    const known = this.#told[row];
    const os = this.#learnt[row * 3] ?? 0;
    const model = this.#learnt[row * 3 + 1] ?? 0;
    const easVersion = this.#learnt[row * 3 + 2] ?? 0;
    if (known !== undefined && known.os === os && known.model === model && known.client.easVersion === easVersion)
      return known.client;
    const text = (member: number) => this.#strings.text(this.#clients.values[row * 5 + member] ?? 0);
    const client = {
      account: text(0),
      deviceId: text(1),
      deviceType: text(2),
      userAgent: text(3),
      stray: text(4),
      os: decoded(this.#strings.text(os)),
      model: decoded(this.#strings.text(model)),
      easVersion,
    };
    this.#told[row] = { client, os, model };
    return client;
  }

  learn(chunk: Chunk, client: number, tokens: LogTokens): void {
    while (client * 3 + 3 > this.#learnt.length) this.#learnt = doubled(this.#learnt);
    const at = client * 3;
    if (tokens.version > 0) this.#learnt[at + 2] = tokens.version;
    if (tokens.osEnd > tokens.osStart)
      this.#learnt[at] = this.#short(chunk, tokens.osStart, tokens.osEnd, this.#learnt[at] ?? 0);
    if (tokens.modelEnd > tokens.modelStart) {
      this.#learnt[at + 1] = this.#short(chunk, tokens.modelStart, tokens.modelEnd, this.#learnt[at + 1] ?? 0);
    }
  }

  /** Group of the query's last line, if hour, outcome and address are the same again; else -1. */
  lastGroup(query: number, hour: number, outcome: number, address: number): number {
    const { rows } = this.#queries;
    const same =
      rows[query + Q.hour] === hour && rows[query + Q.outcome] === outcome && rows[query + Q.address] === address;
    return same ? (rows[query + Q.group] ?? 0) - 1 : -1;
  }

  /** Groups are another roll-up's from here on. */
  forgetGroups(): void {
    this.#queries.forgetGroups();
  }

  /** Address of the query's last line. */
  lastAddress(query: number): number {
    return this.#queries.rows[query + Q.address] ?? 0;
  }

  keepGroup(query: number, hour: number, outcome: number, address: number, group: number): void {
    const { rows } = this.#queries;
    rows[query + Q.hour] = hour;
    rows[query + Q.outcome] = outcome;
    rows[query + Q.address] = address;
    rows[query + Q.group] = group + 1;
  }

  #refuse(refusal: 'probe' | 'health-mailbox', text: string): number {
    this.refusal = refusal;
    this.refusalText = text;
    return -1;
  }

  #short(chunk: Chunk, start: number, end: number, last: number): number {
    const stop = Math.min(end, start + 64);
    if (last !== 0 && this.#strings.equals(last, chunk.view, start, stop)) return last;
    return this.#strings.intern(chunk.view, start, stop, hashOf(chunk.view, start, stop));
  }

  #parse(chunk: Chunk, line: Line): number {
    const { queryStart, queryEnd } = line;
    const at = this.#queries.add(chunk, queryStart, queryEnd, line.queryHash);
    const { rows } = this.#queries;
    const text = textOf(chunk.bytes.subarray(queryStart, queryEnd)).trim();
    if (text === '' || text === '-') return at;
    const parsed = parseEasQuery(text);
    if (parsed === undefined) {
      rows[at + Q.device] = -1;
      return at;
    }
    const strings = this.#strings;
    rows[at + Q.user] = isHealthMailbox(parsed.user) ? -1 : strings.internText(parsed.user);
    rows[at + Q.device] = strings.internText(parsed.deviceId);
    rows[at + Q.type] = isProbeType(parsed.deviceType) ? -1 : strings.internText(parsed.deviceType);
    rows[at + Q.command] = strings.internText(parsed.command);
    rows[at + Q.stray] = strings.internText(parsed.stray);
    return at;
  }

  #agent(chunk: Chunk, start: number, end: number): number {
    const raw = this.#agents.intern(chunk.view, start, end, hashOf(chunk.view, start, end));
    while (raw >= this.#agentText.length) this.#agentText = doubled(this.#agentText);
    if (raw === 0 || this.#agentText[raw] !== 0) return raw;
    const text = textOf(chunk.bytes.subarray(start, end)).trim();
    const blanks = this.plusIsBlank ? text.replaceAll('+', ' ') : text;
    this.#agentText[raw] = isProbeAgent(blanks) ? -1 : blanks === '-' ? 0 : this.#strings.internText(blanks);
    return raw;
  }

  #account(chunk: Chunk, start: number, end: number): number {
    const raw = this.#accounts.intern(chunk.view, start, end, hashOf(chunk.view, start, end));
    while (raw >= this.#accountText.length) this.#accountText = doubled(this.#accountText);
    if (raw === 0 || this.#accountText[raw] !== 0) return raw;
    const account = accountOf(textOf(chunk.bytes.subarray(start, end)).replace(/%5c/gi, '\\').replace(/%40/g, '@'));
    this.#accountText[raw] = isHealthMailbox(account) ? -1 : account === '-' ? 0 : this.#strings.internText(account);
    return raw;
  }
}

/** `iOS+18.1`, `Android%2014`: device information is URL-encoded in the log. */
function decoded(text: string): string {
  const blanks = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(blanks);
  } catch {
    return blanks;
  }
}

function isHealthMailbox(account: string): boolean {
  return /^(?:[^\\]*\\)?healthmailbox/.test(account);
}

/** Managed Availability's probes (`AMProbe/Local/ClientAccess`) and test cmdlets. */
function isProbeAgent(agent: string): boolean {
  return /^(?:AMProbe|AMTestAgent|TestActiveSyncConnectivity|MSExchangeMonitoring|MSExchMon|ActiveMonitoring)/i.test(
    agent,
  );
}

function isProbeType(deviceType: string): boolean {
  return /^(?:EASProbeDeviceType|TestActiveSyncConnectivity)/i.test(deviceType);
}
