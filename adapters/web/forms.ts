/** Forms as HTML forms: every field with its label, hint and error; what was typed stays when something was wrong. */

import { assertNever } from '../../src/ground/errors.ts';
import type { Field, Form, FormValue, FormValues } from '../../src/message/model.ts';
import { visible } from '../../src/message/safe.ts';
import { addressesIn } from '../../src/message/words.ts';
import { type Html, h } from './html.ts';
import { type Canvas, hiddenFields, renderBlock, words } from './render.ts';

export type OpenForm = {
  readonly form: Form;
  readonly values: FormValues;
  /** Sentences beside fields, by field id, from the last submission. */
  readonly errors: Readonly<Record<string, string>>;
};

export function renderForm({ form, values, errors }: OpenForm, canvas: Canvas): Html {
  const known = new Set(form.fields.map(({ id }) => id));
  const loose = Object.entries(errors).filter(([id]) => !known.has(id));
  const heading = `${canvas.dom}-title`;
  return h(
    'form',
    { method: 'post', action: '/submit', class: 'card form', 'aria-labelledby': heading, noValidate: true },
    hiddenFields({ ...canvas.hidden, message: canvas.id }),
    h('h3', { id: heading, tabIndex: -1 }, words(form.title)),
    Object.keys(errors).length === 0 ? null : h('p', { class: 'error', role: 'alert' }, 'Not sent yet.'),
    loose.map(([, sentence]) => h('p', { class: 'error' }, words(sentence))),
    (form.intro ?? []).map((block) => renderBlock(block, canvas)),
    form.fields.map((field) => renderField(field, values[field.id], errors[field.id], `${canvas.dom}-${field.id}`)),
    h(
      'p',
      { class: 'buttons' },
      h(
        'button',
        { type: 'submit', name: 'action', value: form.submit.action, class: form.submit.style ?? 'primary' },
        words(form.submit.label),
      ),
      h('button', { type: 'submit', class: 'plain', formAction: '/leave' }, 'Cancel'),
    ),
  );
}

function renderField(field: Field, value: FormValue | undefined, error: string | undefined, id: string): Html {
  const beside: readonly (readonly [name: string, kind: string, said: Html])[] = [
    ...(field.kind === 'typed'
      ? [['show', 'hint', ['Type as shown: ', h('code', {}, words(field.show))]] as const]
      : []),
    ...(field.hint === undefined ? [] : [['hint', 'hint', words(field.hint)] as const]),
    ...(error === undefined ? [] : [['error', 'error', words(error)] as const]),
  ];
  const hints = beside.map(([name, kind, said]) => h('p', { class: kind, id: `${id}-${name}` }, said));
  const described = beside.map(([name]) => `${id}-${name}`).join(' ');
  const common = {
    id,
    name: `field.${field.id}`,
    ...(described === '' ? {} : { 'aria-describedby': described }),
    ...(error === undefined ? {} : { 'aria-invalid': 'true' as const }),
    ...(field.required ? { required: true } : {}),
  };
  const label: Html = [words(field.label), field.required ? null : h('span', { class: 'hint' }, ' (may be empty)')];
  const labelled = (control: Html): Html =>
    h('div', { class: 'field' }, h('label', { htmlFor: id }, label), hints, control);
  switch (field.kind) {
    case 'choice': {
      const chosen = value ?? field.initial;
      const legend = h('legend', {}, label);
      const options = field.options.map((option, index) =>
        h(
          'label',
          { class: 'option' },
          h('input', {
            ...common,
            id: index === 0 ? id : `${id}-${index}`,
            type: 'radio',
            value: option.value,
            checked: option.value === chosen,
          }),
          h(
            'span',
            {},
            words(option.label),
            option.hint === undefined ? null : h('span', { class: 'hint' }, ` ${words(option.hint)}`),
          ),
        ),
      );
      return h('fieldset', { class: 'field' }, legend, hints, options);
    }
    case 'text': {
      const text = value === undefined ? initialOf(field) : textOf(value);
      const { maxLength } = field;
      return labelled(
        field.multiline
          ? h('textarea', { ...common, maxLength, rows: 3 }, text)
          : h('input', { ...common, type: 'text', maxLength, value: text, autoComplete: 'off' }),
      );
    }
    case 'typed':
      return labelled(
        h('input', {
          ...common,
          type: 'text',
          value: textOf(value),
          autoComplete: 'off',
          autoCapitalize: 'none',
          spellcheck: false,
        }),
      );
    case 'addresses':
      return labelled(
        h('input', {
          ...common,
          type: 'text',
          value: value === undefined ? initialOf(field) : textOf(value),
          inputMode: 'email',
          autoComplete: 'off',
        }),
      );
    case 'confirm':
      return h(
        'div',
        { class: 'field' },
        h(
          'label',
          { class: 'option' },
          h('input', { ...common, type: 'checkbox', value: 'true', checked: value === true }),
          h('span', {}, label, field.required ? h('span', { class: 'hint' }, ' (must be ticked)') : null),
        ),
        hints,
      );
    default:
      return assertNever(field, 'field');
  }
}

/** Of several lines, where the field has them. */
function initialOf({ initial = '' }: { readonly initial?: string }): string {
  return initial.split('\n').map(visible).join('\n');
}

function textOf(value: FormValue | undefined): string {
  if (value === undefined || typeof value === 'boolean') return '';
  return typeof value === 'string' ? value : value.join(', ');
}

/** What was answered, by field id. An unanswered choice is left out; anything that the form did not ask is dropped. */
export function readFormValues(form: Form, sent: Readonly<Record<string, unknown>>): FormValues {
  return Object.fromEntries(
    form.fields.flatMap((field) => {
      const value = answerOf(field, sent[`field.${field.id}`]);
      return value === undefined ? [] : [[field.id, value]];
    }),
  );
}

function answerOf(field: Field, sent: unknown): FormValue | undefined {
  const text = typeof sent === 'string' ? sent.replaceAll('\r\n', '\n') : '';
  switch (field.kind) {
    case 'choice':
      return text === '' ? undefined : text;
    case 'text':
    case 'typed':
      return text;
    case 'confirm':
      return text === 'true';
    case 'addresses':
      return addressesIn(text);
    default:
      return assertNever(field, 'field');
  }
}
