/**
 * The `Log=` tokens of back-end lines, in both dialects: integers glued to the name up to 2013 (`Hb1680`, `S143`), after a
 * colon and sometimes numbered since 2016 (`Hb:600`, `SC1:140`, `Ver1:161`). Tokens are joined by `_`; a `_` inside a value
 * is written `%5F`, so unknown tokens are skipped without being understood.
 */
import { numberAt } from './line.ts';

const UNDERSCORE = 95;
const COLON = 58;

export class LogTokens {
  /** Heartbeat asked for, in seconds; 0: none. */
  heartbeat = 0;
  /** EAS status, -1: none. Of several, the first that is a refusal (100 and more), else the first. */
  status = -1;
  /** `Rto`: the request ended because its time was up. */
  timedOut = false;
  /** EAS version times ten (141, 161). */
  version = 0;
  errorStart = 0;
  errorEnd = 0;
  accessStart = 0;
  accessEnd = 0;
  osStart = 0;
  osEnd = 0;
  modelStart = 0;
  modelEnd = 0;

  /** Reads [start, end) of `bytes`, the value of `Log=`. */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.heartbeat = 0;
    this.status = -1;
    this.timedOut = false;
    this.version = 0;
    this.errorStart = this.errorEnd = 0;
    this.accessStart = this.accessEnd = 0;
    this.osStart = this.osEnd = 0;
    this.modelStart = this.modelEnd = 0;
    let at = start;
    while (at < end) {
      let next = at;
      while (next < end && bytes[next] !== UNDERSCORE) next += 1;
      this.#token(bytes, at, next);
      at = next + 1;
    }
  }

  #token(bytes: Uint8Array, at: number, end: number): void {
    switch (bytes[at]) {
      case 72: // Hb1680, Hb:600
        if (bytes[at + 1] === 98 && this.heartbeat === 0) this.heartbeat = valueAfter(bytes, at + 2, end, 0);
        return;
      case 83: // S143, S:143, SC1:140
        this.#status(bytes, at, end);
        return;
      case 82: // Rto, Rto:2
        if (bytes[at + 1] === 116 && bytes[at + 2] === 111) this.timedOut = valueAfter(bytes, at + 3, end, 1) > 0;
        return;
      case 86: // V141, Ver1:161
        if (this.version === 0 || bytes[at + 1] === 101) {
          const from = bytes[at + 1] === 101 && bytes[at + 2] === 114 ? colonIn(bytes, at, end) : at + 1;
          const version = valueAfter(bytes, from, end, 0);
          if (version >= 20 && version < 1000) this.version = version;
        }
        return;
      case 69: // Error:PolicyRefresh
        if (this.errorEnd === 0 && spells(bytes, at, end, 'Error:')) {
          this.errorStart = at + 6;
          this.errorEnd = end;
        }
        return;
      case 65: // As:AllowedG
        if (bytes[at + 1] === 115 && bytes[at + 2] === COLON) {
          this.accessStart = at + 3;
          this.accessEnd = end;
        }
        return;
      case 68: // DevOS:iOS+9.2, DevModel:iPhone9C3
        if (spells(bytes, at, end, 'DevOS:')) {
          this.osStart = at + 6;
          this.osEnd = end;
        } else if (spells(bytes, at, end, 'DevModel:')) {
          this.modelStart = at + 9;
          this.modelEnd = end;
        }
        return;
      default:
        return;
    }
  }

  #status(bytes: Uint8Array, at: number, end: number): void {
    let from = at + 1;
    if (bytes[from] === 67) from = colonIn(bytes, at, end);
    const status = valueAfter(bytes, from, end, -1);
    if (status < 0 || status > 999) return;
    if (this.status < 0 || (this.status < 100 && status >= 100)) this.status = status;
  }
}

/** Place of the colon in the token, or its end. */
function colonIn(bytes: Uint8Array, at: number, end: number): number {
  let colon = at;
  while (colon < end && bytes[colon] !== COLON) colon += 1;
  return colon;
}

/** The whole number that the rest of the token is, after an optional colon; `otherwise` where it is none. */
function valueAfter(bytes: Uint8Array, at: number, end: number, otherwise: number): number {
  const from = bytes[at] === COLON ? at + 1 : at;
  if (from >= end || end - from > 9) return otherwise;
  for (let i = from; i < end; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte < 48 || byte > 57) return otherwise;
  }
  return numberAt(bytes, from, end);
}

function spells(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  if (end - at < text.length) return false;
  for (let i = 0; i < text.length; i += 1) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
