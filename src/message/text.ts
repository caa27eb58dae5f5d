import type { PersonGuid } from '../ground/identifiers.ts';
import type { Block, Button, Intent, Span, StepMark, Text } from './model.ts';

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

export function paragraph(...parts: readonly (string | Span)[]): Block<never> {
  return { kind: 'text', text: text(...parts) };
}

export function note(...parts: readonly (string | Span)[]): Block<never> {
  return { kind: 'text', text: text(...parts), quiet: true };
}

export function list(...items: readonly Text[]): Block<never> {
  return { kind: 'list', items };
}

export function steps(...rows: readonly (readonly [StepMark, Text])[]): Block<never> {
  return { kind: 'steps', steps: rows.map(([mark, row]) => ({ mark, text: row })) };
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
