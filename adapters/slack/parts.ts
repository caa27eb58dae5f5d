/**
 * A message on its way to Block Kit: each block of the model as a part whose size is known, so that what is too much is cut
 * visibly and no button is ever lost.
 */
import type { types } from '@slack/bolt';
import { assertNever } from '../../src/ground/errors.ts';
import type { Block, Button, Text } from '../../src/message/model.ts';
import { stepSigns } from '../../src/message/plain.ts';
import { isolated, visible } from '../../src/message/safe.ts';
import type { TimeOptions } from '../../src/message/times.ts';
import { limits, mostButtonsInARow } from './limits.ts';
import { bold, cut, cutMiddle, line, lineOf, plain, type RichLine } from './rich-text.ts';

export type ActionElement = types.Button | types.StaticSelect;

export type MessagePart =
  | { kind: 'lines'; style: 'lines' | 'bullets' | 'quiet'; lines: readonly RichLine[] }
  | { kind: 'table'; columns: readonly string[]; rows: readonly (readonly RichLine[])[]; records: readonly RichLine[] }
  | { kind: 'image'; id: string; alt: string }
  | { kind: 'buttons'; elements: readonly ActionElement[] };

/** Numbers elements over a whole message: an action_id must be unique in its block, and the same button may stand twice. */
type Numbering = { next(): number };

export function partsOf(blocks: readonly Block[], options: TimeOptions): MessagePart[] {
  let last = 0;
  const numbering: Numbering = { next: () => ++last };
  return blocks.map((block) => partOf(block, options, numbering)).filter((part) => !isEmpty(part));
}

function partOf(block: Block, options: TimeOptions, numbering: Numbering): MessagePart {
  switch (block.kind) {
    case 'text':
      return { kind: 'lines', style: block.quiet === true ? 'quiet' : 'lines', lines: [lineOf(block.text, options)] };
    case 'fields':
      return {
        kind: 'lines',
        style: 'lines',
        lines: block.fields.map((field) => labelled(field.label, field.value, options)),
      };
    case 'table':
      return tableOf(block.columns, block.rows, options);
    case 'list':
      return {
        kind: 'lines',
        style: block.ordered === true ? 'lines' : 'bullets',
        lines: block.items.map((item, index) => {
          const { elements } = lineOf(item, options);
          return line(block.ordered === true ? [plain(`${index + 1}. `), ...elements] : elements);
        }),
      };
    case 'steps':
      return {
        kind: 'lines',
        style: 'lines',
        lines: block.steps.map((step) =>
          line([plain(`${stepSigns[step.mark]} `), ...lineOf(step.text, options, 'exact').elements]),
        ),
      };
    case 'image':
      return { kind: 'image', id: block.id, alt: visible(block.alt) };
    case 'buttons':
      return { kind: 'buttons', elements: actionElements(block.buttons, numbering) };
    default:
      return assertNever(block, 'block');
  }
}

function isEmpty(part: MessagePart): boolean {
  switch (part.kind) {
    case 'lines':
      return part.lines.every(({ length }) => length === 0);
    case 'table':
      return part.rows.length === 0;
    case 'image':
      return false;
    case 'buttons':
      return part.elements.length === 0;
    default:
      return assertNever(part, 'part');
  }
}

function labelled(label: string, value: Text, options: TimeOptions): RichLine {
  return line([bold(`${isolated(visible(label))}: `), ...lineOf(value, options).elements]);
}

function tableOf(columns: readonly string[], rows: readonly (readonly Text[])[], options: TimeOptions): MessagePart {
  return {
    kind: 'table',
    columns: columns.map((column) => isolated(visible(column))),
    rows: rows.map((row) => columns.map((_, column) => lineOf(row[column] ?? [], options))),
    records: rows.map((row) =>
      line(
        columns.flatMap((column, index) => [
          ...(index === 0 ? [] : [plain(' · ')]),
          ...labelled(column, row[index] ?? [], options).elements,
        ]),
      ),
    ),
  };
}

/** Buttons as buttons, or as a menu where a row of them would be a wall; what asks before it counts stays a button. */
function actionElements(buttons: readonly Button[], numbering: Numbering): ActionElement[] {
  const asMenu =
    buttons.length > mostButtonsInARow &&
    buttons.every(
      ({ style, confirm, action }) =>
        style === undefined && confirm === undefined && action.length <= limits.optionValue,
    );
  if (!asMenu) return buttons.map((button) => buttonElement(button, numbering));
  const menus: ActionElement[] = [];
  for (let from = 0; from < buttons.length; from += limits.selectOptions) {
    menus.push({
      type: 'static_select',
      action_id: `choose-${numbering.next()}`,
      placeholder: plainTextObject('Choose…'),
      options: buttons.slice(from, from + limits.selectOptions).map(({ label, action }) => ({
        text: plainTextObject(cutMiddle(visible(label), limits.optionText)),
        value: action,
      })),
    });
  }
  return menus;
}

function buttonElement({ label, action, style, confirm }: Button, numbering: Numbering): types.Button {
  return {
    type: 'button',
    action_id: `press-${numbering.next()}`,
    text: plainTextObject(cutMiddle(shownLabel(label), limits.buttonText)),
    value: action,
    ...(style === undefined ? {} : { style }),
    ...(confirm === undefined
      ? {}
      : {
          confirm: {
            title: plainTextObject(cut(shownLabel(confirm.title), limits.confirmTitle)),
            text: plainTextObject(cut(shownLabel(confirm.text), limits.confirmText)),
            confirm: plainTextObject(cut(shownLabel(confirm.ok), limits.confirmButton)),
            deny: plainTextObject('Cancel'),
          },
        }),
  };
}

/** Slack refuses empty labels. */
function shownLabel(text: string): string {
  const seen = visible(text);
  return seen.trim() === '' ? '…' : seen;
}

/** Literal text: without `emoji` nothing in it is interpreted. */
export function plainTextObject(text: string): types.PlainTextElement {
  return { type: 'plain_text', text, emoji: false };
}
