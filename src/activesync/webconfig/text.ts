/** A web.config as text, and back to the same bytes. Only encodings that Exchange's setup and Windows' editors write are read. */

export type ConfigText = { text: string; encode(text: string): Buffer };
export type Refusal = { refused: string };

/** Real ones are some tens of kilobytes. */
const mostBytes = 4_000_000;

/**
 * Decodes bytes so that encoding the same text gives the same bytes; refused where that cannot be promised (another encoding, a
 * damaged or half-written file).
 */
export function readConfigText(bytes: Buffer): ConfigText | Refusal {
  if (bytes.length === 0) return { refused: 'the file is empty' };
  if (bytes.length > mostBytes) return { refused: 'the file is too large to be a web.config' };
  const { label, mark, name } = encodingOf(bytes);
  let text: string;
  try {
    text = new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes.subarray(mark.length));
  } catch {
    return { refused: `the file is not valid ${name}` };
  }
  const declared = /^<\?xml[^>]*\sencoding\s*=\s*["']([^"']+)["']/i.exec(text)?.[1]?.toLowerCase();
  if (declared !== undefined && !declared.startsWith(label === 'utf-8' ? 'utf-8' : 'utf-16'))
    return { refused: `the file says that its encoding is ${declared}, and its bytes are ${name}` };
  if (text.includes('\u0000')) return { refused: 'the file holds NUL characters, as UTF-16 without a mark does' };
  const encode = (edited: string) => Buffer.concat([mark, encoded(edited, label)]);
  return encode(text).equals(bytes) ? { text, encode } : { refused: `the file is not plain ${name}` };
}

type Label = 'utf-8' | 'utf-16le' | 'utf-16be';

function encoded(text: string, label: Label): Buffer {
  if (label === 'utf-8') return Buffer.from(text, 'utf8');
  const bytes = Buffer.from(text, 'utf16le');
  return label === 'utf-16be' ? bytes.swap16() : bytes;
}

function encodingOf(bytes: Buffer): { label: Label; mark: Buffer; name: string } {
  const reversed = Buffer.from([0xfe, 0xff]);
  if (bytes.subarray(0, 2).equals(reversed)) return { label: 'utf-16be', mark: reversed, name: 'UTF-16' };
  const utf16 = Buffer.from([0xff, 0xfe]);
  const utf8 = Buffer.from([0xef, 0xbb, 0xbf]);
  if (bytes.subarray(0, 2).equals(utf16)) return { label: 'utf-16le', mark: utf16, name: 'UTF-16' };
  if (bytes.subarray(0, 3).equals(utf8)) return { label: 'utf-8', mark: utf8, name: 'UTF-8' };
  return { label: 'utf-8', mark: Buffer.alloc(0), name: 'UTF-8' };
}
