/** Writes a small `.evtx`: one chunk, whose first record brings its templates and whose others point at them. */

type Written = { at: Date; id: number; source: string; texts: readonly string[] };

const name = (text: string) => {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(text.length, 6);
  return Buffer.concat([head, Buffer.from(`${text}\0`, 'utf16le')]);
};
const u16 = (value: number) => Buffer.from([value & 0xff, value >> 8]);
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const byte = (...values: readonly number[]) => Buffer.from(values);
const wide = (text: string) => Buffer.from(text, 'utf16le');

/** Pieces at their place in the chunk: names stand where they are first used. */
class Pieces {
  readonly #parts: Buffer[] = [];
  readonly #start: number;
  constructor(start: number) {
    this.#start = start;
  }
  get end(): number {
    return this.#start + this.bytes.length;
  }
  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
  add(...parts: readonly Buffer[]): this {
    this.#parts.push(...parts);
    return this;
  }
  open(text: string, hasAttributes = false): this {
    this.add(byte(hasAttributes ? 0x41 : 0x01, 0xff, 0xff), u32(0));
    this.add(u32(this.end + 4));
    return this.add(name(text), hasAttributes ? u32(0) : Buffer.alloc(0));
  }
  attribute(text: string): this {
    this.add(byte(0x06));
    return this.add(u32(this.end + 4)).add(name(text));
  }
  value(text: string): this {
    return this.add(byte(0x05, 0x01), u16(text.length), wide(text));
  }
  /** What the record gives as its nth value. */
  given(index: number, type: number): this {
    return this.add(byte(0x0d), u16(index), byte(type));
  }
}

const fragment = byte(0x0f, 1, 1, 0);
const close = byte(0x04);
const body = byte(0x02);

/** An instance of a template that begins at `place`; `known` is where it stands already, `make` what it holds. */
function instance(
  place: number,
  known: number | undefined,
  make: (pieces: Pieces) => Pieces,
  values: readonly { type: number; bytes: Buffer }[],
): { bytes: Buffer; template: number } {
  const template = known ?? place + 14;
  const content = known === undefined ? make(new Pieces(template + 24)).add(byte(0)).bytes : Buffer.alloc(0);
  const head = [fragment, byte(0x0c, 1), u32(7), u32(template)];
  const definition = known === undefined ? [u32(0), Buffer.alloc(16, 7), u32(content.length), content] : [];
  const given = [
    u32(values.length),
    ...values.map(({ type, bytes }) => Buffer.concat([u16(bytes.length), byte(type, 0)])),
    ...values.map(({ bytes }) => bytes),
  ];
  return { bytes: Buffer.concat([...head, ...definition, ...given]), template };
}

export function evtxFile(events: readonly Written[]): Buffer {
  const header = Buffer.alloc(4096);
  header.write('ElfFile\0', 'latin1');
  const chunk = Buffer.alloc(65_536);
  chunk.write('ElfChnk\0', 'latin1');
  let at = 512;
  const known = new Map<string, number>();
  for (const { at: when, id, source, texts } of events) {
    const time = Buffer.alloc(8);
    time.writeBigUInt64LE((BigInt(when.getTime()) + 11_644_473_600_000n) * 10_000n);
    // The inner template comes behind the outer one and its first three values: made twice, once to know how long those are.
    const data = (place: number) =>
      instance(
        place,
        known.get('data'),
        (pieces) =>
          pieces.add(fragment).open('EventData').add(body).open('Data').add(body).given(0, 0x81).add(close, close),
        [{ type: 0x81, bytes: wide(texts.map((text) => `${text}\0`).join('')) }],
      );
    const event = (inner: Buffer) =>
      instance(
        at + 24,
        known.get(source),
        (pieces) =>
          pieces
            .add(fragment)
            .open('Event')
            .add(body)
            .open('System')
            .add(body)
            .open('Provider', true)
            .attribute('Name')
            .value(source)
            .add(byte(0x03))
            .open('EventID')
            .add(body)
            .given(0, 0x06)
            .add(close)
            .open('TimeCreated', true)
            .attribute('SystemTime')
            .given(1, 0x11)
            .add(byte(0x03), close)
            .given(2, 0x21)
            .add(close),
        [
          { type: 0x06, bytes: u16(id) },
          { type: 0x11, bytes: time },
          { type: 0x21, bytes: inner },
        ],
      );
    const draft = data(0).bytes;
    const inner = data(at + 24 + event(draft).bytes.length - draft.length);
    const { bytes, template } = event(inner.bytes);
    known.set('data', inner.template).set(source, template);
    const size = 24 + bytes.length + 4;
    Buffer.concat([u32(0x2a2a), u32(size), Buffer.alloc(16), bytes, u32(size)]).copy(chunk, at);
    at += size;
  }
  return Buffer.concat([header, chunk]);
}
