import type { EndedName } from '../../store/tables/activesync.ts';
import type { Line } from './line.ts';

/** Requests that hung, of one client and hour, which asked for the same and ended the same way. Times in milliseconds. */
export type HeartbeatCount<Client> = {
  client: Client;
  command: string;
  hour: number;
  /** Seconds; 0: not known. */
  asked: number;
  ended: EndedName;
  win32: number;
  /** Seconds, as `livedStep` has them; 0 where every length is one. */
  lived: number;
  requests: number;
  shortest: number;
  longest: number;
  sum: number;
};

/** What a line says of a hanging request: `asked` in seconds (0: unknown), `status` the EAS status (-1: none). */
export type Hanging = Pick<Line, 'end' | 'taken' | 'win32' | 'http'> & {
  asked: number;
  status: number;
  timedOut: boolean;
  collision: boolean;
};

/** Steps of 2 %: fine enough to see at which length connections are cut, coarse enough to count. */
const step = Math.log(1.02);

/** Middle of the step that `seconds` falls into, as a whole number of seconds (exact below 50 s). */
export function livedStep(seconds: number): number {
  if (seconds < 50) return Math.max(1, Math.round(seconds));
  return Math.round(Math.exp(Math.round(Math.log(seconds) / step) * step));
}

/** How a hanging Ping or Sync ended, as far as one line can tell. Ping statuses: 1 expired, 2 changes, 3 and more refused (MS-ASCMD 2.2.3.177.12). */
function endedOf({ asked, taken, win32, http, status, timedOut, collision }: Hanging): EndedName {
  if (collision) return 'overlapped';
  if (asked === 0) return win32 !== 0 && taken > 0 ? 'cut' : 'unknown';
  if (taken < 0) return 'unknown';
  const full = taken >= asked * 1000 - 2_000;
  if (win32 !== 0) return full ? 'dropped' : 'cut';
  if (http >= 400 || status >= 3) return 'refused';
  return full || timedOut ? 'heartbeat' : 'change';
}

/** A client's last hanging request, in seconds; none where `end` is 0. `number` is no other client's. */
type Phone = { number: number; start: number; end: number };

export class Heartbeats<Client> {
  readonly #counts = new Map<string, HeartbeatCount<Client>>();
  readonly #phones = new Map<Client, Phone>();

  get size(): number {
    return this.#counts.size;
  }

  get counts(): HeartbeatCount<Client>[] {
    return [...this.#counts.values()];
  }

  /** Lines come in the order of their ends. */
  add(client: Client, command: string, hanging: Hanging): void {
    let phone = this.#phones.get(client);
    if (phone === undefined) {
      phone = { number: this.#phones.size, start: 0, end: 0 };
      this.#phones.set(client, phone);
    }
    const { taken, asked, win32 } = hanging;
    const hour = Math.floor(hanging.end / 3600);
    const add = (ended: EndedName, error: number, milliseconds: number) => {
      // Lengths are kept apart only where they point at the edge; answers by new mail come at any time.
      const telling = ended === 'cut' || ended === 'dropped' || ended === 'overlapped';
      const lived = telling && milliseconds > 0 ? livedStep(milliseconds / 1000) : 0;
      const key = `${phone.number} ${hour} ${asked} ${ended} ${error} ${lived} ${command}`;
      let count = this.#counts.get(key);
      if (count === undefined) {
        const shortest = Math.max(0, milliseconds);
        count = { client, command, hour, asked, ended, win32: error, lived, requests: 0, shortest, longest: 0, sum: 0 };
        this.#counts.set(key, count);
      }
      count.requests += 1;
      if (milliseconds < 0) return;
      count.shortest = Math.min(count.shortest, milliseconds);
      count.longest = Math.max(count.longest, milliseconds);
      count.sum += milliseconds;
    };
    add(endedOf(hanging), Math.min(win32, 99_999), taken);
    if (taken < 0 || asked === 0) return;
    const lived = overlap(phone, hanging);
    if (lived !== undefined) add('overlapped', 0, lived);
  }
}

/**
 * Two hanging requests of one client at the same time: the phone had lost the earlier one, at the latest when the later one
 * began. Either of the two may be the one just read. Answers how long the earlier one lived, in milliseconds.
 */
function overlap(phone: Phone, { end, taken }: Hanging): number | undefined {
  const last = { ...phone };
  const start = end - taken / 1000;
  phone.start = start;
  phone.end = end;
  if (last.end === 0 || Math.abs(start - last.start) < 5) return undefined;
  const earlierEnd = start < last.start ? end : last.end;
  const laterStart = Math.max(start, last.start);
  const lived = Math.round((laterStart - Math.min(start, last.start)) * 1000);
  return laterStart < earlierEnd - 5 && lived < 4_000_000 ? lived : undefined;
}
