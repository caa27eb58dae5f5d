/**
 * Cards for a terminal: a rule in the colour of the tone, fields aligned, steps with marks, numbered buttons.
 * Lines of a card never exceed the width, so that what was drawn can be drawn over.
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
  const tone = toneColour(message.tone, brush.colours);
  const lines: string[] = [];
  const title = plainTitle(message);
  if (title !== undefined) lines.push(...wrap(title, brush.width).map((line) => brush.colours.bold(tone(line))));
  for (const [index, block] of message.blocks.entries()) {
    const drawn = drawBlock(block, brush);
    if (drawn.length === 0) continue;
    if (index > 0 && lines.length > 0 && !attached(block)) lines.push('');
    lines.push(...drawn);
  }
  return lines.map((line) => `${tone('┃')} ${line}`.trimEnd());
}

/** What stands above the questions of a form. */
export function renderForm(form: Form, canvas: Canvas): string[] {
  const brush = brushFor(canvas);
  const lines = [
    ...wrap(visible(form.title), brush.width).map((line) => brush.colours.bold(line)),
    ...(form.intro ?? []).flatMap((block) => drawBlock(block, brush)),
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

function drawBlock(block: Block, brush: Brush): string[] {
  const { colours, width } = brush;
  switch (block.kind) {
    case 'text': {
      const text = spans(block.text, brush);
      if (text.trim() === '') return [];
      return block.quiet === true ? wrap(text, width).map((line) => colours.dim(line)) : wrap(text, width);
    }
    case 'fields':
      return drawFields(block.fields, brush);
    case 'table':
      return drawTable(block.columns, block.rows, brush);
    case 'list':
      return block.items.flatMap((item, index) => {
        const bullet = block.ordered === true ? `${index + 1}. ` : '• ';
        return hanging(`  ${bullet}`, spans(item, brush), width);
      });
    case 'steps':
      return block.steps.flatMap((step) =>
        hanging(`${markColour(step.mark, colours)(stepSigns[step.mark])} `, spans(step.text, brush, 'exact'), width),
      );
    case 'image':
      return wrap(colours.dim(`[picture: ${visible(block.alt)}]`), width);
    case 'buttons':
      return drawButtons(block.buttons, brush);
    default:
      return assertNever(block, 'block');
  }
}

function drawFields(fields: readonly { label: string; value: Text }[], brush: Brush): string[] {
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

/** In columns where every row fits on one line, else one record after the other: a cell broken over lines is hard to read and to copy. */
function drawTable(columns: readonly string[], rows: readonly (readonly Text[])[], brush: Brush): string[] {
  if (rows.length === 0) return [];
  const { colours, width } = brush;
  const head = columns.map((column) => visible(column));
  const cells = rows.map((row) => head.map((_, column) => spans(row[column] ?? [], brush)));
  const table = new Table({
    head: head.map((name) => colours.bold(name)),
    chars: {
      ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '' },
      ...{
        'bottom-right': '',
        left: '',
        'left-mid': '',
        mid: '',
        'mid-mid': '',
        right: '',
        'right-mid': '',
        middle: '  ',
      },
    },
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

function drawButtons(buttons: readonly Button[], brush: Brush): string[] {
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
  return text.map((span) => paintSpan(span, plainSpan(span, brush.canvas, times), brush.colours)).join('');
}

function paintSpan(span: Span, text: string, colours: Colours): string {
  switch (span.kind) {
    case 'plain':
      return text;
    case 'strong':
      return colours.bold(text);
    case 'code':
      return colours.cyan(text);
    case 'time':
      return colours.italic(text);
    case 'person':
      return colours.bold(text);
    case 'link':
      return colours.underline(text);
    default:
      return assertNever(span, 'span');
  }
}

function toneColour(tone: Tone, colours: Colours): (text: string) => string {
  switch (tone) {
    case 'neutral':
      return colours.blue;
    case 'success':
      return colours.green;
    case 'warning':
      return colours.yellow;
    case 'danger':
      return colours.red;
    default:
      return assertNever(tone, 'tone');
  }
}

function markColour(mark: StepMark, colours: Colours): (text: string) => string {
  switch (mark) {
    case 'done':
      return colours.green;
    case 'active':
      return colours.cyan;
    case 'waiting':
      return colours.dim;
    case 'failed':
      return colours.red;
    case 'unknown':
      return colours.yellow;
    default:
      return assertNever(mark, 'step mark');
  }
}

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
