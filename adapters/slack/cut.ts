/** How much of a message is shown: measured in what a reader sees, cut visibly, never a button. */
import { assertNever } from '../../src/ground/errors.ts';
import { limits } from './limits.ts';
import type { ActionElement, MessagePart } from './parts.ts';
import { divided, line, plain, type RichLine } from './rich-text.ts';

/** Cuts what is more than `most` characters; the first cut says how many lines are missing, buttons always stay. */
export function cutToText(parts: readonly MessagePart[], most: number, options: { tables?: boolean }): MessagePart[] {
  let room = most - parts.reduce((sum, part) => sum + (part.kind === 'buttons' ? labelsLength(part.elements) : 0), 0);
  const kept: MessagePart[] = [];
  let hidden = 0;
  let cutAt: number | undefined;
  for (const part of asTables(parts, options)) {
    if (part.kind === 'buttons' || (part.kind === 'image' && cutAt === undefined)) {
      kept.push(part);
      continue;
    }
    if (cutAt !== undefined) {
      hidden += linesOf(part).length;
      continue;
    }
    const size = part.kind === 'table' ? tableLength(part.columns, part.rows) : linesLength(linesOf(part));
    if (size <= room) {
      kept.push(part);
      room -= size;
      continue;
    }
    const lines: RichLine[] = [];
    for (const each of linesOf(part)) {
      if (hidden > 0 || room < 80) {
        hidden += 1;
        continue;
      }
      if (each.length + 1 > room) {
        const [first] = divided(each, room - 40);
        if (first !== undefined) {
          lines.push(
            line([...first.elements, plain(`… ${(each.length - first.length).toLocaleString('en')} more characters`)]),
          );
        }
        room = 0;
        continue;
      }
      lines.push(each);
      room -= each.length + 1;
    }
    kept.push({ kind: 'lines', style: part.kind === 'lines' ? part.style : 'lines', lines });
    cutAt = kept.length;
    room = 0;
  }
  if (cutAt === undefined || hidden === 0) return kept;
  const notice: MessagePart = {
    kind: 'lines',
    style: 'quiet',
    lines: [line([plain(`… ${hidden.toLocaleString('en')} more`)])],
  };
  return [...kept.slice(0, cutAt), notice, ...kept.slice(cutAt)];
}

/** The first table that fits is a native one; others are records, one line each. */
function asTables(parts: readonly MessagePart[], options: { tables?: boolean }): MessagePart[] {
  let free = options.tables !== false;
  return parts.map((part): MessagePart => {
    if (part.kind !== 'table') return part;
    const fits =
      free &&
      part.rows.length < limits.tableRows &&
      part.columns.length <= limits.tableColumns &&
      tableLength(part.columns, part.rows) <= limits.tableText;
    if (!fits) return { kind: 'lines', style: 'bullets', lines: part.records };
    free = false;
    return part;
  });
}

function linesOf(part: MessagePart): readonly RichLine[] {
  switch (part.kind) {
    case 'lines':
      return part.lines;
    case 'table':
      return part.records;
    case 'image':
      return [line([plain(part.alt)])];
    case 'buttons':
      return [];
    default:
      return assertNever(part, 'part');
  }
}

export function linesLength(lines: readonly RichLine[]): number {
  return lines.reduce((sum, { length }) => sum + length + 1, 0);
}

function tableLength(columns: readonly string[], rows: readonly (readonly RichLine[])[]): number {
  const cells = rows.flat().reduce((sum, { length }) => sum + Math.max(length, 1), 0);
  return columns.reduce((sum, column) => sum + Math.max(column.length, 1), cells);
}

function labelsLength(elements: readonly ActionElement[]): number {
  return elements.reduce((sum, element) => sum + (element.type === 'button' ? element.text.text.length : 0), 0);
}
