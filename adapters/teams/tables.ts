/** Fields and tables, within what a phone shows. */
import type { Block, Text } from '../../src/message/model.ts';
import { plainSpans } from '../../src/message/plain.ts';
import { visible } from '../../src/message/safe.ts';
import type { TimeOptions } from '../../src/message/times.ts';
import type { CardElement, Cell, TextRun } from './card.ts';
import { rows, type Shrinkable } from './cut.ts';
import { block, literalRuns, renderRuns, run } from './rich-text.ts';

type Labelled = { label: string; value: Text };

/** Columns beside each other on a phone; more are told as records. */
const mostColumns = 3;
const widestCell = 28;
/** A phone cuts or overlaps words that are longer than their column; these are what fits beside each other at 340 points. */
const longestLabelWord = 12;
const longestValueWord = 24;
const longestWords = 34;

/** Names and values: beside each other, or one after the other where a phone would cut them. */
export function renderFields(fields: readonly Labelled[], canvas: TimeOptions): Shrinkable {
  return rows(
    fields,
    (some) => {
      if (some.length === 0) return [];
      return besideEachOther(fields, canvas) ? [fieldTable(some, canvas)] : some.map((one) => field(one, canvas));
    },
    'lines',
  );
}

function besideEachOther(fields: readonly Labelled[], canvas: TimeOptions): boolean {
  return fields.every(
    ({ label, value }) =>
      longestWord(visible(label)) <= longestLabelWord && longestWord(plainSpans(value, canvas)) <= longestValueWord,
  );
}

function longestWord(text: string): number {
  return Math.max(0, ...text.split(/[\s-]+/u).map((word) => word.length));
}

function field({ label, value }: Labelled, canvas: TimeOptions): CardElement {
  return block([...literalRuns(`${label}: `, { isSubtle: true }), ...renderRuns(value, canvas)], { spacing: 'small' });
}

function fieldTable(fields: readonly Labelled[], canvas: TimeOptions): CardElement {
  return {
    type: 'Table',
    columns: [{ width: 1 }, { width: 2 }],
    rows: fields.map((field) => ({
      type: 'TableRow',
      cells: [cell(literalRuns(field.label, { isSubtle: true })), cell(renderRuns(field.value, canvas))],
    })),
    firstRowAsHeaders: false,
    showGridLines: false,
    spacing: 'small',
  };
}

/** In columns where a phone can show them, else one record after the other, each value with its column's name. */
export function renderTable(
  { columns, rows: all }: Extract<Block, { kind: 'table' }>,
  canvas: TimeOptions,
): Shrinkable {
  if (all.length === 0) return { elements: [], within: () => [] };
  const widths = columns.map((name, column) =>
    Math.max(visible(name).length, ...all.map((row) => plainSpans(row[column] ?? [], canvas).length)),
  );
  const words = columns.map((name, column) =>
    Math.max(longestWord(visible(name)), ...all.map((row) => longestWord(plainSpans(row[column] ?? [], canvas)))),
  );
  const fits =
    columns.length <= mostColumns &&
    widths.every((width) => width <= widestCell) &&
    words.reduce((sum, word) => sum + word, 0) <= longestWords;
  if (!fits) return rows(all, (some) => some.map((row) => record(columns, row, canvas)), 'rows');
  const header = {
    type: 'TableRow' as const,
    cells: columns.map((name) => cell(literalRuns(name, { weight: 'bolder' }))),
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
            cells: columns.map((_, column) => cell(renderRuns(row[column] ?? [], canvas))),
          })),
        ],
        firstRowAsHeaders: true,
        showGridLines: true,
      },
    ],
    'rows',
  );
}

function record(columns: readonly string[], row: readonly Text[], canvas: TimeOptions): CardElement {
  const runs = columns.flatMap((name, column): TextRun[] => {
    const value = renderRuns(row[column] ?? [], canvas, column === 0 ? { weight: 'bolder' } : {});
    return [
      ...(column === 0 ? [] : [run(' · ', { isSubtle: true })]),
      ...literalRuns(`${name}: `, { isSubtle: true }),
      ...value,
    ];
  });
  return block(runs);
}

function cell(runs: readonly TextRun[]): Cell {
  // Clients leave a cell without items out of its row.
  return { type: 'TableCell', items: [block(runs.length === 0 ? [run(' ')] : runs)] };
}
