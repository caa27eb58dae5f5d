/** From a line (its query, account and agent) to its client. Phones repeat themselves, so nearly every line finds what it is in memory. */
import type { OddKind } from '../../store/tables/activesync.ts';
import type { BatchClient } from './batch.ts';
import { ByteTable } from './byte-table.ts';
import { type Line, longest, printable, textOf } from './line.ts';
import type { LogTokens } from './log-tokens.ts';
import { accountOf, type EasQuery, parseEasQuery } from './query.ts';

const longestDevice = 64;
/** What is remembered from batch to batch: hostile logs repeat nothing. */
const mostKnown = 50_000;
const mostCharacters = 16_000_000;

/** A client's requests of one command; the same object for all of them. */
export type KnownRequest = { client: BatchClient; command: string };
/** What a line's query, account and agent say: a phone's request, or why it is none. */
export type Known =
  | KnownRequest
  | { client: undefined; odd: Extract<OddKind, 'unreadable-query' | 'health-mailbox' | 'probe'>; text: string };

export class Clients {
  readonly #known = new ByteTable<Known>(Number.POSITIVE_INFINITY);
  #clients = new Map<string, BatchClient>();
  #requests = new Map<string, KnownRequest>();
  readonly #plusIsBlank: boolean;
  readonly #key = Buffer.alloc(longest.query + longest.account + longest.agent + 16);

  /** `plusIsBlank`: W3C writes a blank as `+`. */
  constructor(plusIsBlank: boolean) {
    this.#plusIsBlank = plusIsBlank;
  }

  /** Whether it is time to take what was read, and to `prune` then. */
  get full(): boolean {
    return this.#known.length > mostCharacters;
  }

  prune(): void {
    if (this.#known.size <= mostKnown && !this.full) return;
    this.#known.clear();
    this.#clients = new Map();
    this.#requests = new Map();
  }

  of(line: Line): Known {
    if (line.query.length > longest.query) return { client: undefined, odd: 'unreadable-query', text: '' };
    const method = line.isOptions ? 'OPTIONS' : '';
    const login = line.authenticated ? 'in' : '';
    const key = `${line.query}\n${method}\n${login}\n${line.user.slice(0, longest.account)}\n${line.agent.slice(0, longest.agent)}`;
    return this.ofKey(this.#key, this.#key.write(key, 'latin1'));
  }

  /** The same of a line whose query, method, login, account and agent stand in `key`, each on a line of its own. */
  ofKey(key: Buffer, length: number): Known {
    return this.#known.of(key, 0, length, this.#parse);
  }

  readonly #parse = (key: string): Known => {
    const [query = '', method = '', login = '', user = '', agent = ''] = key.split('\n').map(textOf);
    const parsed = isNothing(query.trim()) ? noQuery : parseEasQuery(query.trim());
    if (parsed === undefined) return { client: undefined, odd: 'unreadable-query', text: '' };
    const account = accountOf(user.replace(/%5c/gi, '\\').replace(/%40/g, '@'));
    if (isHealthMailbox(account) || isHealthMailbox(parsed.user))
      return { client: undefined, odd: 'health-mailbox', text: '' };
    const userAgent = this.#plusIsBlank ? agent.trim().replaceAll('+', ' ') : agent.trim();
    if (isProbeAgent(userAgent)) return { client: undefined, odd: 'probe', text: '' };
    if (isProbeType(parsed.deviceType)) return { client: undefined, odd: 'probe', text: 'device type' };
    const command = parsed.command === '' ? method : parsed.command;
    const named = isNothing(account) || (isSid(account) && parsed.user !== '') ? printable(parsed.user) : account;
    // Of somebody who did not log in only the names that they gave are kept, to count their attempts.
    if (login === '') {
      const deviceId = printable(parsed.deviceId);
      return this.#request(command, {
        anonymous: true,
        account: named,
        deviceId,
        deviceType: '',
        userAgent: '',
        stray: '',
      });
    }
    return this.#request(command, {
      anonymous: false,
      account: named,
      deviceId: printable(parsed.deviceId),
      deviceType: printable(parsed.deviceType),
      userAgent: isNothing(userAgent) ? '' : userAgent,
      stray: printable(parsed.stray),
    });
  };

  #request(command: string, identity: Omit<BatchClient, 'os' | 'model' | 'easVersion'>): KnownRequest {
    const clientKey = Object.values(identity).join('\n');
    const key = `${clientKey}\n${command}`;
    const known = this.#requests.get(key);
    if (known !== undefined) return known;
    const client = this.#clients.get(clientKey) ?? { ...identity, os: '', model: '', easVersion: 0 };
    this.#clients.set(clientKey, client);
    const request = { client, command };
    this.#requests.set(key, request);
    return request;
  }
}

const noQuery: EasQuery = { command: '', user: '', deviceId: '', deviceType: '', stray: '' };

/** Keeps what the line says of the phone itself. */
export function learn(client: BatchClient, { version, os, model }: LogTokens): void {
  if (version > 0) client.easVersion = version;
  if (os !== '') client.os = decoded(os);
  if (model !== '') client.model = decoded(model);
}

/** `iOS+18.1`, `Android%2014`: device information is URL-encoded in the log. */
function decoded(raw: string): string {
  const copy = Buffer.from(raw.slice(0, longestDevice), 'latin1').toString('latin1');
  const blanks = textOf(copy).replaceAll('+', ' ');
  try {
    return printable(decodeURIComponent(blanks));
  } catch {
    return blanks;
  }
}

function isNothing(text: string): boolean {
  return text === '' || text === '-';
}

/** With Hybrid Modern Auth the log may name the account by its security identifier alone; the query says who it is. */
function isSid(account: string): boolean {
  return /^(?:[^\\]*\\)?s-1-\d+(?:-\d+)+$/.test(account);
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
