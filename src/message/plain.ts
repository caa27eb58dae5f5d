/**
 * Messages as plain text: for notifications, for readers without cards, and for output that is not a terminal.
 * Nothing is left out: plain text has no limit of its own.
 */
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import { assertNever } from '../ground/errors.ts';
import type { Block, Button, Field, Form, Message, Span, StepMark, Text, Tone } from './model.ts';
import { safeUrl, visible } from './safe.ts';
import { exact, relativeAndExact, type TimeOptions } from './times.ts';

export type PlainOptions = TimeOptions & {
  /** Columns to wrap at; without it every paragraph is one line. */
  width?: number;
};

/** The number by which the button of an action can be pressed: shown as `[1] Approve`. */
export type NumberOf<Action> = (action: Action) => number | undefined;

/** Title, then every block, one under the other. Lines never begin or end with blanks that come from what a person typed. */
export function renderPlainText<Action>(
  message: Message<Action>,
  options: PlainOptions & { numberOf?: NumberOf<Action> },
): string {
  const paragraphs: string[] = [];
  const title = plainTitle(message);
  if (title !== undefined) paragraphs.push(wrapped(title, options));
  for (const block of message.blocks) paragraphs.push(renderPlainBlock(block, options, options.numberOf));
  return paragraphs.filter((paragraph) => paragraph !== '').join('\n');
}

/** A form as the questions it asks; how they are answered is the platform's. */
export function renderPlainForm<Action>(form: Form<Action>, options: PlainOptions): string {
  const lines = [wrapped(visible(form.title), options)];
  for (const block of form.intro ?? []) lines.push(renderPlainBlock(block, options));
  for (const field of form.fields) lines.push(wrapped(renderPlainField(field), options));
  lines.push(`[${visible(form.submit.label)}]`);
  return lines.filter((line) => line !== '').join('\n');
}

/**
 * One line for a notification: the title and the first text, cut with a visible `…` at `maxLength` characters.
 * The whole message is only ever behind it, never replaced by it.
 */
export function notificationText<Action>(
  message: Message<Action>,
  options: TimeOptions & { maxLength: number },
): string {
  const first = message.blocks.find((block) => block.kind === 'text');
  const body = first === undefined ? undefined : plainSpans(first.text, options);
  const line = [plainTitle(message), body].filter((part) => part !== undefined && part !== '').join(': ');
  const characters = [...line];
  return characters.length <= options.maxLength ? line : `${characters.slice(0, options.maxLength - 1).join('')}…`;
}

/** The one sign a card may carry, for its tone. */
const toneSigns: Readonly<Record<Tone, string>> = { neutral: '', success: '✔', warning: '⚠', danger: '⛔' };

/** The sign before a step. */
export const stepSigns: Readonly<Record<StepMark, string>> = {
  done: '✔',
  active: '▸',
  waiting: '○',
  failed: '✘',
  unknown: '?',
};

/** Title with the sign of its tone. */
export function plainTitle<Action>(message: Message<Action>): string | undefined {
  if (message.title === undefined) return undefined;
  const sign = toneSigns[message.tone];
  return sign === '' ? visible(message.title) : `${sign} ${visible(message.title)}`;
}

/** One span without emphasis. In steps, where times stand under each other, only the exact half is shown. */
export function plainSpan(span: Span, options: TimeOptions, times: 'both' | 'exact' = 'both'): string {
  switch (span.kind) {
    case 'plain':
    case 'strong':
      return visible(span.text);
    case 'code':
      return `\`${visible(span.text)}\``;
    case 'time':
      return times === 'exact' ? exact(span.instant, options) : relativeAndExact(span.instant, options);
    case 'person':
      return visible(span.name);
    case 'link': {
      const url = safeUrl(span.url) ?? visible(span.url);
      return span.text === span.url ? url : `${visible(span.text)} (${url})`;
    }
    default:
      return assertNever(span, 'span');
  }
}

export function plainSpans(text: Text, options: TimeOptions, times: 'both' | 'exact' = 'both'): string {
  return text.map((span) => plainSpan(span, options, times)).join('');
}

function renderPlainBlock<Action>(block: Block<Action>, options: PlainOptions, numberOf?: NumberOf<Action>): string {
  switch (block.kind) {
    case 'text':
      return wrapped(plainSpans(block.text, options), options);
    case 'fields':
      return block.fields
        .map((field) => wrapped(`${visible(field.label)}: ${plainSpans(field.value, options)}`, options, '  '))
        .join('\n');
    case 'table':
      return renderPlainTable(
        block.columns.map(visible),
        block.rows.map((row) => row.map((cell) => plainSpans(cell, options))),
        options,
      );
    case 'list':
      return block.items
        .map((item, index) => {
          const bullet = block.ordered === true ? `${index + 1}. ` : '• ';
          return wrapped(bullet + plainSpans(item, options), options, ' '.repeat(bullet.length));
        })
        .join('\n');
    case 'steps':
      return block.steps
        .map((step) => wrapped(`${stepSigns[step.mark]} ${plainSpans(step.text, options, 'exact')}`, options, '  '))
        .join('\n');
    case 'image':
      return wrapped(`[picture: ${visible(block.alt)}]`, options);
    case 'buttons':
      return wrapped(
        block.buttons.map((button) => buttonText(button, numberOf)).join(numberOf === undefined ? ' ' : '  '),
        options,
      );
    default:
      return assertNever(block, 'block');
  }
}

/** `[1] Approve`, or `[Approve]` without a number. */
export function buttonText<Action>(button: Button<Action>, numberOf?: NumberOf<Action>): string {
  const number = numberOf?.(button.action);
  return number === undefined ? `[${visible(button.label)}]` : `[${number}] ${visible(button.label)}`;
}

/** Columns under each other where they fit, else one record after the other, each value with its column's name. */
function renderPlainTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  options: PlainOptions,
): string {
  const widths = columns.map((name, column) =>
    Math.max(stringWidth(name), ...rows.map((row) => stringWidth(row[column] ?? ''))),
  );
  const total = widths.reduce((sum, width) => sum + width + 2, -2);
  if (total > (options.width ?? 120)) {
    return rows
      .map((row) => columns.map((name, column) => wrapped(`${name}: ${row[column] ?? ''}`, options, '  ')).join('\n'))
      .join('\n\n');
  }
  const line = (cells: readonly string[]) =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? '';
        return cell + ' '.repeat(width - stringWidth(cell));
      })
      .join('  ')
      .trimEnd();
  return [line(columns), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('\n');
}

/** One field as a question: label, what may be answered, what it is now. */
export function renderPlainField(field: Field): string {
  const need = field.required ? '' : ' (may be left empty)';
  const hint = 'hint' in field && field.hint !== undefined ? ` ${visible(field.hint)}` : '';
  const label = visible(field.label);
  switch (field.kind) {
    case 'choice': {
      const options = field.options.map((option, index) => {
        const initial = option.value === field.initial ? ' (chosen)' : '';
        const about = option.hint === undefined ? '' : `: ${visible(option.hint)}`;
        return `${index + 1} ${visible(option.label)}${about}${initial}`;
      });
      return `${label}${need}:${hint} ${options.join(' · ')}`;
    }
    case 'text':
    case 'addresses':
      return `${label}${need}:${hint}${field.initial === undefined || field.initial === '' ? '' : ` [${visible(field.initial)}]`}`;
    case 'confirm':
      return `☐ ${label}${field.required ? ' (must be ticked)' : ''}${hint}`;
    case 'typed':
      return `${label}${need}: type ${visible(field.show)} as shown.${hint}`;
    default:
      return assertNever(field, 'field');
  }
}

function wrapped(line: string, options: PlainOptions, indent = ''): string {
  if (options.width === undefined) return line;
  const [first, ...rest] = wrapAnsi(line, Math.max(options.width - indent.length, 20), { hard: true }).split('\n');
  return [first, ...rest.map((more) => indent + more)].join('\n');
}
