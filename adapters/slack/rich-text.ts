/**
 * Text as Block Kit's rich text: its text elements are literal, so nothing that a person typed is mark-up there. Only the
 * notification text and context lines are mrkdwn, and escaped.
 *
 * line   one paragraph, item or step: elements that stand together, and how many characters a reader sees of them
 */
import type { types } from '@slack/bolt';
import { assertNever } from '../../src/ground/errors.ts';
import type { Span, Text } from '../../src/message/model.ts';
import { isolated, safeUrl, visible } from '../../src/message/safe.ts';
import { exact, relativeAndExact, type TimeOptions } from '../../src/message/times.ts';

type RichElement = types.RichTextElement;
export type RichLine = { readonly elements: readonly RichElement[]; readonly length: number };

/** In steps, where times stand under each other, only the exact half is shown. */
type Times = 'both' | 'exact';

export function lineOf(text: Text, options: TimeOptions, times: Times = 'both'): RichLine {
  return line(text.flatMap((span) => elementsOf(span, options, times)));
}

export function line(elements: readonly RichElement[]): RichLine {
  const kept = elements.filter((element) => lengthOf(element) > 0);
  return { elements: kept, length: kept.reduce((sum, element) => sum + lengthOf(element), 0) };
}

export function plain(text: string): RichElement {
  return { type: 'text', text };
}

export function bold(text: string): RichElement {
  return { type: 'text', text, style: { bold: true } };
}

/** What a reader sees of it, as far as we can tell: a date as its fallback. */
export function lengthOf(element: RichElement): number {
  switch (element.type) {
    case 'text':
      return element.text.length;
    case 'link':
      return (element.text ?? element.url).length;
    case 'date':
      return element.fallback?.length ?? element.format.length;
    default:
      return 0; // No other is made here.
  }
}

/** `&`, `<` and `>` as Slack's mrkdwn wants them: without `<`, nothing becomes a mention, a link or a channel. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Cut to so many UTF-16 units, with a visible `…`, never inside a character. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${head(text, most - 1)}…`;
}

/** Cut in its middle: names of devices differ at their end. */
export function cutMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const tail = Math.floor(most / 4);
  return `${head(text, most - tail - 1)}…${endOf(text, tail)}`;
}

/** The longest beginning of at most so many UTF-16 units that does not split a character. */
export function head(text: string, most: number): string {
  const end = most > 0 && isHighSurrogate(text.charCodeAt(most - 1)) ? most - 1 : most;
  return text.slice(0, Math.max(end, 0));
}

function endOf(text: string, most: number): string {
  const start = text.length - most;
  return text.slice(isHighSurrogate(text.charCodeAt(start - 1)) ? start + 1 : start);
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** Divides a line into lines of at most `most` characters, at a blank where there is one near. */
export function divided({ elements }: RichLine, most: number): RichLine[] {
  const lines: RichLine[] = [];
  let current: RichElement[] = [];
  let room = most;
  const close = (): void => {
    if (current.length > 0) lines.push(line(current));
    current = [];
    room = most;
  };
  for (const element of elements) {
    let rest = element;
    while (lengthOf(rest) > room) {
      if (rest.type !== 'text' || room < 40) {
        close();
        if (rest.type !== 'text') break;
        continue;
      }
      const piece = upToBlank(rest.text, room);
      current.push({ ...rest, text: piece });
      rest = { ...rest, text: rest.text.slice(piece.length) };
      close();
    }
    current.push(rest);
    room -= lengthOf(rest);
  }
  close();
  return lines;
}

function upToBlank(text: string, room: number): string {
  const whole = head(text, room);
  const blank = whole.lastIndexOf(' ');
  return blank > room * 0.8 ? whole.slice(0, blank + 1) : whole;
}

function elementsOf(span: Span, options: TimeOptions, times: Times): RichElement[] {
  switch (span.kind) {
    case 'plain':
      return [plain(shown(span.text))];
    case 'strong':
      return [bold(shown(span.text))];
    case 'person':
      return [bold(shown(span.name))];
    case 'code':
      return [{ type: 'text', text: shown(span.text), style: { code: true } }];
    case 'time':
      return [dateOf(span.instant, options, times)];
    case 'link': {
      const url = safeUrl(span.url);
      if (url === undefined || url.length > 3_000) return [plain(`${shown(span.text)} (${shown(span.url)})`)];
      return [{ type: 'link', url, text: shown(span.text === '' ? span.url : span.text) }];
    }
    default:
      return assertNever(span, 'span');
  }
}

function shown(text: string): string {
  return isolated(visible(text));
}

/**
 * In the reader's own zone, by Slack's date tokens (docs.slack.dev/messaging/formatting-message-text). `{ago}` is documented for
 * the past only.
 */
function dateOf(instant: string, options: TimeOptions, times: Times): RichElement {
  const at = new Date(instant);
  const fallback = times === 'exact' ? exact(instant, options) : relativeAndExact(instant, options);
  if (Number.isNaN(at.getTime())) return plain(fallback);
  const isAgo = times === 'both' && at.getTime() <= options.now.getTime();
  const format = isAgo ? '{ago}, {date_short_pretty} {time}' : '{date_short_pretty} {time}';
  return { type: 'date', timestamp: Math.floor(at.getTime() / 1_000), format, fallback };
}
