/**
 * Forms as cards with inputs, shown in a dialog. What was asked travels with the answers (packed), so that any process can show
 * the form again with what was typed and what is wrong beside it.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { z } from 'zod';
import { assertNever } from '../../src/ground/errors.ts';
import { Field, type Form, type FormValue, type FormValues, StaticBlock } from '../../src/message/model.ts';
import { addressesIn } from '../../src/message/words.ts';
import type { SentValues } from './activity.ts';
import type { CardElement, Input, TeamsCard, TextRun } from './card.ts';
import { type Canvas, renderMessage, styleOf } from './render.ts';
import { block, literalRuns, markdownString, plainString } from './rich-text.ts';

export type FormShowing = {
  readonly form: Form;
  /** What was typed before. */
  readonly values?: FormValues;
  /** Sentences beside fields, by field id. */
  readonly errors?: Readonly<Record<string, string>>;
  readonly key?: string | undefined;
  /** The message whose button opened it. */
  readonly card?: string | undefined;
};

/** More choices are offered as a list that opens. */
const mostExpanded = 6;
/** A packed form is some 2 KB; anything larger is not ours. */
const mostUnpacked = 100_000;

export function renderForm(showing: FormShowing, canvas: Canvas): TeamsCard {
  const { form, values = {}, errors = {}, key, card } = showing;
  const intro = renderMessage({ tone: 'neutral', blocks: form.intro ?? [] }, canvas).body;
  const known = new Set(form.fields.map((field) => field.id));
  const loose = Object.entries(errors).flatMap(([id, sentence]) => (known.has(id) ? [] : [problem(sentence)]));
  const { submit } = form;
  const mislaid = { kind: 'form', action: submit.action, form: pack(form), key, card };
  const title = plainString(submit.label);
  const style = styleOf(submit);
  return {
    type: 'AdaptiveCard',
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    version: '1.5',
    fallbackText: `${plainString(form.title)} (This client cannot show forms; open it in a newer Teams.)`,
    body: [
      ...(canvas.inDialog === true ? [] : [block(literalRuns(form.title, { weight: 'bolder', size: 'medium' }))]),
      ...intro,
      ...loose,
      ...form.fields.flatMap((field) => renderField(field, values[field.id], errors[field.id])),
    ],
    actions: [
      canvas.inDialog === true
        ? { type: 'Action.Submit', title, ...style, data: { mislaid } }
        : { type: 'Action.Execute', title, verb: 'mislaid', ...style, data: { mislaid } },
    ],
  };
}

function renderField(field: Field, value: FormValue | undefined, error: string | undefined): CardElement[] {
  const elements: CardElement[] = [];
  if (field.kind === 'typed') {
    const shown = literalRuns(field.show, { fontType: 'monospace', weight: 'bolder' });
    elements.push(block([...literalRuns('As shown: ', { isSubtle: true }), ...shown]));
  }
  if (field.kind === 'choice' && field.options.length > mostExpanded) {
    for (const { label, hint } of field.options) {
      if (hint !== undefined) elements.push(block(literalRuns(`${label}: ${hint}`, small)));
    }
  }
  elements.push(input(field, value));
  if (field.hint !== undefined) elements.push(block(literalRuns(field.hint, small), { spacing: 'small' }));
  if (error !== undefined) elements.push(problem(error));
  return elements;
}

const small = { isSubtle: true, size: 'small' } as const;

function problem(sentence: string): CardElement {
  const style = { color: 'attention', weight: 'bolder' } as const;
  return block([{ type: 'TextRun', text: '✘ ', ...style } satisfies TextRun, ...literalRuns(sentence, style)], {
    spacing: 'small',
  });
}

function input(field: Field, value: FormValue | undefined): Input {
  const common = {
    id: field.id,
    label: plainString(field.label),
    ...(field.required ? { isRequired: true, errorMessage: 'An answer is needed here.' } : {}),
  };
  const typed = typeof value === 'string' && value !== '' ? { value } : {};
  switch (field.kind) {
    case 'choice': {
      const expanded = field.options.length <= mostExpanded;
      const chosen = typeof value === 'string' && value !== '' ? value : field.initial;
      return {
        type: 'Input.ChoiceSet',
        ...common,
        style: expanded ? 'expanded' : 'compact',
        wrap: true,
        choices: field.options.map((option) => ({ title: choiceTitle(option, expanded), value: option.value })),
        ...(chosen === undefined ? {} : { value: chosen }),
      };
    }
    case 'text':
      return {
        type: 'Input.Text',
        ...common,
        isMultiline: field.multiline,
        maxLength: field.maxLength,
        ...(field.initial === undefined ? {} : { value: plainString(field.initial) }),
        ...typed,
      };
    case 'typed':
      return { type: 'Input.Text', ...common, ...typed };
    case 'confirm':
      return {
        type: 'Input.Toggle',
        id: field.id,
        title: markdownString(field.label),
        wrap: true,
        valueOn: 'true',
        valueOff: 'false',
        value: value === true ? 'true' : 'false',
        ...(field.required ? { isRequired: true, errorMessage: 'This must be ticked.' } : {}),
      };
    case 'addresses': {
      const kept = Array.isArray(value) ? value.join(', ') : undefined;
      const shown = kept ?? (field.initial === undefined ? undefined : plainString(field.initial));
      return { type: 'Input.Text', ...common, ...(shown === undefined ? {} : { value: shown }) };
    }
    default:
      return assertNever(field, 'field');
  }
}

function choiceTitle(option: { label: string; hint?: string }, expanded: boolean): string {
  if (!expanded) return plainString(option.label);
  return markdownString(option.hint === undefined ? option.label : `${option.label}: ${option.hint}`);
}

/** What was answered, by field id. An unanswered choice is left out; anything that the form did not ask is dropped. */
export function readFormValues(form: Form, sent: SentValues): FormValues {
  return Object.fromEntries(
    form.fields.flatMap((field) => {
      const value = answerOf(field, sent[field.id]);
      return value === undefined ? [] : [[field.id, value]];
    }),
  );
}

function answerOf(field: Field, sent: unknown): FormValue | undefined {
  const text = typeof sent === 'string' ? sent : '';
  switch (field.kind) {
    case 'choice':
      return text === '' ? undefined : text;
    case 'text':
    case 'typed':
      return text;
    case 'confirm':
      return sent === true || text === 'true';
    case 'addresses':
      return addressesIn(text);
    default:
      return assertNever(field, 'field');
  }
}

function pack(form: Form): string {
  return deflateRawSync(JSON.stringify(form)).toString('base64url');
}

/** undefined when it is no form of ours: what came back went through a client. */
export function unpack(packed: string): Form | undefined {
  try {
    const text = inflateRawSync(Buffer.from(packed, 'base64url'), { maxOutputLength: mostUnpacked }).toString('utf8');
    const parsed = PackedForm.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

const PackedForm = z.object({
  id: z.string(),
  title: z.string(),
  intro: z.array(StaticBlock).exactOptional(),
  fields: z.array(Field),
  submit: z.object({ label: z.string(), action: z.string(), style: z.enum(['primary', 'danger']).exactOptional() }),
});
