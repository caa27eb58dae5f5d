/**
 * Text as runs of a RichTextBlock. Runs know no markdown, so nothing that a person typed can become a link or a heading; only
 * `{{DATE(…)}}` and `{{TIME(…)}}` would be worked out by the client, and those are broken apart unless they are ours.
 */
import { assertNever } from '../../src/ground/errors.ts';
import type { Span, Text } from '../../src/message/model.ts';
import { isolated, safeUrl, visible } from '../../src/message/safe.ts';
import { relativeAndExact, type TimeOptions } from '../../src/message/times.ts';
import type { Element, TextRun } from './card.ts';

const nearMs = 12 * 60 * 60_000;

export type Look = Omit<TextRun, 'type' | 'text' | 'selectAction'>;

export function block(runs: readonly TextRun[], rest: { spacing?: 'none' | 'small' | 'medium' } = {}): Element {
  return { type: 'RichTextBlock', inlines: runs, ...rest };
}

export function run(text: string, look: Look = {}): TextRun {
  return { type: 'TextRun', text, ...look };
}

export function runsOf(text: Text, options: TimeOptions, look: Look = {}): TextRun[] {
  return text.flatMap((span) => runsOfSpan(span, options, look));
}

function runsOfSpan(span: Span, options: TimeOptions, look: Look): TextRun[] {
  switch (span.kind) {
    case 'plain':
      return plainRuns(span.text, look);
    case 'strong':
      return plainRuns(span.text, { ...look, weight: 'bolder' });
    case 'code':
      return plainRuns(span.text, { ...look, fontType: 'monospace' });
    case 'person':
      return plainRuns(span.name, { ...look, weight: 'bolder' });
    case 'time':
      return timeRuns(span.instant, options, look);
    case 'link': {
      const url = safeUrl(span.url);
      if (url === undefined) return plainRuns(`${span.text} (${span.url})`, look);
      const runs = plainRuns(span.text, { ...look, color: 'accent' });
      return runs.map((run) => ({ ...run, selectAction: { type: 'Action.OpenUrl', url } }));
    }
    default:
      return assertNever(span, 'span');
  }
}

/** Somebody's words, with everything visible and nothing worked out. */
export function plainRuns(text: string, look: Look = {}): TextRun[] {
  const shown = isolated(visible(text));
  if (shown === '') return [];
  // `{{` never stands within one run.
  return shown.split(/(?<=\{)(?=\{)/).map((part) => ({ type: 'TextRun', text: part, ...look }));
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
function timeRuns(instant: string, options: TimeOptions, look: Look): TextRun[] {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return [{ type: 'TextRun', text: 'at a time not known', ...look }];
  const distance = options.now.getTime() - at.getTime();
  // The client's functions take whole seconds and nothing finer.
  const stamp = `${at.toISOString().slice(0, 19)}Z`;
  const clock: TextRun = { type: 'TextRun', text: `{{TIME(${stamp})}}`, ...look };
  if (Math.abs(distance) < nearMs) return [clock];
  const words = /^\d+ days? ago, /.exec(relativeAndExact(at, options))?.[0] ?? '';
  return [
    ...(words === '' ? [] : [{ type: 'TextRun' as const, text: words, ...look }]),
    { type: 'TextRun', text: `{{DATE(${stamp}, SHORT)}}`, ...look },
    { type: 'TextRun', text: ' ', ...look },
    clock,
  ];
}
