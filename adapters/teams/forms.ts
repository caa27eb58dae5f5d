/**
 * Forms as cards with inputs, shown in a dialog. What was asked travels with the answers (packed), so that any process can show
 * the form again with what was typed and what is wrong beside it.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { z } from 'zod';
import { assertNever } from '../../src/ground/errors.ts';
import type { Field, Form, FormValues } from '../../src/message/model.ts';
import type { SentValues } from './activity.ts';
import type { CardElement, Input, TeamsCard, TextRun } from './card.ts';
import { type Canvas, renderMessage } from './render.ts';
import { block, literalRuns, markdownString, plainString } from './rich-text.ts';

export type FormShowing = {
  readonly form: Form;
  /** What was typed before. */
  readonly values?: FormValues;
  /** Sentences beside fields, by field id. */
  readonly errors?: Readonly<Record<string, string>>;
  readonly key?: string;
  /** The message whose button opened it. */
  readonly card?: string;
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
  const mislaid = {
    kind: 'form',
    action: submit.action,
    form: pack(form),
    ...(key === undefined ? {} : { key }),
    ...(card === undefined ? {} : { card }),
  };
  const title = plainString(submit.label);
  const style =
    submit.style === undefined ? {} : ({ style: submit.style === 'primary' ? 'positive' : 'destructive' } as const);
  return {
    type: 'AdaptiveCard',
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    version: '1.5',
    fallbackText: `${plainString(form.title)} (This client cannot show forms; open it in a newer Teams.)`,
    body: [
      ...(canvas.inDialog === true ? [] : [block(literalRuns(form.title, { weight: 'bolder', size: 'medium' }))]),
      ...intro,
      ...loose,
      ...form.fields.flatMap((field) => drawField(field, values[field.id], errors[field.id])),
    ],
    actions: [
      canvas.inDialog === true
        ? { type: 'Action.Submit', title, ...style, data: { mislaid } }
        : { type: 'Action.Execute', title, verb: 'mislaid', ...style, data: { mislaid } },
    ],
  };
}

function drawField(field: Field, value: FormValues[string] | undefined, error: string | undefined): CardElement[] {
  return [
    ...(field.kind === 'typed'
      ? [
          block([
            ...literalRuns('As shown: ', { isSubtle: true }),
            ...literalRuns(field.show, { fontType: 'monospace', weight: 'bolder' }),
          ]),
        ]
      : []),
    ...(field.kind === 'choice' ? choiceHints(field) : []),
    input(field, value),
    ...(field.hint === undefined
      ? []
      : [block(literalRuns(field.hint, { isSubtle: true, size: 'small' }), { spacing: 'small' })]),
    ...(error === undefined ? [] : [problem(error)]),
  ];
}

function choiceHints(field: Extract<Field, { kind: 'choice' }>): CardElement[] {
  const hints = field.options.filter((option) => option.hint !== undefined);
  if (hints.length === 0 || field.options.length <= mostExpanded) return [];
  return hints.map(({ label, hint = '' }) =>
    block(literalRuns(`${label}: ${hint}`, { isSubtle: true, size: 'small' })),
  );
}

function problem(sentence: string): CardElement {
  const look = { color: 'attention', weight: 'bolder' } as const;
  return block([{ type: 'TextRun', text: '✘ ', ...look } satisfies TextRun, ...literalRuns(sentence, look)], {
    spacing: 'small',
  });
}

function input(field: Field, value: FormValues[string] | undefined): Input {
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
        choices: field.options.map((option) => ({
          title: choiceTitle(option, expanded),
          value: option.value,
        })),
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
  const values: Record<string, string | boolean | readonly string[]> = {};
  for (const field of form.fields) {
    const value = answerOf(field, sent[field.id]);
    if (value !== undefined) values[field.id] = value;
  }
  return values;
}

function answerOf(field: Field, sent: unknown): string | boolean | readonly string[] | undefined {
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
      return text.split(/[\s,;]+/u).filter((address) => address !== '');
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

const common = { id: z.string(), label: z.string(), required: z.boolean(), hint: z.string().exactOptional() };
const SpanShape = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['plain', 'strong', 'code']), text: z.string() }),
  z.object({ kind: z.literal('time'), instant: z.string() }),
  z.object({ kind: z.literal('person'), guid: z.string(), name: z.string() }),
  z.object({ kind: z.literal('link'), text: z.string(), url: z.string() }),
]);
const TextShape = z.array(SpanShape);
const Intro = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('text'), text: TextShape, quiet: z.boolean().exactOptional() }),
  z.object({ kind: z.literal('fields'), fields: z.array(z.object({ label: z.string(), value: TextShape })) }),
  z.object({ kind: z.literal('table'), columns: z.array(z.string()), rows: z.array(z.array(TextShape)) }),
  z.object({ kind: z.literal('list'), items: z.array(TextShape), ordered: z.boolean().exactOptional() }),
  z.object({
    kind: z.literal('steps'),
    steps: z.array(z.object({ mark: z.enum(['done', 'active', 'waiting', 'failed', 'unknown']), text: TextShape })),
  }),
  z.object({ kind: z.literal('image'), id: z.string(), alt: z.string(), width: z.number(), height: z.number() }),
]);
const PackedForm = z.object({
  id: z.string(),
  title: z.string(),
  intro: z.array(Intro).exactOptional(),
  fields: z.array(
    z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('choice'),
        ...common,
        options: z.array(z.object({ value: z.string(), label: z.string(), hint: z.string().exactOptional() })),
        initial: z.string().exactOptional(),
      }),
      z.object({
        kind: z.literal('text'),
        ...common,
        multiline: z.boolean(),
        maxLength: z.number(),
        initial: z.string().exactOptional(),
      }),
      z.object({ kind: z.literal('confirm'), ...common }),
      z.object({ kind: z.literal('typed'), ...common, show: z.string() }),
      z.object({ kind: z.literal('addresses'), ...common, initial: z.string().exactOptional() }),
    ]),
  ),
  submit: z.object({ label: z.string(), action: z.string(), style: z.enum(['primary', 'danger']).exactOptional() }),
});
