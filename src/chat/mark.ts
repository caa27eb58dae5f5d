import type { Answer, Form, Message } from '../message/model.ts';
import { note } from '../message/text.ts';

/**
 * Says on every message that no real phone is behind it ("LAB, no real phone", "SIMULATION"). It stands first in the title,
 * because the title is what notifications and plain-text fallbacks show.
 */
export function markMessage<Action>(message: Message<Action>, mark: string | undefined): Message<Action> {
  if (mark === undefined) return message;
  // An answer that is delivered later was marked when it was given.
  if (message.title?.split(' · ').includes(mark) === true) return message;
  return { ...message, title: message.title === undefined ? mark : `${mark} · ${message.title}` };
}

/** A form's title is too short for it on some platforms: there the mark is the first line. */
function markForm<Action>(form: Form<Action>, mark: string | undefined): Form<Action> {
  if (mark === undefined) return form;
  return { ...form, intro: [note(mark), ...(form.intro ?? [])] };
}

export function markAnswer<Action>(answer: Answer<Action>, mark: string | undefined): Answer<Action> {
  return {
    ...answer,
    ...(answer.private === undefined ? {} : { private: markMessage(answer.private, mark) }),
    ...(answer.form === undefined ? {} : { form: markForm(answer.form, mark) }),
  };
}
