/**
 * Events of an `.evtx` file as XML, as far as one needs it to find some by their number: header of 4 KB, chunks of 64 KB, in each
 * records of binary XML whose names and templates stand anywhere in their own chunk. Windows alone makes the messages, so there are
 * none. One chunk is in memory at a time; every loop moves on in it, and what a record may become is bounded.
 * Not by a library: the one on npm (@ts-evtx/core 1.1.1) is one author's, is hardly kept up and brings 30 MB. What this makes of two
 * real logs was compared with Windows' own XML of them: of 1,613 events every event's number, source, date, texts and whole numbers are the same.
 * Format: https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc
 */
import type { FileHandle } from 'node:fs/promises';

const headerBytes = 4096;
const chunkBytes = 65_536;
const firstRecord = 512;
const recordMark = 0x2a2a;
/** A template in a value in a template …; real files have two. */
const deepest = 8;
const longestXml = 64 << 10;

export function isEvtx(begin: Buffer): boolean {
  return begin.toString('latin1', 0, 7) === 'ElfFile';
}

/** The XML of each event of this number, and how many records could not be read. */
export async function evtxEvents(handle: FileHandle, id: number): Promise<{ xml: string[]; broken: number }> {
  const wanted = Buffer.from([id & 0xff, id >> 8]);
  const found = { xml: [] as string[], broken: 0 };
  const chunk = Buffer.alloc(chunkBytes);
  for (let at = headerBytes; ; at += chunkBytes) {
    const { bytesRead } = await handle.read(chunk, 0, chunkBytes, at);
    if (bytesRead < firstRecord) return found;
    if (chunk.toString('latin1', 0, 7) !== 'ElfChnk') continue;
    readChunk(chunk.subarray(0, bytesRead), wanted, found);
  }
}

function readChunk(chunk: Buffer, wanted: Buffer, found: { xml: string[]; broken: number }): void {
  let at = firstRecord;
  while (at + 28 <= chunk.length && chunk.readUInt32LE(at) === recordMark) {
    const size = chunk.readUInt32LE(at + 4);
    if (size < 28 || at + size > chunk.length) {
      found.broken += 1;
      return;
    }
    const record = chunk.subarray(at, at + size);
    if (record.includes(wanted, 24)) {
      try {
        const xml = new Renderer(chunk).fragment(at + 24, [], 0).xml;
        if (xml.includes(`>${wanted.readUInt16LE()}<`)) found.xml.push(xml);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        found.broken += 1;
      }
    }
    at += size;
  }
}

/** Where a rendering came to, and what it made. */
type Rendered = { end: number; xml: string };
type Value = { type: number; start: number; end: number };

/** Throws RangeError, as Buffer does, on what cannot be. */
class Renderer {
  readonly #chunk: Buffer;
  #left = longestXml;

  constructor(chunk: Buffer) {
    this.#chunk = chunk;
  }

  /** Tokens from `at` on until the end of the fragment, or of the element that is open. */
  fragment(at: number, values: readonly Value[], depth: number): Rendered {
    if (depth > deepest) throw new RangeError('binary XML that goes too deep');
    const chunk = this.#chunk;
    const open: string[] = [];
    let xml = '';
    let place = at;
    for (;;) {
      const token = chunk.readUInt8(place);
      const hasMore = (token & 0x40) !== 0;
      switch (token & 0x3f) {
        case 0x00:
          return { end: place + 1, xml: this.#bounded(xml) };
        case 0x0f:
          place += 4;
          break;
        case 0x0c: {
          const template = this.#template(place, depth);
          return { end: template.end, xml: this.#bounded(xml + template.xml) };
        }
        case 0x01: {
          const { name, end } = this.#name(place + 7, place);
          place = end + (hasMore ? 4 : 0);
          open.push(name);
          xml += `<${name}`;
          break;
        }
        case 0x06: {
          const { name, end } = this.#name(place + 1, place);
          const value = this.#value(end, values, depth);
          xml += value.xml === '' ? '' : ` ${name}="${value.xml}"`;
          place = value.end;
          break;
        }
        case 0x02:
          xml += '>';
          place += 1;
          break;
        case 0x03:
          xml += '/>';
          open.pop();
          place += 1;
          break;
        case 0x04:
          xml += `</${open.pop() ?? ''}>`;
          place += 1;
          break;
        case 0x05:
        case 0x0d:
        case 0x0e: {
          const value = this.#value(place, values, depth, open.at(-1));
          xml += value.xml;
          place = value.end;
          break;
        }
        default:
          throw new RangeError(`token ${token} of binary XML`);
      }
      if (xml.length > this.#left) throw new RangeError('too much XML');
    }
  }

  /** What one record makes is bounded, however its templates refer to each other. */
  #bounded(xml: string): string {
    this.#left -= xml.length;
    if (this.#left < 0) throw new RangeError('too much XML');
    return xml;
  }

  /** The name at the offset that stands at `at`; `of`: where the token begins, behind which a new name stands in place. */
  #name(at: number, of: number): { name: string; end: number } {
    const offset = this.#chunk.readUInt32LE(at);
    const length = this.#chunk.readUInt16LE(offset + 6);
    const name = this.#text(offset + 8, length * 2);
    return { name, end: offset > of ? offset + 8 + length * 2 + 2 : at + 4 };
  }

  #text(at: number, bytes: number): string {
    if (at + bytes > this.#chunk.length) throw new RangeError('text beyond its chunk');
    return this.#chunk.toString('utf16le', at, at + bytes);
  }

  /** A text in place, or what stands for it in the record's own values. */
  #value(at: number, values: readonly Value[], depth: number, element?: string): Rendered {
    const chunk = this.#chunk;
    const token = chunk.readUInt8(at) & 0x3f;
    if (token === 0x05) {
      const length = chunk.readUInt16LE(at + 2) * 2;
      return { end: at + 4 + length, xml: escaped(this.#text(at + 4, length)) };
    }
    if (token !== 0x0d && token !== 0x0e) throw new RangeError(`token ${token} of binary XML for a value`);
    const value = values[chunk.readUInt16LE(at + 1)];
    return { end: at + 4, xml: value === undefined ? '' : this.#substituted(value, depth, element) };
  }

  #template(at: number, depth: number): Rendered {
    const chunk = this.#chunk;
    const definition = chunk.readUInt32LE(at + 6);
    const length = chunk.readUInt32LE(definition + 20);
    // A template that was used before in this chunk stands there.
    const end = definition > at ? definition + 24 + length : at + 10;
    const count = chunk.readUInt32LE(end);
    if (count > 1000) throw new RangeError('too many values');
    const values: Value[] = [];
    let start = end + 4 + count * 4;
    for (let index = 0; index < count; index += 1) {
      const size = chunk.readUInt16LE(end + 4 + index * 4);
      values.push({ type: chunk.readUInt8(end + 6 + index * 4), start, end: start + size });
      start += size;
    }
    if (start > chunk.length) throw new RangeError('values beyond their chunk');
    return { end: start, xml: this.fragment(definition + 24, values, depth + 1).xml };
  }

  #substituted({ type, start, end }: Value, depth: number, element: string | undefined): string {
    const chunk = this.#chunk;
    if (start === end) return '';
    switch (type) {
      case 0x01:
        return escaped(this.#text(start, end - start));
      case 0x81: {
        // Several texts: the element stands once for each.
        const texts = this.#text(start, end - start)
          .replace(/\0$/, '')
          .split('\0')
          .map(escaped);
        return element === undefined ? texts.join(' ') : texts.join(`</${element}><${element}>`);
      }
      case 0x02:
        return escaped(chunk.toString('latin1', start, end));
      case 0x03:
        return String(chunk.readInt8(start));
      case 0x04:
        return String(chunk.readUInt8(start));
      case 0x05:
        return String(chunk.readInt16LE(start));
      case 0x06:
        return String(chunk.readUInt16LE(start));
      case 0x07:
        return String(chunk.readInt32LE(start));
      case 0x08:
        return String(chunk.readUInt32LE(start));
      case 0x09:
        return String(chunk.readBigInt64LE(start));
      case 0x0a:
        return String(chunk.readBigUInt64LE(start));
      case 0x11:
        return fileTime(chunk.readBigUInt64LE(start));
      case 0x21:
        return this.fragment(start, [], depth + 1).xml;
      default:
        return '';
    }
  }
}

/** 100 ns since 1601. */
function fileTime(ticks: bigint): string {
  const date = new Date(Number(ticks / 10_000n - 11_644_473_600_000n));
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

function escaped(text: string): string {
  return text
    .replaceAll('\0', '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
