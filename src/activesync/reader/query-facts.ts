/** From the bytes of a query to the ids of its texts, parsed once for each phone and not for each of its commands. */
import { type Chunk, hashOf } from './chunk.ts';
import { ascii, startsAt } from './line.ts';
import { type EasQuery, parseEasQuery, parsePlain } from './query.ts';
import { Strings, textOf } from './strings.ts';

/** Ids of texts, 0: none. `user` is -1 for a health mailbox, `type` for what Exchange's probes call themselves. */
export type QueryFacts = {
  readonly command: number;
  readonly user: number;
  readonly device: number;
  readonly type: number;
  readonly stray: number;
};

const NOTHING: QueryFacts = { command: 0, user: 0, device: 0, type: 0, stray: 0 };
const CMD = ascii('cmd=');
const AMPERSAND = 38;
/** What is remembered before it starts anew: hostile logs repeat nothing. */
const MOST = 50_000;
const MOST_BYTES = 8_000_000;

export class QueryTexts {
  readonly #strings: Strings;
  /** Commands as queries begin with them: `Cmd=Ping`. */
  #heads = new Strings();
  #commands: number[] = [];
  /** What follows (`User=…&DeviceId=…&DeviceType=…`): the same for all commands of a phone. */
  #tails = new Strings();
  #facts: QueryFacts[] = [];

  constructor(strings: Strings) {
    this.#strings = strings;
  }

  /** Undefined: something that is no ActiveSync query. No query at all is one that says nothing. */
  of(chunk: Chunk, start: number, end: number): QueryFacts | undefined {
    const { bytes } = chunk;
    const head = startsAt(bytes, start, end, CMD) ? bytes.subarray(start, end).indexOf(AMPERSAND) : -1;
    if (head > 0) {
      // The first command that is named counts, so what follows it can be known by itself.
      const command = this.#command(chunk, start, start + head);
      if (command !== 0) return { ...this.#tail(chunk, start + head + 1, end), command };
    }
    const text = textOf(bytes.subarray(start, end)).trim();
    if (text === '' || text === '-') return NOTHING;
    const parsed = parseEasQuery(text);
    return parsed === undefined ? undefined : this.#factsOf(parsed);
  }

  #command(chunk: Chunk, start: number, end: number): number {
    if (this.#heads.size > MOST) {
      this.#heads = new Strings();
      this.#commands = [];
    }
    const id = this.#heads.intern(chunk.view, start, end, hashOf(chunk.view, start, end));
    const known = this.#commands[id];
    if (known !== undefined) return known;
    const { command } = parsePlain(textOf(chunk.bytes.subarray(start, end)));
    const number = this.#strings.internText(command);
    this.#commands[id] = number;
    return number;
  }

  #tail(chunk: Chunk, start: number, end: number): QueryFacts {
    if (this.#tails.size > MOST || this.#tails.weight > MOST_BYTES) {
      this.#tails = new Strings();
      this.#facts = [];
    }
    const id = this.#tails.intern(chunk.view, start, end, hashOf(chunk.view, start, end));
    const known = this.#facts[id];
    if (known !== undefined) return known;
    const facts = this.#factsOf(parsePlain(textOf(chunk.bytes.subarray(start, end)).trim()));
    this.#facts[id] = facts;
    return facts;
  }

  #factsOf({ command, user, deviceId, deviceType, stray }: EasQuery): QueryFacts {
    const strings = this.#strings;
    return {
      command: strings.internText(command),
      user: isHealthMailbox(user) ? -1 : strings.internText(user),
      device: strings.internText(deviceId),
      type: isProbeType(deviceType) ? -1 : strings.internText(deviceType),
      stray: strings.internText(stray),
    };
  }
}

export function isHealthMailbox(account: string): boolean {
  return /^(?:[^\\]*\\)?healthmailbox/.test(account);
}

function isProbeType(deviceType: string): boolean {
  return /^(?:EASProbeDeviceType|TestActiveSyncConnectivity)/i.test(deviceType);
}
