/**
 * A form as questions, one line each: pure steps from an open form and a typed line to the next question or the values.
 * A line that is a JSON object answers all fields at once, for scripts.
 * Empty text is sent as '', an empty address list as [], an open tick as false; an unanswered choice is left out.
 */
import { assertNever } from '../../src/ground/errors.ts';
import { type Field, type Form, type FormValue, FormValues } from '../../src/message/model.ts';
import { visible } from '../../src/message/safe.ts';
import { addressesIn } from '../../src/message/words.ts';

export type OpenForm = {
  readonly form: Form;
  readonly values: FormValues;
  /** Fields still to be asked, in order; the first is being asked. */
  readonly asking: readonly Field[];
  /** Sentences beside fields, by field id, from the last submission. */
  readonly errors: Readonly<Record<string, string>>;
};

export type FormStep =
  | { kind: 'ask'; open: OpenForm }
  /** The same question again, and why. */
  | { kind: 'again'; sentence: string }
  | { kind: 'submit'; open: OpenForm }
  | { kind: 'cancel' };

export function openForm(form: Form): OpenForm {
  const values = Object.fromEntries(
    form.fields.flatMap((field) => {
      const initial = initialOf(field);
      return initial === undefined ? [] : [[field.id, initial]];
    }),
  );
  return { form, values, asking: form.fields, errors: {} };
}

/** The form after its submission was refused: what was typed is kept, and only the fields with an error are asked again. */
export function withErrors(open: OpenForm, errors: Readonly<Record<string, string>>): OpenForm {
  const wrong = open.form.fields.filter((field) => errors[field.id] !== undefined);
  return { ...open, errors, asking: wrong.length > 0 ? wrong : open.form.fields };
}

/** Sentences that belong to no field of the form: shown above it. */
export function looseErrors(open: OpenForm): readonly string[] {
  const known = new Set(open.form.fields.map((field) => field.id));
  return Object.entries(open.errors)
    .filter(([id]) => !known.has(id))
    .map(([, sentence]) => sentence);
}

export function answerForm(open: OpenForm, line: string): FormStep {
  const bare = line.trim();
  if (bare.toLowerCase() === 'cancel') return { kind: 'cancel' };
  if (bare.toLowerCase() === 'back') return stepBack(open);
  const [field, ...rest] = open.asking;
  if (field === undefined) return { kind: 'submit', open };
  const all = valuesOf(bare);
  if (all !== undefined) return { kind: 'submit', open: { ...open, values: { ...open.values, ...all }, asking: [] } };
  const read = readAnswer(field, bare, open.values[field.id]);
  if (read.kind === 'again') return read;
  const values = { ...open.values };
  if (read.value === undefined) delete values[field.id];
  else values[field.id] = read.value;
  const next = { ...open, values, asking: rest };
  return rest.length === 0 ? { kind: 'submit', open: next } : { kind: 'ask', open: next };
}

/** The question before, with its answer kept; the first one is asked again. After a refused submission any field may be mended. */
function stepBack(open: OpenForm): FormStep {
  const [field] = open.asking;
  const at = field === undefined ? open.form.fields.length : open.form.fields.indexOf(field);
  return { kind: 'ask', open: { ...open, asking: open.form.fields.slice(Math.max(at - 1, 0)) } };
}

/** The question for the field being asked: its lines, and the short words of the prompt. */
export function question(open: OpenForm): { lines: readonly string[]; prompt: string } {
  const [field] = open.asking;
  if (field === undefined) return { lines: lastLook(open), prompt: 'send?>' };
  const place = open.form.fields.indexOf(field) + 1;
  const error = open.errors[field.id];
  const kept = shownValue(field, open.values[field.id]);
  const lines = [
    `${place} of ${open.form.fields.length} · ${visible(field.label)}${error === undefined ? wanted(field) : ''}`,
    ...(field.hint === undefined ? [] : [`  ${visible(field.hint)}`]),
  ];
  if (error !== undefined) lines.push(`✘ ${visible(error)}`);
  if (field.kind === 'choice') {
    for (const [index, option] of field.options.entries()) {
      lines.push(
        `  ${index + 1} ${visible(option.label)}${option.hint === undefined ? '' : `: ${visible(option.hint)}`}`,
      );
    }
  }
  if (field.kind === 'typed') lines.push(`  Type: ${visible(field.show)}`);
  if (kept !== undefined) lines.push(`  Empty line keeps: ${kept}${field.required ? '' : ' (- empties it)'}`);
  return { lines, prompt: `${visible(field.id)}>` };
}

/** What will be sent, as it stands before it is. */
function lastLook({ form, values }: OpenForm): string[] {
  const answers = form.fields.map(
    (field) => `  ${visible(field.label)}: ${shownValue(field, values[field.id]) ?? '-'}`,
  );
  return [
    `${visible(form.title)}: this will be sent.`,
    ...answers,
    `y sends it (${visible(form.submit.label)}) · back goes to the last question · cancel leaves the form`,
  ];
}

function valuesOf(line: string): FormValues | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return FormValues.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // A reason may begin with a brace.
  }
}

type Read = { kind: 'value'; value: FormValue | undefined } | { kind: 'again'; sentence: string };

function readAnswer(field: Field, line: string, kept: FormValue | undefined): Read {
  if (line === '' && !isEmpty(kept)) return { kind: 'value', value: kept };
  if (line === '' || (line === '-' && !field.required)) {
    if (!field.required) return { kind: 'value', value: emptyOf(field) };
    return again('An answer is needed here; "cancel" leaves the form.');
  }
  switch (field.kind) {
    case 'choice': {
      const option = field.options.find(
        (one, index) =>
          line === String(index + 1) || line === one.value || line.toLowerCase() === one.label.toLowerCase(),
      );
      if (option !== undefined) return { kind: 'value', value: option.value };
      return again(`Choose one by its number, 1 to ${field.options.length}.`);
    }
    case 'text': {
      const length = [...line].length;
      if (length <= field.maxLength) return { kind: 'value', value: line };
      return again(`At most ${field.maxLength} characters; this has ${length}.`);
    }
    case 'confirm': {
      if (/^(y|yes|x|true)$/i.test(line)) return { kind: 'value', value: true };
      if (!/^(n|no|false)$/i.test(line)) return again('Answer y or n.');
      if (field.required) return again('This must be ticked (y); "cancel" leaves the form.');
      return { kind: 'value', value: false };
    }
    case 'typed':
      return { kind: 'value', value: line };
    case 'addresses':
      return { kind: 'value', value: addressesIn(line) };
    default:
      return assertNever(field, 'field');
  }
}

function again(sentence: string): Read {
  return { kind: 'again', sentence };
}

function wanted({ kind, required }: Field): string {
  if (kind === 'confirm') return required ? ' (y, needed)' : ' (y/n)';
  return required ? '' : ' (may be empty)';
}

function initialOf(field: Field): FormValue | undefined {
  if (field.kind === 'choice') return field.initial;
  if (field.kind === 'addresses') return addressesIn(field.initial ?? '');
  return field.kind === 'text' ? (field.initial ?? '') : emptyOf(field);
}

function emptyOf(field: Field): FormValue | undefined {
  if (field.kind === 'confirm') return false;
  if (field.kind === 'addresses') return [];
  return field.kind === 'choice' ? undefined : '';
}

function isEmpty(value: FormValue | undefined): boolean {
  return value === undefined || value === '' || value === false || (Array.isArray(value) && value.length === 0);
}

function shownValue(field: Field, value: FormValue | undefined): string | undefined {
  if (value === undefined || isEmpty(value)) return undefined;
  if (value === true) return 'y';
  if (field.kind === 'choice') return visible(field.options.find((option) => option.value === value)?.label ?? '');
  return visible(typeof value === 'object' ? value.join(', ') : String(value));
}
