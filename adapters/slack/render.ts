/** Messages as Block Kit: pure, within every limit, ending in `assertNever`. */
import type { types } from '@slack/bolt';
import { assertNever } from '../../src/ground/errors.ts';
import type { Message } from '../../src/message/model.ts';
import { renderPlainText as plainMessage, plainTitle } from '../../src/message/plain.ts';
import type { TimeOptions } from '../../src/message/times.ts';
import { cutToText, linesLength } from './cut.ts';
import { limits } from './limits.ts';
import { type MessagePart, partsOf, plainTextObject } from './parts.ts';
import { cut, divided, escaped, head, lengthOf, line, plain, type RichLine } from './rich-text.ts';

export type SlackBlock =
  | types.HeaderBlock
  | types.RichTextBlock
  | types.ContextBlock
  | types.ActionsBlock
  | types.ImageBlock
  | types.TableBlock;

export type RenderOptions = TimeOptions & {
  /** Slack's file ids of pictures, by the id of the picture in the store; one that is missing is described instead. */
  files?: ReadonlyMap<string, string>;
  /** Blocks that the surface takes; a message's where absent. */
  mostBlocks?: number;
  /** Visible characters at most; smaller where Slack refused the message as too long. */
  mostText?: number;
  /** Native tables, which only messages take, one in each. */
  tables?: boolean;
};

/** `text` is what notifications show and screen readers read. */
export type Rendered = { text: string; blocks: SlackBlock[] };

export function renderMessage(message: Message, options: RenderOptions): Rendered {
  const title = plainTitle(message);
  const blocks: SlackBlock[] = title === undefined ? [] : headerOf(title);
  const most = (options.mostBlocks ?? limits.messageBlocks) - blocks.length;
  const parts = cutToText(
    partsOf(message.blocks, options),
    (options.mostText ?? limits.messageText) - (title?.length ?? 0),
    options,
  );
  blocks.push(...withinCount(blocksOf(parts, options), most));
  return { text: fallbackText(message, options), blocks };
}

export function renderBlocks(blocks: Message['blocks'], options: RenderOptions): SlackBlock[] {
  return renderMessage({ tone: 'neutral', blocks }, options).blocks;
}

/** The whole message as text; a title alone where there is nothing else to read. */
function fallbackText(message: Message, options: TimeOptions): string {
  const text = escaped(plainMessage(message, options));
  if (text.trim() === '') return 'A message without text';
  const most = limits.fallbackText;
  if (text.length <= most) return text;
  // Never within an escape.
  const kept = head(text, most - 40).replace(/&\w{0,4}$/u, '');
  return `${kept}… ${(text.length - kept.length).toLocaleString('en')} more characters`;
}

function headerOf(title: string): SlackBlock[] {
  const header: SlackBlock = { type: 'header', text: plainTextObject(cut(title, limits.header)) };
  if (title.length <= limits.header) return [header];
  const rest = title.slice(head(title, limits.header - 1).length);
  const lines = divided(line([plain(`…${rest}`)]), limits.blockText);
  return [header, ...lines.slice(0, 1).map((each): SlackBlock => richText([section(each)]))];
}

function blocksOf(parts: readonly MessagePart[], options: RenderOptions): SlackBlock[] {
  return parts.flatMap((part): SlackBlock[] => {
    switch (part.kind) {
      case 'lines':
        return part.style === 'quiet' ? part.lines.flatMap(quietBlocks) : richBlocks(part.lines, part.style);
      case 'table':
        return [tableBlock(part.columns, part.rows)];
      case 'image':
        return [imageBlock(part, options)];
      case 'buttons':
        return inSlices(part.elements, limits.actionsElements).map((elements) => ({ type: 'actions', elements }));
      default:
        return assertNever(part, 'part');
    }
  });
}

function richBlocks(lines: readonly RichLine[], style: 'lines' | 'bullets'): SlackBlock[] {
  const blocks: SlackBlock[] = [];
  let current: RichLine[] = [];
  const close = (): void => {
    if (current.length > 0) blocks.push(richText([style === 'bullets' ? bullets(current) : section(joined(current))]));
    current = [];
  };
  for (const each of lines.flatMap((one) => divided(one, limits.blockText - 1))) {
    if (linesLength([...current, each]) > limits.blockText) close();
    current.push(each);
  }
  close();
  return blocks;
}

/** A remark: small and grey where it is nothing but text; with times or links in it Slack has no literal small text. */
function quietBlocks(quiet: RichLine): SlackBlock[] {
  if (!quiet.elements.every((element) => element.type === 'text')) return richBlocks([quiet], 'lines');
  const text = quiet.elements.map((element) => (element.type === 'text' ? element.text : '')).join('');
  if (text.trim() === '') return [];
  return divided(line([plain(text)]), limits.contextText).map((piece) => ({
    type: 'context',
    elements: [
      plainTextObject(piece.elements.map((element) => (element.type === 'text' ? element.text : '')).join('')),
    ],
  }));
}

function tableBlock(columns: readonly string[], rows: readonly (readonly RichLine[])[]): SlackBlock {
  return {
    type: 'table',
    column_settings: columns.map(() => ({ is_wrapped: true })),
    rows: [
      columns.map((column) =>
        richText([section(line([{ type: 'text', text: column === '' ? ' ' : column, style: { bold: true } }]))]),
      ),
      ...rows.map((row) => row.map(cellOf)),
    ],
  };
}

function cellOf(cell: RichLine): types.RichTextBlock | types.RawTextElement {
  return cell.length === 0 ? { type: 'raw_text', text: ' ' } : richText([section(cell)]);
}

function imageBlock({ id, alt }: { id: string; alt: string }, { files }: RenderOptions): SlackBlock {
  const file = files?.get(id);
  if (file === undefined)
    return { type: 'context', elements: [plainTextObject(cut(`[picture: ${alt}]`, limits.contextText))] };
  return { type: 'image', slack_file: { id: file }, alt_text: cut(alt, limits.altText) };
}

/** Too many blocks: neighbours are drawn together first, and only then is the end cut, visibly and never a button. */
function withinCount(blocks: readonly SlackBlock[], most: number): SlackBlock[] {
  if (blocks.length <= most) return [...blocks];
  const together = mergedNeighbours(blocks);
  if (together.length <= most) return together;
  let over = together.length - most + 1;
  let hidden = 0;
  const kept: SlackBlock[] = [];
  let noticeAt = 0;
  for (const block of together.toReversed()) {
    if (over > 0 && block.type !== 'actions') {
      over -= 1;
      hidden += 1;
      noticeAt = kept.length;
      continue;
    }
    kept.push(block);
  }
  const notice: SlackBlock = { type: 'context', elements: [plainTextObject(`… ${hidden} more`)] };
  return [...kept.slice(0, noticeAt), notice, ...kept.slice(noticeAt)].toReversed();
}

function mergedNeighbours(blocks: readonly SlackBlock[]): SlackBlock[] {
  const merged: SlackBlock[] = [];
  for (const block of blocks) {
    const last = merged.at(-1);
    if (
      last?.type === 'rich_text' &&
      block.type === 'rich_text' &&
      richLength(last) + richLength(block) <= limits.blockText
    ) {
      merged[merged.length - 1] = richText([...last.elements, ...block.elements]);
    } else if (
      last?.type === 'actions' &&
      block.type === 'actions' &&
      last.elements.length + block.elements.length <= limits.actionsElements
    ) {
      merged[merged.length - 1] = { type: 'actions', elements: [...last.elements, ...block.elements] };
    } else {
      merged.push(block);
    }
  }
  return merged;
}

function richLength(block: types.RichTextBlock): number {
  return block.elements.reduce((sum, element) => {
    const sections = element.type === 'rich_text_list' ? element.elements : [element];
    return sum + 1 + sections.flatMap((one) => one.elements).reduce((size, each) => size + lengthOf(each), 0);
  }, 0);
}

function richText(elements: types.RichTextBlockElement[]): types.RichTextBlock {
  return { type: 'rich_text', elements };
}

function section({ elements }: RichLine): types.RichTextSection {
  return { type: 'rich_text_section', elements: [...elements] };
}

function bullets(lines: readonly RichLine[]): types.RichTextList {
  return { type: 'rich_text_list', style: 'bullet', elements: lines.filter(({ length }) => length > 0).map(section) };
}

function joined(lines: readonly RichLine[]): RichLine {
  return line(lines.flatMap(({ elements }, index) => (index === 0 ? elements : [plain('\n'), ...elements])));
}

function inSlices<T>(items: readonly T[], size: number): T[][] {
  const slices: T[][] = [];
  for (let from = 0; from < items.length; from += size) slices.push(items.slice(from, from + size));
  return slices;
}
