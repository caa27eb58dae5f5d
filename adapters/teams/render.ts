/** The message model as an Adaptive Card 1.5, for desktop and phone. */
import { assertNever } from '../../src/ground/errors.ts';
import type { Button, Message, StaticBlock, StepMark, Text, Tone } from '../../src/message/model.ts';
import { notificationText, plainTitle, stepSigns } from '../../src/message/plain.ts';
import type { TimeOptions } from '../../src/message/times.ts';
import type { CardAction, CardElement, TeamsCard, TextRun } from './card.ts';
import { bytesOf, fitInto, more, paragraphOf, rows, type Shrinkable, shortened } from './cut.ts';
import { buttonsPerRow, cardBytes, labelLength, mostButtons } from './limits.ts';
import { block, literalRuns, plainString, renderRuns, run, type TextStyle } from './rich-text.ts';
import { renderFields, renderTable } from './tables.ts';

export type Canvas = TimeOptions & {
  /** Data URIs of small PNGs, by the id of the picture; one that is missing is told by its alt text. */
  pictures?: ReadonlyMap<string, string>;
  /** The core's key of this post: it comes back with every click, so that a post whose answer was lost is known again. */
  key?: string | undefined;
  /** A dialog takes Action.Submit alone. */
  inDialog?: boolean;
};

const summaryLength = 200;

export function renderMessage(message: Message, canvas: Canvas): TeamsCard {
  const buttons = message.blocks.flatMap((each) => (each.kind === 'buttons' ? [...each.buttons] : []));
  const shownButtons = new Set(buttons.slice(0, mostButtons));
  const title = plainTitle(message);
  const head = title === undefined ? [] : [banner(shortened(title, 300), message.tone)];
  const parts = message.blocks.map((each): Part => {
    if (each.kind !== 'buttons') return { shrinkable: renderBlock(each, canvas) };
    const shown = each.buttons.filter((button) => shownButtons.has(button));
    return { fixed: buttonRows(shown, canvas) };
  });
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
export function notificationSummary(message: Message, options: TimeOptions): string {
  const text = notificationText(message, { ...options, maxLength: summaryLength });
  return text === '' ? 'A message from Mislaid' : text;
}

function fallbackText(message: Message, options: TimeOptions): string {
  return `${notificationSummary(message, options)} (This client cannot show cards; open it in a newer Teams.)`;
}

type Part = { fixed?: readonly CardElement[]; shrinkable?: Shrinkable };

/** Buttons stay where they are; what stands between them shares the room. */
function placed(parts: readonly Part[], room: number): CardElement[] {
  const shrinkable = parts.flatMap((part) => (part.shrinkable === undefined ? [] : [part.shrinkable]));
  const whole = fitInto(shrinkable, Number.POSITIVE_INFINITY);
  if (bytesOf(whole.elements) <= room)
    return parts.flatMap((part) => [...(part.fixed ?? part.shrinkable?.elements ?? [])]);
  const fitted = fitInto(shrinkable, room - shrinkable.length);
  const buttons = parts.flatMap((part) => [...(part.fixed ?? [])]);
  return [...fitted.elements, ...(fitted.left > 0 ? [more(fitted.left, 'parts')] : []), ...buttons];
}

function banner(title: string, tone: Tone): CardElement {
  return {
    type: 'Container',
    style: toneStyles[tone],
    bleed: true,
    items: [block(literalRuns(title, { weight: 'bolder', size: 'medium' }))],
  };
}

function renderBlock(each: StaticBlock, canvas: Canvas): Shrinkable {
  switch (each.kind) {
    case 'text': {
      const style: TextStyle = each.quiet === true ? { isSubtle: true, size: 'small' } : {};
      return paragraphOf(renderRuns(each.text, canvas, style));
    }
    case 'fields':
      return renderFields(each.fields, canvas);
    case 'table':
      return renderTable(each, canvas);
    case 'list':
      return rows(
        each.items.map((item, index) => [bulletOf(item, each.ordered === true ? index + 1 : undefined), item] as const),
        (some) => some.map(([bullet, item]) => block([...bullet, ...renderRuns(item, canvas)], { spacing: 'small' })),
        'lines',
      );
    case 'steps':
      return rows(
        each.steps,
        (some) =>
          some.map((step) =>
            block([run(`${stepSigns[step.mark]} `, markStyles[step.mark]), ...renderRuns(step.text, canvas)], {
              spacing: 'small',
            }),
          ),
        'steps',
      );
    case 'image':
      return renderPicture(each, canvas);
    default:
      return assertNever(each, 'block');
  }
}

/** Lines to copy stand without a bullet, which would be copied with them. */
function bulletOf(item: Text, number: number | undefined): TextRun[] {
  if (number !== undefined) return [run(`${number}. `)];
  const isCode = item.length > 0 && item.every(({ kind }) => kind === 'code');
  return isCode ? [] : [run('• ')];
}

/** A picture counts against the card's size: where it has no room, its words stand for it. */
function renderPicture(each: Extract<StaticBlock, { kind: 'image' }>, canvas: Canvas): Shrinkable {
  const url = canvas.pictures?.get(each.id);
  const words = paragraphOf([
    run('[picture: ', { isSubtle: true }),
    ...literalRuns(each.alt, { isSubtle: true }),
    run(']', { isSubtle: true }),
  ]);
  if (url === undefined) return words;
  const picture: CardElement = { type: 'Image', url, altText: plainString(each.alt), size: 'stretch' };
  const size = bytesOf(picture);
  return { elements: [picture], within: (bytes) => (size <= bytes ? [picture] : words.within(bytes)) };
}

function buttonRows(buttons: readonly Button[], canvas: Canvas): CardElement[] {
  const rowsOfButtons: CardElement[] = [];
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
    ...styleOf(button),
    card: {
      type: 'AdaptiveCard',
      body: [block(literalRuns(confirm.title, { weight: 'bolder' })), block(literalRuns(confirm.text))],
      actions: [press(button, confirm.ok, canvas)],
    },
  };
}

/** `Action.Execute` with `Action.Submit` for clients that do not know it; what opens a form asks for a dialog at once. */
function press(button: Button, label: string, canvas: Canvas): CardAction {
  const title = shortened(plainString(label), labelLength);
  const mislaid = { kind: 'click', action: button.action, key: canvas.key };
  const submit = { type: 'Action.Submit' as const, title, ...styleOf(button), data: { mislaid } };
  if (canvas.inDialog === true) return submit;
  if (button.opensForm === true) return { ...submit, data: { mislaid, msteams: { type: 'task/fetch' } } };
  return { type: 'Action.Execute', title, verb: 'mislaid', ...styleOf(button), data: { mislaid }, fallback: submit };
}

export function styleOf({ style }: Pick<Button, 'style'>): { style?: 'positive' | 'destructive' } {
  if (style === undefined) return {};
  return { style: style === 'primary' ? 'positive' : 'destructive' };
}

const toneStyles = {
  neutral: 'emphasis',
  success: 'good',
  warning: 'warning',
  danger: 'attention',
} as const satisfies Readonly<Record<Tone, string>>;

const markStyles: Readonly<Record<StepMark, TextStyle>> = {
  done: { color: 'good', weight: 'bolder' },
  active: { color: 'accent', weight: 'bolder' },
  waiting: { isSubtle: true },
  failed: { color: 'attention', weight: 'bolder' },
  unknown: { color: 'warning', weight: 'bolder' },
};
