/**
 * From a row (query, account and agent as lines wrote them) to its client. Phones repeat themselves, so nearly every line finds its row
 * in memory, and its texts are read once.
 */
import type { BatchClient } from './batch.ts';
import { type Chunk, hashOf } from './chunk.ts';
import type { Line } from './line.ts';
import { type Lines, Q } from './lines.ts';
import type { LogTokens } from './log-tokens.ts';
import { accountOf } from './query.ts';
import { isHealthMailbox, QueryTexts } from './query-facts.ts';
import { doubled, Strings, textOf } from './strings.ts';
import { Tuples } from './tuples.ts';

/** Of what stands in a row: assembly/lines.ts cuts at the same lengths. */
const LONGEST_AGENT = 200;
const LONGEST_ACCOUNT = 256;

/** Why a row's requests are no phone's: no query of ActiveSync, or Exchange's own probes. */
export const Refusal = { query: 1, healthMailbox: 2, probe: 3, probeType: 4 } as const;

export class ClientCache {
  readonly #lines: Lines;
  readonly #strings: Strings;
  readonly #clients = new Tuples(5);
  readonly #queries: QueryTexts;
  readonly #agents = new Strings();
  #agentText = new Int32Array(1024);
  readonly #accounts = new Strings();
  #accountText = new Int32Array(1024);
  /** Per client: operating system, model, EAS version, as the last `Log=` told them. */
  #learnt = new Int32Array(3 * 1024);
  readonly #told: ({ client: BatchClient; os: number; model: number } | undefined)[] = [];
  /** W3C writes a blank as `+`. */
  plusIsBlank = true;
  readonly ping: number;
  readonly #options: number;

  constructor(lines: Lines, strings: Strings) {
    this.#lines = lines;
    this.#strings = strings;
    this.#queries = new QueryTexts(strings);
    this.ping = strings.internText('Ping');
    this.#options = strings.internText('OPTIONS');
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Gives line `number`, whose row is not known, a row, and the row its client. */
  meet(chunk: Chunk, line: Line, number: number): void {
    const { row, fresh } = this.#lines.rowOf(number);
    if (!fresh) return;
    const { words } = this.#lines;
    const { userStart, agentStart } = line;
    const facts = this.#queries.of(chunk, line.queryStart, line.queryEnd);
    if (facts === undefined) {
      words[row + Q.refusal] = Refusal.query;
      return;
    }
    const account = this.#account(chunk, userStart, Math.min(line.userEnd, userStart + LONGEST_ACCOUNT));
    const agent = this.#agent(chunk, agentStart, Math.min(line.agentEnd, agentStart + LONGEST_AGENT));
    const { command, user, device, type, stray } = facts;
    if (account === -1 || user === -1) words[row + Q.refusal] = Refusal.healthMailbox;
    else if (agent === -1) words[row + Q.refusal] = Refusal.probe;
    else if (type === -1) words[row + Q.refusal] = Refusal.probeType;
    else {
      words[row + Q.client] = this.#clients.row(account > 0 ? account : user, device, type, agent, stray);
      words[row + Q.command] = command;
      words[row + Q.stray] = stray;
    }
  }

  /** The command of a row's request: OPTIONS names none. */
  commandOf(command: number, method: number): number {
    return command === 0 && (method === 79 || method === 111) ? this.#options : command;
  }

  commandText(command: number): string {
    return this.#strings.text(command);
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
    // Without gaps: an array with gaps becomes a slow table.
    while (this.#told.length <= row) this.#told.push(undefined);
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

  #short(chunk: Chunk, start: number, end: number, last: number): number {
    const stop = Math.min(end, start + 64);
    if (last !== 0 && this.#strings.equals(last, chunk.view, start, stop)) return last;
    return this.#strings.intern(chunk.view, start, stop, hashOf(chunk.view, start, stop));
  }

  /** Id of the agent's text, 0: none, -1: a probe's. */
  #agent(chunk: Chunk, start: number, end: number): number {
    const raw = this.#agents.intern(chunk.view, start, end, hashOf(chunk.view, start, end));
    while (raw >= this.#agentText.length) this.#agentText = doubled(this.#agentText);
    if (raw === 0 || this.#agentText[raw] !== 0) return this.#agentText[raw] ?? 0;
    const text = textOf(chunk.bytes.subarray(start, end)).trim();
    const blanks = this.plusIsBlank ? text.replaceAll('+', ' ') : text;
    const agent = isProbeAgent(blanks) ? -1 : blanks === '-' ? 0 : this.#strings.internText(blanks);
    this.#agentText[raw] = agent;
    return agent;
  }

  /** Id of the account, 0: none, -1: a health mailbox. */
  #account(chunk: Chunk, start: number, end: number): number {
    const raw = this.#accounts.intern(chunk.view, start, end, hashOf(chunk.view, start, end));
    while (raw >= this.#accountText.length) this.#accountText = doubled(this.#accountText);
    if (raw === 0 || this.#accountText[raw] !== 0) return this.#accountText[raw] ?? 0;
    const account = accountOf(textOf(chunk.bytes.subarray(start, end)).replace(/%5c/gi, '\\').replace(/%40/g, '@'));
    const id = isHealthMailbox(account) ? -1 : account === '-' ? 0 : this.#strings.internText(account);
    this.#accountText[raw] = id;
    return id;
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

/** Managed Availability's probes (`AMProbe/Local/ClientAccess`) and test cmdlets. */
function isProbeAgent(agent: string): boolean {
  return /^(?:AMProbe|AMTestAgent|TestActiveSyncConnectivity|MSExchangeMonitoring|MSExchMon|ActiveMonitoring)/i.test(
    agent,
  );
}
