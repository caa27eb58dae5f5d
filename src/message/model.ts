import { z } from 'zod';

const words = z.string();

/** Text is never marked up: a renderer escapes `text` for its platform. */
export const Span = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('plain'), text: words }),
  z.object({ kind: z.literal('strong'), text: words }),
  z.object({ kind: z.literal('code'), text: words }),
  /** An instant (ISO 8601, UTC), shown relative and exact in the reader's zone where the platform can. */
  z.object({ kind: z.literal('time'), instant: words }),
  /** `guid` is the person's PersonGuid. */
  z.object({ kind: z.literal('person'), guid: words, name: words }),
  z.object({ kind: z.literal('link'), text: words, url: words }),
]);
export type Span = z.infer<typeof Span>;

export const Text = z.array(Span).readonly();
export type Text = z.infer<typeof Text>;

export type Tone = 'neutral' | 'success' | 'warning' | 'danger';

/** done ✔, active (under way), waiting (not begun), failed ✘, unknown (cannot be seen). */
const StepMark = z.enum(['done', 'active', 'waiting', 'failed', 'unknown']);
export type StepMark = z.infer<typeof StepMark>;

/** What a button does when pressed: the command's id and its arguments as the command's schema takes them. */
export type Intent = {
  command: string;
  args: Readonly<Record<string, unknown>>;
  /** The same intent on the same subject is the same button; a new epoch makes it a new one (ask again, next round). */
  epoch?: string | number;
};

export type Button<Action = string> = {
  label: string;
  action: Action;
  style?: 'primary' | 'danger';
  /** Asked before the click counts, where the platform can ask. */
  confirm?: { title: string; text: string; ok: string };
  /** Its click is answered with a form: a platform that must know beforehand opens a dialog for it. Set when it is minted. */
  opensForm?: true;
};

/** A block in which nothing can be pressed. */
export const StaticBlock = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('text'), text: Text, quiet: z.boolean().exactOptional() }),
  z.object({ kind: z.literal('fields'), fields: z.array(z.object({ label: words, value: Text })).readonly() }),
  z.object({
    kind: z.literal('table'),
    columns: z.array(words).readonly(),
    rows: z.array(z.array(Text).readonly()).readonly(),
  }),
  z.object({ kind: z.literal('list'), items: z.array(Text).readonly(), ordered: z.boolean().exactOptional() }),
  z.object({ kind: z.literal('steps'), steps: z.array(z.object({ mark: StepMark, text: Text })).readonly() }),
  /** `id` names a PNG in the store (table `image`); width and height in pixels. */
  z.object({ kind: z.literal('image'), id: words, alt: words, width: z.number(), height: z.number() }),
]);
export type StaticBlock = z.infer<typeof StaticBlock>;

export type Block<Action = string> = StaticBlock | { kind: 'buttons'; buttons: readonly Button<Action>[] };

export type Message<Action = string> = {
  title?: string;
  tone: Tone;
  blocks: readonly Block<Action>[];
};

const labelled = { id: words, label: words, required: z.boolean(), hint: words.exactOptional() };

export const Field = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('choice'),
    ...labelled,
    options: z.array(z.object({ value: words, label: words, hint: words.exactOptional() })).readonly(),
    initial: words.exactOptional(),
  }),
  z.object({
    kind: z.literal('text'),
    ...labelled,
    multiline: z.boolean(),
    maxLength: z.number(),
    initial: words.exactOptional(),
  }),
  /** One tick; `required` means that it must be ticked. Answers with `true` or `false`. */
  z.object({ kind: z.literal('confirm'), ...labelled }),
  /** The person types exactly what is shown in `show` (a device's name and id ending), so that a wrong phone is noticed. */
  z.object({ kind: z.literal('typed'), ...labelled, show: words }),
  /** E-mail addresses, separated by commas, blanks or lines. Answers with a list. */
  z.object({ kind: z.literal('addresses'), ...labelled, initial: words.exactOptional() }),
]);
export type Field = z.infer<typeof Field>;

const FormValue = z.union([words, z.boolean(), z.array(words).readonly()]);
export type FormValue = z.infer<typeof FormValue>;

/** Answers to a form, by field id: what the adapter read, before the command's schema parses it. */
export const FormValues = z.record(words, FormValue).readonly();
export type FormValues = z.infer<typeof FormValues>;

export type Form<Action = string> = {
  /** Stable name of the form (`wipe`, `deny`), not of one showing. */
  id: string;
  title: string;
  /** Shown above the fields. */
  intro?: readonly StaticBlock[];
  fields: readonly Field[];
  submit: { label: string; action: Action; style?: 'primary' | 'danger' };
};

/** What a command gives back in the same turn; everything else people see comes by delivery. */
export type Answer<Action = string> = {
  /** Only the actor sees it. */
  private?: Message<Action>;
  form?: Form<Action>;
  /** Sentences beside the fields of the form that was just submitted; the form stays open. */
  fieldErrors?: Readonly<Record<string, string>>;
};

export type DraftMessage = Message<Intent>;
export type DraftForm = Form<Intent>;
export type DraftAnswer = Answer<Intent>;
