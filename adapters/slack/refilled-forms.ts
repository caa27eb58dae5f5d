/**
 * Submitted forms: the acknowledgement waits for the answer, because field errors travel in it. An answer that comes too late
 * for that is shown in the form, which stays open with all that was typed; where Slack has closed it, a button opens it again.
 */
import type { types } from '@slack/bolt';
import { z } from 'zod';
import type { Ids } from '../../src/ground/clock.ts';
import { minute } from '../../src/ground/durations.ts';
import { RecentMap } from '../../src/ground/remembered.ts';
import type { Message } from '../../src/message/model.ts';
import { visible } from '../../src/message/safe.ts';
import { paragraph, text } from '../../src/message/text.ts';
import { formCallback, readFormValues } from './forms.ts';
import { limits, reopenPrefix } from './limits.ts';
import { plainTextObject } from './parts.ts';
import type { ViewSubmission } from './payloads.ts';
import { cut } from './rich-text.ts';

type SentView = ViewSubmission['view'];

/** Ids of the fields, in order: errors can stand beside these only. */
export function fieldsOf(view: SentView): string[] {
  return view.blocks.flatMap((block) =>
    block.type === 'input' && block.block_id !== undefined ? [block.block_id] : [],
  );
}

const Block = z.custom<types.KnownBlock>((value) => typeof value === 'object' && value !== null && 'type' in value);
const Input = z.looseObject({ element: z.looseObject({ type: z.string(), action_id: z.string() }) });
const Answers = z.record(z.string(), z.record(z.string(), z.looseObject({})));

/** The same form once more, with what was typed in its fields and the errors above them. */
export function refilledForm(view: SentView, errors: Readonly<Record<string, string>>): types.ModalView {
  const values = Answers.parse(view.state.values);
  const notices = Object.entries(errors).map(([field, sentence]) => ({
    type: 'context',
    elements: [plainTextObject(cut(`⚠ ${labelOf(view, field)}${visible(sentence)}`, limits.contextText))],
  }));
  const blocks = view.blocks.filter(({ block_id: id }) => id === undefined || !id.startsWith(noticeId));
  return {
    type: 'modal',
    callback_id: formCallback,
    private_metadata: view.private_metadata,
    title: plainTextObject(cut(view.title.text, limits.modalTitle)),
    submit: plainTextObject(cut(view.submit?.text ?? 'Send', limits.modalButton)),
    close: plainTextObject('Cancel'),
    blocks: [
      ...notices.map((notice, index) => Block.parse({ ...notice, block_id: `${noticeId}${index}` })),
      ...blocks.map((block) => Block.parse(withAnswer(block, values))),
    ],
  };
}

const noticeId = 'notice-';

function labelOf(view: SentView, field: string): string {
  const label = view.blocks.find(({ block_id: id }) => id === field)?.label;
  const parsed = z.looseObject({ text: z.string() }).safeParse(label);
  return parsed.success ? `${parsed.data.text}: ` : '';
}

function withAnswer(block: SentView['blocks'][number], values: z.infer<typeof Answers>): unknown {
  if (block.type !== 'input' || block.block_id === undefined) return block;
  const { element } = Input.parse(block);
  const answer = values[block.block_id]?.[element.action_id] ?? {};
  const { initial_value: _value, initial_option: _option, initial_options: _options, ...bare } = element;
  const set: Record<string, unknown> = {};
  if (typeof answer.value === 'string' && answer.value !== '') set.initial_value = answer.value;
  if (answer.selected_option != null) set.initial_option = answer.selected_option;
  if (Array.isArray(answer.selected_options) && answer.selected_options.length > 0) {
    set.initial_options = answer.selected_options;
  }
  return { ...block, element: { ...bare, ...set } };
}

const keptMs = 15 * minute;
const mostKept = 200;

/** Forms that Slack closed before their answer came, kept for a while in this process. */
export class KeptForms {
  readonly #kept = new RecentMap<string, { user: string; view: types.ModalView; at: number }>(mostKept);
  readonly #ids: Ids;

  constructor(ids: Ids) {
    this.#ids = ids;
  }

  keep(user: string, view: types.ModalView): string {
    const action = `${reopenPrefix}${this.#ids.token()}`;
    this.#kept.set(action, { user, view, at: performance.now() });
    return action;
  }

  /** The kept form, for the person who had filled it in and nobody else. */
  take(user: string, action: string): types.ModalView | undefined {
    const found = this.#kept.get(action);
    return found?.user === user && performance.now() - found.at < keptMs ? found.view : undefined;
  }
}

/** For the person whose form was closed: what was wrong, what was typed, and the way back. */
export function closedFormMessage(view: SentView, errors: Readonly<Record<string, string>>, action: string): Message {
  const typed = Object.entries(readFormValues(view.state.values)).flatMap(([field, value]) => {
    if (value === '' || value === false) return [];
    const shown = typeof value === 'object' ? value.join(', ') : value === true ? 'yes' : value;
    return [{ label: labelOf(view, field).replace(/: $/, ''), value: text(shown) }];
  });
  return {
    title: view.title.text,
    tone: 'warning',
    blocks: [
      paragraph(`${Object.values(errors).join(' ')} Slack had closed the form, so nothing was done.`),
      ...(typed.length === 0 ? [] : [{ kind: 'fields' as const, fields: typed }]),
      { kind: 'buttons', buttons: [{ label: 'Open it again', action, style: 'primary' }] },
    ],
  };
}
