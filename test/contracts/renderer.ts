/**
 * What every renderer owes, on every sample of the gallery: nothing lost without saying so, nothing interpreted that a
 * person typed, every button there or visibly cut, no limit of the platform broken.
 */
import { describe, expect, it } from 'vitest';
import type { Block, Form, Message, Span, Text } from '../../src/message/model.ts';
import { safeUrl, visible } from '../../src/message/safe.ts';
import { gallery, galleryForms } from '../gallery/gallery.ts';

export type Rendering<Rendered> = {
  render(message: Message): Rendered;
  renderForm(form: Form): Rendered;
  /** Everything that a person can read, in order, the platform's escapes undone. Layout (rules, indents, blanks) may stay: only letters count. */
  text(rendered: Rendered): string;
  /** Layout that stands between words, to be ignored when looking for a text (a card's left rule). */
  layout?: RegExp;
  /** Ids of the actions that can be pressed or submitted; undefined where nothing can be pressed (a notification), then labels must be there. */
  actions(rendered: Rendered): readonly string[] | undefined;
  /** What breaks a limit of the platform, one sentence each; [] when all is well. */
  limits(rendered: Rendered): readonly string[];
  /** What must never stand in the raw output: mark-up that only the renderer may write (`<!channel>`, `[Approve](`, an escape sequence). */
  forbidden: readonly RegExp[];
  /** More that only this platform can say. */
  check?(rendered: Rendered, message: Message): void;
};

/** `… 212 more`, with or without the kind of thing: how every cut is announced. */
const announcedCut = /…\s*[\d,]+\s*more/;
/** What moves cursors or turns text round: nothing of the kind may leave a renderer, but isolates may (U+2068, U+2069). */
const commanding = /(?![\n\u2068\u2069])[\p{Cc}\p{Cs}\p{Bidi_Control}\u200B\u2028\u2029\uFEFF]/u;

export function rendererContract<Rendered>(name: string, rendering: Rendering<Rendered>): void {
  const { render, renderForm, text, actions, limits, forbidden, check } = rendering;
  const letters = (value: string) => {
    const bare = rendering.layout === undefined ? value : value.replaceAll(rendering.layout, '');
    return bare.replaceAll(/[\s\u2068\u2069]/gu, '');
  };

  function holds(rendered: Rendered, leaves: readonly string[]): void {
    const shown = letters(text(rendered));
    const announced = announcedCut.test(text(rendered));
    for (const leaf of leaves) {
      const wanted = letters(visible(leaf));
      if (shown.includes(wanted) || announced) continue;
      expect(cutVisibly(shown, wanted), `neither shown nor visibly cut: ${leaf.slice(0, 120)}`).toBe(true);
    }
    for (const raw of strings(rendered)) {
      expect(raw).not.toMatch(commanding);
      for (const pattern of forbidden) expect(raw).not.toMatch(pattern);
    }
    expect(limits(rendered)).toEqual([]);
  }

  function presses(rendered: Rendered, wanted: readonly { action: string; label: string }[]): void {
    const pressable = actions(rendered);
    const shown = text(rendered);
    for (const { action, label } of wanted) {
      const there =
        pressable === undefined ? letters(shown).includes(letters(visible(label))) : pressable.includes(action);
      if (!there) expect(shown, `button ${action} is neither there nor announced as cut`).toMatch(announcedCut);
    }
  }

  describe(`${name} renders`, () => {
    it.each(gallery)('$name', ({ message }) => {
      const frozen = deepFreeze(structuredClone(message));

      const rendered = render(frozen);

      expect(render(frozen)).toEqual(rendered);
      if (message.title !== undefined) {
        const start = letters(visible(message.title)).slice(0, 20);
        expect(letters(text(rendered))).toContain(start);
      }
      holds(rendered, leavesOf(message));
      presses(rendered, buttonsOf(message.blocks));
      check?.(rendered, message);
    });

    it.each(galleryForms)('the form $name', ({ form }) => {
      const frozen = deepFreeze(structuredClone(form));

      const rendered = renderForm(frozen);

      expect(renderForm(frozen)).toEqual(rendered);
      holds(rendered, leavesOfForm(form));
      presses(rendered, [form.submit]);
    });

    it('each sample keeps its meaning as JSON, as the store keeps it', () => {
      for (const { message } of gallery) expect(render(JSON.parse(JSON.stringify(message)))).toEqual(render(message));
    });
  });
}

/** The first letters are there, followed by a `…`. */
function cutVisibly(shown: string, wanted: string): boolean {
  const start = [...wanted].slice(0, 8).join('');
  let from = shown.indexOf(start);
  while (from !== -1) {
    const rest = shown.slice(from);
    const end = rest.indexOf('…');
    if (end > 0 && wanted.startsWith(rest.slice(0, end))) return true;
    from = shown.indexOf(start, from + 1);
  }
  return false;
}

function leavesOf(message: Message): string[] {
  return [...(message.title === undefined ? [] : [message.title]), ...message.blocks.flatMap(leavesOfBlock)];
}

function leavesOfForm(form: Form): string[] {
  const fields = form.fields.flatMap((field) => [
    field.label,
    ...('hint' in field && field.hint !== undefined ? [field.hint] : []),
    ...(field.kind === 'choice'
      ? field.options.flatMap((option) => [option.label, ...(option.hint === undefined ? [] : [option.hint])])
      : []),
    ...(field.kind === 'typed' ? [field.show] : []),
  ]);
  return [form.title, ...(form.intro ?? []).flatMap(leavesOfBlock), ...fields, form.submit.label];
}

function leavesOfBlock(block: Block): string[] {
  switch (block.kind) {
    case 'text':
      return leavesOfText(block.text);
    case 'fields':
      return block.fields.flatMap((field) => [field.label, ...leavesOfText(field.value)]);
    case 'table':
      // The names of the columns of an empty table carry nothing.
      return block.rows.length === 0
        ? []
        : [...block.columns, ...block.rows.flatMap((row) => row.flatMap(leavesOfText))];
    case 'list':
      return block.items.flatMap(leavesOfText);
    case 'steps':
      return block.steps.flatMap((step) => leavesOfText(step.text));
    case 'image':
      return [block.alt];
    case 'buttons':
      return block.buttons.map((button) => button.label);
  }
}

function leavesOfText(text: Text): string[] {
  return text.flatMap(leafOfSpan);
}

function leafOfSpan(span: Span): string[] {
  switch (span.kind) {
    case 'plain':
    case 'strong':
    case 'code':
      return [span.text];
    case 'person':
      return [span.name];
    case 'link':
      return safeUrl(span.url) === undefined ? [span.text, span.url] : [span.text];
    case 'time':
      return [];
  }
}

function buttonsOf(blocks: readonly Block[]): { action: string; label: string }[] {
  return blocks.flatMap((block) => (block.kind === 'buttons' ? [...block.buttons] : []));
}

/** Every string of the output, at any depth. */
function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(strings);
  return [];
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
