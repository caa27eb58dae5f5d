/**
 * Cards for a terminal: a rule in the colour of the tone, fields aligned, steps with marks, numbered buttons.
 * Lines of a card never exceed the width, so that what was rendered can be rendered over.
 */
import Table from 'cli-table3';
import picocolors from 'picocolors';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import { assertNever } from '../../src/ground/errors.ts';
import type { Block, Button, Form, Message, Span, StepMark, Text, Tone } from '../../src/message/model.ts';
import { buttonText, type NumberOf, plainSpan, plainTitle, stepSigns } from '../../src/message/plain.ts';
import { visible } from '../../src/message/safe.ts';
import type { TimeOptions } from '../../src/message/times.ts';

export type Canvas = TimeOptions & {
  /** Columns, the rule included. */
  width: number;
  colour: boolean;
  numberOf?: NumberOf<string>;
};

type Colours = ReturnType<typeof picocolors.createColors>;
type Brush = { canvas: Canvas; colours: Colours; width: number };

/** The lines of a card. */
export function renderMessage(message: Message, canvas: Canvas): string[] {
  const brush = brushFor(canvas);
  const tone = brush.colours[toneColours[message.tone]];
  const lines: string[] = [];
  const title = plainTitle(message);
  if (title !== undefined) lines.push(...wrap(title, brush.width).map((line) => brush.colours.bold(tone(line))));
  for (const [index, block] of message.blocks.entries()) {
    const rendered = renderBlock(block, brush);
    if (rendered.length === 0) continue;
    if (index > 0 && lines.length > 0 && !attached(block)) lines.push('');
    lines.push(...rendered);
  }
  return lines.map((line) => `${tone('┃')} ${line}`.trimEnd());
}

/** What stands above the questions of a form. */
export function renderForm(form: Form, canvas: Canvas): string[] {
  const brush = brushFor(canvas);
  const lines = [
    ...wrap(visible(form.title), brush.width).map((line) => brush.colours.bold(line)),
    ...(form.intro ?? []).flatMap((block) => renderBlock(block, brush)),
    ...wrap(
      brush.colours.dim(
        `Answer line by line; "back" goes back, "cancel" leaves. The last answer sends it: ${visible(form.submit.label)}.`,
      ),
      brush.width,
    ),
  ];
  return lines.map((line) => `${brush.colours.cyan('╎')} ${line}`.trimEnd());
}

function brushFor(canvas: Canvas): Brush {
  return { canvas, colours: picocolors.createColors(canvas.colour), width: Math.max(canvas.width - 2, 20) };
}

/** A list explains the text above it, a quiet text what is above it. */
function attached(block: Block): boolean {
  return block.kind === 'list' || (block.kind === 'text' && block.quiet === true);
}

function renderBlock(block: Block, brush: Brush): string[] {
  const { colours, width } = brush;
  switch (block.kind) {
    case 'text': {
      const text = spans(block.text, brush);
      if (text.trim() === '') return [];
      return block.quiet === true ? wrap(text, width).map((line) => colours.dim(line)) : wrap(text, width);
    }
    case 'fields':
      return renderFields(block.fields, brush);
    case 'table':
      return renderTable(block.columns, block.rows, brush);
    case 'list':
      return block.items.flatMap((item, index) => {
        const bullet = block.ordered === true ? `${index + 1}. ` : '• ';
        return hanging(`  ${bullet}`, spans(item, brush), width);
      });
    case 'steps':
      return block.steps.flatMap((step) =>
        hanging(`${colours[markColours[step.mark]](stepSigns[step.mark])} `, spans(step.text, brush, 'exact'), width),
      );
    case 'image':
      return wrap(colours.dim(`[picture: ${visible(block.alt)}]`), width);
    case 'buttons':
      return renderButtons(block.buttons, brush);
    default:
      return assertNever(block, 'block');
  }
}

function renderFields(fields: readonly { label: string; value: Text }[], brush: Brush): string[] {
  const labels = fields.map((field) => visible(field.label));
  const column = Math.min(Math.max(0, ...labels.map((label) => stringWidth(label))), 24);
  return fields.flatMap((field, index) => {
    const label = labels[index] ?? '';
    const value = spans(field.value, brush);
    if (stringWidth(label) > column)
      return [...wrap(brush.colours.dim(label), brush.width), ...hanging('  ', value, brush.width)];
    return hanging(`${brush.colours.dim(label)}${' '.repeat(column - stringWidth(label))}  `, value, brush.width);
  });
}

/** cli-table3 draws a rule wherever it is not told otherwise. */
const rules =
  'top top-left top-mid top-right bottom bottom-left bottom-mid bottom-right left left-mid mid mid-mid right right-mid';
const noRules = { ...Object.fromEntries(rules.split(' ').map((name) => [name, ''])), middle: '  ' };

/** In columns where every row fits on one line, else one record after the other: a cell broken over lines is hard to read and to copy. */
function renderTable(columns: readonly string[], rows: readonly (readonly Text[])[], brush: Brush): string[] {
  if (rows.length === 0) return [];
  const { colours, width } = brush;
  const head = columns.map((column) => visible(column));
  const cells = rows.map((row) => head.map((_, column) => spans(row[column] ?? [], brush)));
  const table = new Table({
    head: head.map((name) => colours.bold(name)),
    chars: noRules,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...cells);
  const lines = table.toString().split('\n');
  if (lines.every((line) => stringWidth(line) <= width)) return lines;
  return cells.flatMap((row, index) => [
    ...(index === 0 ? [] : ['']),
    ...head.flatMap((name, column) => hanging(`${colours.dim(`${name}:`)} `, row[column] ?? '', width, '  ')),
  ]);
}

function renderButtons(buttons: readonly Button[], brush: Brush): string[] {
  const lines: string[] = [];
  let line = '';
  for (const button of buttons) {
    const label = styled(button, brush.colours)(buttonText(button, brush.canvas.numberOf));
    const joined = line === '' ? label : `${line}   ${label}`;
    if (stringWidth(joined) <= brush.width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    const [first, ...rest] = wrap(label, brush.width).reverse();
    lines.push(...rest.reverse());
    line = first ?? '';
  }
  return line === '' ? lines : [...lines, line];
}

function spans(text: Text, brush: Brush, times: 'both' | 'exact' = 'both'): string {
  const { canvas, colours } = brush;
  return text
    .map((span) => {
      const shown = plainSpan(span, canvas, times);
      return span.kind === 'plain' ? shown : colours[spanColours[span.kind]](shown);
    })
    .join('');
}

const spanColours = {
  strong: 'bold',
  code: 'cyan',
  time: 'italic',
  person: 'bold',
  link: 'underline',
} as const satisfies Readonly<Record<Exclude<Span['kind'], 'plain'>, keyof Colours>>;

const toneColours = {
  neutral: 'blue',
  success: 'green',
  warning: 'yellow',
  danger: 'red',
} as const satisfies Readonly<Record<Tone, keyof Colours>>;

const markColours = {
  done: 'green',
  active: 'cyan',
  waiting: 'dim',
  failed: 'red',
  unknown: 'yellow',
} as const satisfies Readonly<Record<StepMark, keyof Colours>>;

function styled(button: Button, colours: Colours): (text: string) => string {
  if (button.style === undefined) return (text) => text;
  return button.style === 'danger' ? colours.red : (text) => colours.bold(text);
}

/** Wraps `text` beside `head`; further lines are indented by `indent`, by default as far as `head` reaches. */
function hanging(head: string, text: string, width: number, indent = ' '.repeat(stringWidth(head))): string[] {
  const room = Math.max(width - stringWidth(head), 10);
  const [first, ...rest] = wrap(text, room);
  return [`${head}${first ?? ''}`, ...rest.map((line) => `${indent}${line}`)];
}

function wrap(text: string, width: number): string[] {
  return wrapAnsi(text, width, { hard: true }).split('\n');
}
