/** Forms as modals, and what was typed into them back as values. */
import type { types } from '@slack/bolt';
import { z } from 'zod';
import type { MessageRef, Place } from '../../src/ground/addresses.ts';
import { assertNever } from '../../src/ground/errors.ts';
import { cleanAnswer } from '../../src/language/sentence.ts';
import type { Field, Form, FormValue, FormValues } from '../../src/message/model.ts';
import { visible } from '../../src/message/safe.ts';
import type { TimeOptions } from '../../src/message/times.ts';
import { addressesIn } from '../../src/message/words.ts';
import { limits } from './limits.ts';
import { plainTextObject } from './parts.ts';
import { renderBlocks, type SlackBlock } from './render.ts';
import { bold, cut, head, line, plain } from './rich-text.ts';

export const formCallback = 'form';

type ModalBlock = SlackBlock | types.InputBlock;
type Modal = Omit<types.ModalView, 'blocks'> & { blocks: ModalBlock[] };

/** What travels with the modal: the stored action of its submit button, and where it was asked for. */
export const FormOrigin = z.object({
  action: z.string().min(1),
  place: z.string().optional(),
  thread: z.string().optional(),
});
export type FormOrigin = z.infer<typeof FormOrigin>;

/** What was typed before, and sentences that Slack can show beside a field only while it waits for an answer. */
type Filled = { values?: FormValues; errors?: Readonly<Record<string, string>> };

export function renderForm(
  form: Form,
  options: TimeOptions & Filled,
  origin: { place?: Place | undefined; thread?: MessageRef | undefined } = {},
): Modal {
  const title = visible(form.title);
  const submit = visible(form.submit.label);
  const { values = {}, errors = {} } = options;
  const top: ModalBlock[] = [
    ...(title.length > limits.modalTitle ? [richLine([bold(cut(title, limits.blockText))])] : []),
    ...errorBlocks(form, errors),
    ...renderBlocks(form.intro ?? [], { ...options, tables: false, mostBlocks: 20 }),
  ];
  const fields = form.fields.map((field) => fieldBlock(field, values[field.id]));
  const whole: ModalBlock = { type: 'context', elements: [plainTextObject(cut(submit, limits.contextText))] };
  const end = submit.length > limits.modalButton ? [whole] : [];
  return {
    type: 'modal',
    callback_id: formCallback,
    private_metadata: metadata({ action: form.submit.action, place: origin.place, thread: origin.thread }),
    title: plainTextObject(cut(title, limits.modalTitle)),
    submit: plainTextObject(cut(submit === '' ? 'Send' : submit, limits.modalButton)),
    close: plainTextObject('Cancel'),
    blocks: [...top, ...fields, ...end],
  };
}

/** A modal that only says something, for a form whose answer came too late to close it. */
export function renderNotice(title: string, sentence: string): Modal {
  return {
    type: 'modal',
    title: plainTextObject(cut(visible(title), limits.modalTitle)),
    close: plainTextObject('Close'),
    blocks: [richLine([plain(cut(visible(sentence), limits.blockText))])],
  };
}

const Option = z.object({ value: z.string() });
const Element = z.object({
  value: z.string().nullish(),
  selected_option: Option.nullish(),
  selected_options: z.array(Option).nullish(),
});
const State = z.record(z.string(), z.record(z.string(), Element));

/** Values by field id; the element's action_id names the field's kind, so that nothing else need be remembered. */
export function readFormValues(state: unknown): Record<string, FormValue> {
  const answered = Object.entries(State.parse(state)).flatMap(([field, elements]) =>
    Object.entries(elements).map(([kind, element]) => [field, readValue(kind, element)] as const),
  );
  return Object.fromEntries(answered.flatMap(([field, value]) => (value === undefined ? [] : [[field, value]])));
}

function readValue(kind: string, element: z.infer<typeof State>[string][string]): FormValue | undefined {
  switch (kind) {
    case 'choice':
      return element.selected_option?.value;
    case 'confirm':
      return (element.selected_options ?? []).length > 0;
    case 'addresses':
      return addressesIn(element.value ?? '');
    case 'text':
    case 'typed':
      return element.value ?? '';
    default:
      return undefined; // None of ours.
  }
}

/** Errors for Slack's acknowledgement: beside their fields, and what belongs to no field beside the last one. */
export function errorsOf(errors: Readonly<Record<string, string>>, fields: readonly string[]): Record<string, string> {
  const beside: Record<string, string> = {};
  const last = fields.at(-1);
  for (const [id, sentence] of Object.entries(errors)) {
    const at = fields.includes(id) ? id : last;
    if (at === undefined) continue;
    beside[at] = beside[at] === undefined ? visible(sentence) : `${beside[at]} ${visible(sentence)}`;
  }
  return beside;
}

function fieldBlock(field: Field, value: FormValue | undefined): types.InputBlock {
  const hint = hintOf(field);
  const label = visible(field.label).trim() === '' ? '…' : visible(field.label);
  return {
    type: 'input',
    block_id: cut(field.id, limits.blockId),
    label: plainTextObject(cut(label, limits.inputLabel)),
    element: elementOf(field, value),
    optional: !field.required,
    ...(hint === undefined ? {} : { hint: plainTextObject(cut(hint, limits.inputHint)) }),
  };
}

function hintOf(field: Field): string | undefined {
  const hint = field.hint === undefined ? undefined : visible(field.hint);
  if (field.kind === 'typed') return [`Type “${visible(field.show)}” as shown.`, hint].filter(Boolean).join(' ');
  if (field.kind !== 'choice') return hint;
  const notes = field.options.flatMap(({ label, hint: more = '' }) =>
    more.length > limits.optionDescription ? [`${visible(label)}: ${visible(more)}`] : [],
  );
  const all = [hint, ...notes].filter((one) => one !== undefined);
  return all.length === 0 ? undefined : all.join(' ');
}

function elementOf(field: Field, value: FormValue | undefined): types.InputBlock['element'] {
  switch (field.kind) {
    case 'text':
    case 'typed':
    case 'addresses': {
      const initial = initialText(field, value);
      return {
        type: 'plain_text_input',
        action_id: field.kind,
        multiline: field.kind === 'addresses' || (field.kind === 'text' && field.multiline),
        ...(field.kind === 'text' ? { max_length: Math.min(field.maxLength, limits.inputLength) } : {}),
        ...(initial === '' ? {} : { initial_value: head(initial, limits.inputLength) }),
      };
    }
    case 'confirm': {
      const options = [{ text: plainTextObject('Yes'), value: 'yes' }];
      return {
        type: 'checkboxes',
        action_id: 'confirm',
        options,
        ...(value === true ? { initial_options: options } : {}),
      };
    }
    case 'choice':
      return choiceElement(field, value);
    default:
      return assertNever(field, 'field');
  }
}

type Choice = Extract<Field, { kind: 'choice' }>;

function choiceElement(field: Choice, value: FormValue | undefined): types.InputBlock['element'] {
  const options = field.options.map((option) => ({
    text: plainTextObject(optionLabel(option.label)),
    value: option.value,
    ...(option.hint === undefined || option.hint === ''
      ? {}
      : { description: plainTextObject(cut(visible(option.hint), limits.optionDescription)) }),
  }));
  const chosen = options.find((option) => option.value === (value ?? field.initial));
  const initial = chosen === undefined ? {} : { initial_option: chosen };
  if (options.length <= limits.radioOptions) return { type: 'radio_buttons', action_id: 'choice', options, ...initial };
  const placeholder = plainTextObject('Choose…');
  if (options.length <= limits.selectOptions)
    return { type: 'static_select', action_id: 'choice', placeholder, options, ...initial };
  const groups: { label: types.PlainTextElement; options: typeof options }[] = [];
  for (let from = 0; from < options.length; from += limits.selectOptions) {
    const slice = options.slice(from, from + limits.selectOptions);
    groups.push({ label: plainTextObject(`${from + 1} to ${from + slice.length}`), options: slice });
  }
  return { type: 'static_select', action_id: 'choice', placeholder, option_groups: groups, ...initial };
}

function optionLabel(label: string): string {
  const seen = visible(label);
  return seen.trim() === '' ? '…' : cut(seen, limits.optionText);
}

function initialText(field: Field, value: FormValue | undefined): string {
  const initial = field.kind === 'text' || field.kind === 'addresses' ? (field.initial ?? '') : '';
  const text = typeof value === 'object' ? value.join(', ') : typeof value === 'string' ? value : initial;
  // Lines stay: this is a field to type in, not a line of a card.
  return cleanAnswer(text).replaceAll(/[\u2028\u2029]/gu, '\n');
}

function errorBlocks(form: Form, errors: Readonly<Record<string, string>>): ModalBlock[] {
  return Object.entries(errors).map(([id, sentence]) => {
    const label = form.fields.find((field) => field.id === id)?.label;
    return richLine([bold(label === undefined ? '⚠ ' : `⚠ ${visible(label)}: `), plain(cut(visible(sentence), 1_000))]);
  });
}

function richLine(elements: Parameters<typeof line>[0]): SlackBlock {
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [...line(elements).elements] }] };
}

function metadata(origin: FormOrigin): string {
  const text = JSON.stringify(origin);
  return text.length <= limits.privateMetadata ? text : JSON.stringify({ action: origin.action });
}
