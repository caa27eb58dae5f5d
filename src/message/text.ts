import type { PersonGuid } from '../ground/identifiers.ts';
import type { Block, Button, DraftMessage, Intent, Span, StaticBlock, Text, Tone } from './model.ts';

export function strong(text: string): Span {
  return { kind: 'strong', text };
}

export function code(text: string): Span {
  return { kind: 'code', text };
}

export function time(instant: Date | string): Span {
  return { kind: 'time', instant: typeof instant === 'string' ? instant : instant.toISOString() };
}

export function person(who: { guid: PersonGuid; displayName: string }): Span {
  return { kind: 'person', guid: who.guid, name: who.displayName };
}

/** Joins strings and spans: `text('Approved by ', person(otto), ' at ', time(at))`. */
export function text(...parts: readonly (string | Span)[]): Text {
  return parts.map((part): Span => (typeof part === 'string' ? { kind: 'plain', text: part } : part));
}

export function paragraph(...parts: readonly (string | Span)[]): StaticBlock {
  return { kind: 'text', text: text(...parts) };
}

export function note(...parts: readonly (string | Span)[]): StaticBlock {
  return { kind: 'text', text: text(...parts), quiet: true };
}

export function list(...items: readonly Text[]): StaticBlock {
  return { kind: 'list', items };
}

export function buttons(...row: readonly Button<Intent>[]): Block<Intent> {
  return { kind: 'buttons', buttons: row };
}

export function button(
  label: string,
  command: string,
  args: Intent['args'],
  options: Omit<Button<Intent>, 'label' | 'action'> & { epoch?: string | number } = {},
): Button<Intent> {
  const { epoch, ...rest } = options;
  return { label, action: epoch === undefined ? { command, args } : { command, args, epoch }, ...rest };
}

/** A message of one paragraph. */
export function remark(tone: Tone, ...parts: readonly (string | Span)[]): DraftMessage {
  return { tone, blocks: [paragraph(...parts)] };
}

/** Blocks, sentences or buttons in their order, without those whose condition does not hold: `present(a, isLate && b)`. */
export function present<T>(...parts: readonly (T | false | null | undefined)[]): T[] {
  return parts.filter((part): part is T => part !== false && part !== null && part !== undefined);
}
