/** The message model as an Adaptive Card 1.5, for desktop and phone. */
import { assertNever } from '../../src/errors.ts';
import type { Block, Button, Message, StepMark, Text, Tone } from '../../src/message/model.ts';
import { notificationText, plainSpans, plainTitle, stepSign } from '../../src/message/plain.ts';
import { visible } from '../../src/message/safe.ts';
import type { TimeOptions } from '../../src/message/times.ts';
import type { Card, CardAction, Cell, Element, TextRun } from './card.ts';
import { bytesOf, type Drawn, fitInto, more, paragraphOf, rows, shortened } from './cut.ts';
import { buttonsPerRow, cardBytes, labelLength, mostButtons } from './limits.ts';
import { block, type Look, plainRuns, plainString, runsOf } from './spans.ts';

export type Canvas = TimeOptions & {
  /** Data URIs of small PNGs, by the id of the picture; one that is missing is told by its alt text. */
  pictures?: ReadonlyMap<string, string>;
  /** The core's key of this post: it comes back with every click, so that a post whose answer was lost is known again. */
  key?: string;
  /** A dialog takes Action.Submit alone. */
  inDialog?: boolean;
};

/** Columns beside each other on a phone; more are told as records. */
const mostColumns = 3;
const widestCell = 28;
const summaryLength = 200;

export function renderMessage(message: Message, canvas: Canvas): Card {
  const buttons = message.blocks.flatMap((each) => (each.kind === 'buttons' ? [...each.buttons] : []));
  const shownButtons = new Set(buttons.slice(0, mostButtons));
  const title = plainTitle(message);
  const head = title === undefined ? [] : [banner(shortened(title, 300), message.tone)];
  const parts = message.blocks.map((each) =>
    each.kind === 'buttons'
      ? {
          fixed: buttonRows(
            each.buttons.filter((button) => shownButtons.has(button)),
            canvas,
          ),
        }
      : { drawn: drawBlock(each, canvas) },
  );
  const fixed = bytesOf([head, parts.map((part) => part.fixed ?? [])]);
  const body = placed(parts, cardBytes - fixed);
  const hidden = buttons.length - shownButtons.size;
  return {
    type: 'AdaptiveCard',
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    version: '1.5',
    fallbackText: fallbackText(message, canvas),
    msteams: { width: 'Full' },
    body: [...head, ...body, ...(hidden > 0 ? [more(hidden, 'buttons')] : [])],
  };
}

/** What a notification and a list of chats show. */
export function summaryOf(message: Message, options: TimeOptions): string {
  const text = notificationText(message, { ...options, maxLength: summaryLength });
  return text === '' ? 'A message from Mislaid' : text;
}

function fallbackText(message: Message, options: TimeOptions): string {
  return `${summaryOf(message, options)} (This client cannot show cards; open it in a newer Teams.)`;
}

type Part = { fixed?: readonly Element[]; drawn?: Drawn };

/** Buttons stay where they are; what stands between them shares the room. */
function placed(parts: readonly Part[], room: number): Element[] {
  const drawn = parts.flatMap((part) => (part.drawn === undefined ? [] : [part.drawn]));
  const whole = fitInto(drawn, Number.POSITIVE_INFINITY);
  if (bytesOf(whole.elements) <= room) return parts.flatMap((part) => [...(part.fixed ?? part.drawn?.elements ?? [])]);
  const fitted = fitInto(drawn, room - drawn.length);
  const buttons = parts.flatMap((part) => [...(part.fixed ?? [])]);
  return [...fitted.elements, ...(fitted.left > 0 ? [more(fitted.left, 'parts')] : []), ...buttons];
}

function banner(title: string, tone: Tone): Element {
  return {
    type: 'Container',
    style: toneStyle(tone),
    bleed: true,
    items: [block(plainRuns(title, { weight: 'bolder', size: 'medium' }))],
  };
}

function drawBlock(each: Exclude<Block, { kind: 'buttons' }>, canvas: Canvas): Drawn {
  switch (each.kind) {
    case 'text': {
      const look: Look = each.quiet === true ? { isSubtle: true, size: 'small' } : {};
      return paragraphOf(runsOf(each.text, canvas, look));
    }
    case 'fields':
      return rows(each.fields, (some) => (some.length === 0 ? [] : [fieldTable(some, canvas)]), 'lines');
    case 'table':
      return drawTable(each, canvas);
    case 'list':
      return rows(
        each.items.map((item, index) => [each.ordered === true ? `${index + 1}. ` : '• ', item] as const),
        (some) => some.map(([bullet, item]) => block([run(bullet), ...runsOf(item, canvas)], { spacing: 'small' })),
        'lines',
      );
    case 'steps':
      return rows(
        each.steps,
        (some) =>
          some.map((step) =>
            block([run(`${stepSign(step.mark)} `, markLook(step.mark)), ...runsOf(step.text, canvas)], {
              spacing: 'small',
            }),
          ),
        'steps',
      );
    case 'image':
      return drawPicture(each, canvas);
    default:
      return assertNever(each, 'block');
  }
}

function fieldTable(fields: readonly { label: string; value: Text }[], canvas: Canvas): Element {
  return {
    type: 'Table',
    columns: [{ width: 1 }, { width: 2 }],
    rows: fields.map((field) => ({
      type: 'TableRow',
      cells: [cell(plainRuns(field.label, { isSubtle: true })), cell(runsOf(field.value, canvas))],
    })),
    firstRowAsHeaders: false,
    showGridLines: false,
    spacing: 'small',
  };
}

/** In columns where a phone can show them, else one record after the other, each value with its column's name. */
function drawTable({ columns, rows: all }: Extract<Block, { kind: 'table' }>, canvas: Canvas): Drawn {
  if (all.length === 0) return { elements: [], within: () => [] };
  const widths = columns.map((name, column) =>
    Math.max(visible(name).length, ...all.map((row) => plainSpans(row[column] ?? [], canvas).length)),
  );
  const fits = columns.length <= mostColumns && widths.every((width) => width <= widestCell);
  if (!fits) return rows(all, (some) => some.map((row) => record(columns, row, canvas)), 'rows');
  const header = {
    type: 'TableRow' as const,
    cells: columns.map((name) => cell(plainRuns(name, { weight: 'bolder' }))),
  };
  return rows(
    all,
    (some) => [
      {
        type: 'Table',
        columns: widths.map((width) => ({ width: Math.max(1, Math.round(width / 6)) })),
        rows: [
          header,
          ...some.map((row) => ({
            type: 'TableRow' as const,
            cells: columns.map((_, column) => cell(runsOf(row[column] ?? [], canvas))),
          })),
        ],
        firstRowAsHeaders: true,
        showGridLines: true,
      },
    ],
    'rows',
  );
}

function record(columns: readonly string[], row: readonly Text[], canvas: Canvas): Element {
  const runs = columns.flatMap((name, column): TextRun[] => {
    const value = runsOf(row[column] ?? [], canvas, column === 0 ? { weight: 'bolder' } : {});
    return [
      ...(column === 0 ? [] : [run(' · ', { isSubtle: true })]),
      ...plainRuns(`${name}: `, { isSubtle: true }),
      ...value,
    ];
  });
  return block(runs);
}

/** A picture counts against the card's size: where it has no room, its words stand for it. */
function drawPicture(each: Extract<Block, { kind: 'image' }>, canvas: Canvas): Drawn {
  const url = canvas.pictures?.get(each.id);
  const words = paragraphOf([
    run('[picture: ', { isSubtle: true }),
    ...plainRuns(each.alt, { isSubtle: true }),
    run(']', { isSubtle: true }),
  ]);
  if (url === undefined) return words;
  const picture: Element = { type: 'Image', url, altText: plainString(each.alt), size: 'stretch' };
  const size = bytesOf(picture);
  return { elements: [picture], within: (bytes) => (size <= bytes ? [picture] : words.within(bytes)) };
}

function cell(runs: readonly TextRun[]): Cell {
  // Clients leave a cell without items out of its row.
  return { type: 'TableCell', items: [block(runs.length === 0 ? [run(' ')] : runs)] };
}

function run(text: string, look: Look = {}): TextRun {
  return { type: 'TextRun', text, ...look };
}

function buttonRows(buttons: readonly Button[], canvas: Canvas): Element[] {
  const rowsOfButtons: Element[] = [];
  for (let from = 0; from < buttons.length; from += buttonsPerRow) {
    const actions = buttons.slice(from, from + buttonsPerRow).map((button) => buttonAction(button, canvas));
    rowsOfButtons.push({ type: 'ActionSet', actions, ...(from === 0 ? {} : { spacing: 'small' as const }) });
  }
  return rowsOfButtons;
}

function buttonAction(button: Button, canvas: Canvas): CardAction {
  const { confirm } = button;
  if (confirm === undefined) return press(button, button.label, canvas);
  // Teams asks nothing by itself: the question opens under the button.
  return {
    type: 'Action.ShowCard',
    title: shortened(plainString(button.label), labelLength),
    ...styled(button),
    card: {
      type: 'AdaptiveCard',
      body: [block(plainRuns(confirm.title, { weight: 'bolder' })), block(plainRuns(confirm.text))],
      actions: [press(button, confirm.ok, canvas)],
    },
  };
}

/** `Action.Execute` with `Action.Submit` for clients that do not know it; what opens a form asks for a dialog at once. */
function press(button: Button, label: string, canvas: Canvas): CardAction {
  const title = shortened(plainString(label), labelLength);
  const mislaid = { kind: 'click', action: button.action, ...(canvas.key === undefined ? {} : { key: canvas.key }) };
  const submit = { type: 'Action.Submit' as const, title, ...styled(button), data: { mislaid } };
  if (canvas.inDialog === true) return submit;
  if (button.asks === true) return { ...submit, data: { mislaid, msteams: { type: 'task/fetch' } } };
  return { type: 'Action.Execute', title, verb: 'mislaid', ...styled(button), data: { mislaid }, fallback: submit };
}

function styled({ style }: Button): { style?: 'positive' | 'destructive' } {
  if (style === undefined) return {};
  return { style: style === 'primary' ? 'positive' : 'destructive' };
}

function toneStyle(tone: Tone): 'emphasis' | 'good' | 'warning' | 'attention' {
  switch (tone) {
    case 'neutral':
      return 'emphasis';
    case 'success':
      return 'good';
    case 'warning':
      return 'warning';
    case 'danger':
      return 'attention';
    default:
      return assertNever(tone, 'tone');
  }
}

function markLook(mark: StepMark): Look {
  switch (mark) {
    case 'done':
      return { color: 'good', weight: 'bolder' };
    case 'active':
      return { color: 'accent', weight: 'bolder' };
    case 'waiting':
      return { isSubtle: true };
    case 'failed':
      return { color: 'attention', weight: 'bolder' };
    case 'unknown':
      return { color: 'warning', weight: 'bolder' };
    default:
      return assertNever(mark, 'step mark');
  }
}
