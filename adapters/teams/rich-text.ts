/**
 * Text as runs of a RichTextBlock. Runs know no markdown, so nothing that a person typed can become a link or a heading; only
 * `{{DATE(…)}}` and `{{TIME(…)}}` would be worked out by the client, and those are broken apart unless they are ours.
 */
import { assertNever } from '../../src/ground/errors.ts';
import type { Span, Text } from '../../src/message/model.ts';
import { isolated, safeUrl, visible } from '../../src/message/safe.ts';
import { relativeAndExact, type TimeOptions } from '../../src/message/times.ts';
import type { CardElement, TextRun } from './card.ts';

const nearMs = 12 * 60 * 60_000;

export type TextStyle = Omit<TextRun, 'type' | 'text' | 'selectAction'>;

export function block(runs: readonly TextRun[], rest: { spacing?: 'none' | 'small' | 'medium' } = {}): CardElement {
  return { type: 'RichTextBlock', inlines: runs, ...rest };
}

export function run(text: string, style: TextStyle = {}): TextRun {
  return { type: 'TextRun', text, ...style };
}

export function renderRuns(text: Text, options: TimeOptions, style: TextStyle = {}): TextRun[] {
  return text.flatMap((span) => runsOfSpan(span, options, style));
}

function runsOfSpan(span: Span, options: TimeOptions, style: TextStyle): TextRun[] {
  switch (span.kind) {
    case 'plain':
      return literalRuns(span.text, style);
    case 'strong':
      return literalRuns(span.text, { ...style, weight: 'bolder' });
    case 'code':
      return literalRuns(span.text, { ...style, fontType: 'monospace' });
    case 'person':
      return literalRuns(span.name, { ...style, weight: 'bolder' });
    case 'time':
      return timeRuns(span.instant, options, style);
    case 'link': {
      const url = safeUrl(span.url);
      if (url === undefined) return literalRuns(`${span.text} (${span.url})`, style);
      const runs = literalRuns(span.text, { ...style, color: 'accent' });
      return runs.map((run) => ({ ...run, selectAction: { type: 'Action.OpenUrl', url } }));
    }
    default:
      return assertNever(span, 'span');
  }
}

/** Somebody's words, with everything visible and nothing worked out. */
export function literalRuns(text: string, style: TextStyle = {}): TextRun[] {
  const shown = isolated(visible(text));
  if (shown === '') return [];
  // `{{` never stands within one run.
  return shown.split(/(?<=\{)(?=\{)/).map((part) => ({ type: 'TextRun', text: part, ...style }));
}

/** The same for strings outside of runs (labels, titles of buttons). */
export function plainString(text: string): string {
  return isolated(visible(text)).replaceAll(/\{(?=\{)/g, '{ ');
}

/** Choices and ticks are read as markdown: what would begin any is escaped. */
export function markdownString(text: string): string {
  return plainString(text)
    .replaceAll(/[\\`*_[\]<>~|]/g, (sign) => `\\${sign}`)
    .replace(/^(\s*)([#+-]|\d+[.)])(?=\s)/, '$1\\$2');
}

/**
 * In the reader's own zone and language: the clock, with the day where it is not near. A relative time would grow stale on a
 * card that stands for hours, so only days are said in words.
 */
function timeRuns(instant: string, options: TimeOptions, style: TextStyle): TextRun[] {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return [{ type: 'TextRun', text: 'at a time not known', ...style }];
  const distance = options.now.getTime() - at.getTime();
  // The client's functions take whole seconds and nothing finer.
  const stamp = `${at.toISOString().slice(0, 19)}Z`;
  const clock: TextRun = { type: 'TextRun', text: `{{TIME(${stamp})}}`, ...style };
  if (Math.abs(distance) < nearMs) return [clock];
  const words = /^\d+ days? ago, /.exec(relativeAndExact(at, options))?.[0] ?? '';
  return [
    ...(words === '' ? [] : [{ type: 'TextRun' as const, text: words, ...style }]),
    { type: 'TextRun', text: `{{DATE(${stamp}, SHORT)}}`, ...style },
    { type: 'TextRun', text: ' ', ...style },
    clock,
  ];
}
