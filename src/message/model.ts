import type { PersonGuid } from '../ground/identifiers.ts';

/** Text is never marked up: a renderer escapes `text` for its platform. */
export type Span =
  | { kind: 'plain'; text: string }
  | { kind: 'strong'; text: string }
  | { kind: 'code'; text: string }
  /** An instant (ISO 8601, UTC), shown relative and exact in the reader's zone where the platform can. */
  | { kind: 'time'; instant: string }
  | { kind: 'person'; guid: PersonGuid; name: string }
  | { kind: 'link'; text: string; url: string };

export type Text = readonly Span[];

export type Tone = 'neutral' | 'success' | 'warning' | 'danger';

/** done ✔, active (under way), waiting (not begun), failed ✘, unknown (cannot be seen). */
export type StepMark = 'done' | 'active' | 'waiting' | 'failed' | 'unknown';

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

export type Block<Action = string> =
  | { kind: 'text'; text: Text; quiet?: boolean }
  | { kind: 'fields'; fields: readonly { label: string; value: Text }[] }
  | { kind: 'table'; columns: readonly string[]; rows: readonly (readonly Text[])[] }
  | { kind: 'list'; items: readonly Text[]; ordered?: boolean }
  | { kind: 'steps'; steps: readonly { mark: StepMark; text: Text }[] }
  /** `id` names a PNG in the store (table `image`); width and height in pixels. */
  | { kind: 'image'; id: string; alt: string; width: number; height: number }
  | { kind: 'buttons'; buttons: readonly Button<Action>[] };

export type Message<Action = string> = {
  title?: string;
  tone: Tone;
  blocks: readonly Block<Action>[];
};

export type Field =
  | {
      kind: 'choice';
      id: string;
      label: string;
      options: readonly { value: string; label: string; hint?: string }[];
      initial?: string;
      required: boolean;
      hint?: string;
    }
  | {
      kind: 'text';
      id: string;
      label: string;
      multiline: boolean;
      maxLength: number;
      required: boolean;
      initial?: string;
      hint?: string;
    }
  /** One tick; `required` means that it must be ticked. Answers with `true` or `false`. */
  | { kind: 'confirm'; id: string; label: string; required: boolean; hint?: string }
  /** The person types exactly what is shown in `show` (a device's name and id ending), so that a wrong phone is noticed. */
  | { kind: 'typed'; id: string; label: string; show: string; required: boolean; hint?: string }
  /** E-mail addresses, separated by commas, blanks or lines. Answers with a list. */
  | { kind: 'addresses'; id: string; label: string; required: boolean; initial?: string; hint?: string };

/** Answers to a form, by field id: what the adapter read, before the command's schema parses it. */
export type FormValues = Readonly<Record<string, string | boolean | readonly string[]>>;

export type Form<Action = string> = {
  /** Stable name of the form (`wipe`, `deny`), not of one showing. */
  id: string;
  title: string;
  /** Shown above the fields. */
  intro?: readonly Block<never>[];
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
