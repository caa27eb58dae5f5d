/** Submitted forms, whose acknowledgement waits for the answer: field errors travel in it. */
import type { App } from '@slack/bolt';
import { z } from 'zod';
import { TimeLimitError, withTimeLimit } from '../../src/ground/time-limit.ts';
import type { Answer, FormValues, Message } from '../../src/message/model.ts';
import { slackErrorOf } from './failures.ts';
import { errorsOf, FormOrigin, formCallback, readFormValues, renderForm, renderNotice } from './forms.ts';
import { eventKey, type Listener, notReady, presser } from './listener.ts';
import { readPayload, UnreadableError, ViewSubmission } from './payloads.ts';
import { closedFormMessage, fieldsOf, refilledForm } from './refilled-forms.ts';
import type { Turn } from './replies.ts';

const takesLonger =
  'This takes longer than usual. Leave the form open: I will say here how it ended. Sending it twice does no harm.';

export function addFormListener(app: App, listener: Listener): void {
  const { receive, warn, replies, sending, clients, kept, track, log } = listener;

  app.view(/.*/, async ({ body, context, ack }) => {
    const began = performance.now();
    const submitted = readPayload(ViewSubmission, body);
    const { view } = submitted;
    const fields = fieldsOf(view);
    const refuse = (words: string) => {
      const errors = errorsOf({ '': words }, fields);
      return Object.keys(errors).length > 0 ? ack({ response_action: 'errors', errors }) : ack();
    };
    const me = listener.self();
    if (me === undefined) return await refuse(notReady);
    if (view.callback_id !== formCallback) throw new UnreadableError('a view that is none of ours');
    const origin = readPayload(FormOrigin, jsonOf(view.private_metadata));
    const { action, place, thread } = origin;
    const channel = place?.split('/').at(-1);
    const turn: Turn = { ...presser(submitted, me), channel, again: action, place, thread };
    const input = { kind: 'form', action, values: valuesOf(view.state.values) } as const;
    const reception = await receive(turn, eventKey(context, submitted.trigger_id), input);
    if (reception.kind === 'not-stored') {
      await refuse(reception.userMessage);
      if (fields.length === 0) warn(turn, reception.userMessage);
      return;
    }
    if (reception.kind === 'duplicate') return await ack();
    const timeLeft = listener.timeouts.formAnswer - (performance.now() - began);
    const answer = await withTimeLimit(reception.answer, timeLeft).catch((error: unknown) => {
      if (error instanceof TimeLimitError) return undefined;
      throw error;
    });
    if (answer === undefined) {
      await refuse(takesLonger);
      track(late(turn, view, reception.answer));
      return;
    }
    const errors = errorsOf(answer.fieldErrors ?? {}, fields);
    if (Object.keys(errors).length > 0) return await ack({ response_action: 'errors', errors });
    if (answer.form !== undefined) {
      await ack({ response_action: 'update', view: renderForm(answer.form, sending.times(), turn) });
    } else {
      await ack();
    }
    const { form: _shown, ...rest } = answer;
    track(replies.show(turn, rest));
  });

  function noticeOf(message: Message | undefined): string {
    return message === undefined ? 'Done. You can close this.' : sending.render(message).text;
  }

  /** The form is still open, or Slack has closed it meanwhile. */
  async function late(turn: Turn, view: ViewSubmission['view'], coming: Promise<Answer>): Promise<void> {
    const answer = await coming;
    const errors = answer.fieldErrors ?? {};
    const refused = Object.keys(errors).length > 0;
    const next = refused
      ? refilledForm(view, errors)
      : answer.form === undefined
        ? renderNotice(view.title.text, noticeOf(answer.private))
        : renderForm(answer.form, sending.times(), turn);
    const shown = await clients.interactive.views.update({ view_id: view.id, view: next }).then(
      () => true,
      (error: unknown) => {
        log.info({ err: error, code: slackErrorOf(error) }, 'a form was closed before its answer came');
        return false;
      },
    );
    if (refused && !shown) {
      await replies.reply(turn, closedFormMessage(view, errors, kept.keep(turn.user, refilledForm(view, errors))));
    }
    if (answer.private !== undefined) await replies.reply(turn, answer.private);
  }
}

function valuesOf(state: unknown): FormValues {
  try {
    return readFormValues(state);
  } catch (error) {
    if (error instanceof z.ZodError) throw new UnreadableError('the values of a form could not be read');
    throw error;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadableError('the metadata of a form is no JSON');
  }
}
