/**
 * Text that people or devices chose (names, reasons, device models) must not move a cursor, fake a line of a card, hide or
 * turn round what stands beside it. Every renderer passes each text through `visible` before its own escaping.
 */

/** Bidirectional controls (UAX 9), zero-width and other characters without a face; joiners and variation selectors follow below. */
const faceless = /(?!\u200C|\u200D|[\uFE00-\uFE0F])[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\uFFF9-\uFFFB]/gu;
const lineBreak = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/u;
const control = /[\p{Cc}\p{Cs}]/gu;
/** Joiners build emoji, and shape Persian words; anywhere else they only make two different names look alike. */
const strayJoiner =
  /(?<!\p{Extended_Pictographic}[\uFE0F\u{1F3FB}-\u{1F3FF}]?)\u200D|\u200D(?!\p{Extended_Pictographic})/gu;
const strayNonJoiner = /(?<!\p{Script=Arabic})\u200C|\u200C(?!\p{Script=Arabic})/gu;
const strayVariation = /(?<![\p{Extended_Pictographic}#*0-9])[\uFE00-\uFE0F]/gu;
/** More marks on one letter than any living script writes: they would run over the lines above and below. */
const manyMarks = /((?:\p{M}){4})(?:\p{M})+/gu;
const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/**
 * The text on one line, with everything invisible or commanding made visible: `‹U+202E›` for characters without a face,
 * `␛` for control characters, ` ↵ ` for line breaks. Letters of every script (in normal form C), and emoji, stay as they are.
 */
export function visible(text: string): string {
  return onOneLine(text.normalize('NFC'))
    .replaceAll('\t', ' ')
    .replaceAll(control, shown)
    .replaceAll(faceless, shown)
    .replaceAll(strayJoiner, shown)
    .replaceAll(strayNonJoiner, shown)
    .replaceAll(strayVariation, shown)
    .replaceAll(manyMarks, '$1…');
}

/**
 * For platforms that reorder text (browsers do, terminals mostly not): a text with right-to-left letters keeps its direction
 * to itself (U+2068 first strong isolate … U+2069 pop), so that it cannot reorder the sentence round it.
 */
export function isolated(text: string): string {
  return rightToLeft.test(text) ? `\u2068${text}\u2069` : text;
}

/** Only web and mail addresses become links; anything else (`javascript:`, a file) is shown as text. */
export function safeUrl(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, href } = new URL(url);
  return protocol === 'https:' || protocol === 'http:' || protocol === 'mailto:' ? href : undefined;
}

function onOneLine(text: string): string {
  const lines = text.split(lineBreak);
  if (lines.length === 1) return text;
  return lines
    .map((line, index) => (index === 0 ? line.trimEnd() : index === lines.length - 1 ? line.trimStart() : line.trim()))
    .filter((line, index) => line !== '' || index === 0)
    .join(' ↵ ');
}

function shown(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x20) return String.fromCodePoint(0x2400 + point);
  if (point === 0x7f) return '␡';
  return `‹U+${point.toString(16).toUpperCase().padStart(4, '0')}›`;
}
