/** Submitted forms, whose acknowledgement waits for the answer: field errors travel in it. */
import type { App } from '@slack/bolt';
import { z } from 'zod';
import { MislaidError } from '../../src/ground/errors.ts';
import type { Answer } from '../../src/message/model.ts';
import { slackErrorOf } from './failures.ts';
import { errorsOf, FormOrigin, formCallback, readFormValues, renderForm, renderNotice } from './forms.ts';
import { bareSender } from './identity.ts';
import { formAnswerMs } from './limits.ts';
import { eventKey, type Listener, notReady } from './listener.ts';
import { readPayload, UnreadableError, ViewSubmission } from './payloads.ts';
import { closedFormMessage, fieldsOf, noticeText, refilledForm, within } from './refilled-forms.ts';
import { type Turn, warning } from './replies.ts';

const takesLonger =
  'This takes longer than usual. Leave the form open: I will say here how it ended. Sending it twice does no harm.';

export function addFormListener(app: App, listener: Listener): void {
  const { receive, replies, sending, clients, kept, track, log, clock, timeZone } = listener;

  app.view(/.*/, async ({ body, context, ack }) => {
    const began = performance.now();
    const submitted = readPayload(ViewSubmission, body);
    const { user, view } = submitted;
    const fields = fieldsOf(view);
    const refuse = (words: string) => {
      const errors = errorsOf({ '': words }, fields);
      return Object.keys(errors).length > 0 ? ack({ response_action: 'errors', errors }) : ack();
    };
    const me = listener.self();
    if (me === undefined) return await refuse(notReady);
    if (view.callback_id !== formCallback) throw new UnreadableError('a view that is none of ours');
    const origin = readPayload(FormOrigin, jsonOf(view.private_metadata));
    const team = user.team_id ?? submitted.team?.id ?? me.team;
    const channel = origin.place?.split('/').at(-1);
    const turn: Turn = {
      team,
      user: user.id,
      channel,
      trigger: submitted.trigger_id,
      again: origin.action,
      place: origin.place,
      thread: origin.thread,
    };
    const reception = await receive({
      eventKey: eventKey(context, submitted.trigger_id),
      sender: bareSender(team, user.id, user.name ?? user.username),
      ...(origin.place === undefined ? {} : { place: origin.place }),
      ...(origin.thread === undefined ? {} : { thread: origin.thread }),
      input: { kind: 'form', action: origin.action, values: valuesOf(view.state.values) },
    });
    if (reception.kind === 'not-stored') {
      await refuse(reception.userMessage);
      if (fields.length === 0) track(replies.tell(turn, warning(reception.userMessage)));
      return;
    }
    if (reception.kind === 'duplicate') return await ack();
    const answer = await within(reception.answer, formAnswerMs - (performance.now() - began)).catch(
      (error: unknown) => {
        if (error instanceof MislaidError && error.code === 'deadline') return undefined;
        throw error;
      },
    );
    if (answer === undefined) {
      await refuse(takesLonger);
      track(late(turn, view, reception.answer));
      return;
    }
    const errors = errorsOf(answer.fieldErrors ?? {}, fields);
    if (Object.keys(errors).length > 0) return await ack({ response_action: 'errors', errors });
    if (answer.form !== undefined) {
      const next = renderForm(answer.form, { now: clock.now(), timeZone: timeZone() }, turn);
      await ack({ response_action: 'update', view: next });
    } else {
      await ack();
    }
    const { form: _shown, ...rest } = answer;
    track(replies.show(turn, rest));
  });

  /** The form is still open, or Slack has closed it meanwhile. */
  async function late(turn: Turn, view: ViewSubmission['view'], coming: Promise<Answer>): Promise<void> {
    const answer = await coming;
    const errors = answer.fieldErrors ?? {};
    const refused = Object.keys(errors).length > 0;
    const next = refused
      ? refilledForm(view, errors)
      : answer.form === undefined
        ? renderNotice(
            view.title.text,
            noticeText(answer.private, (message) => sending.render(message)),
          )
        : renderForm(answer.form, { now: clock.now(), timeZone: timeZone() }, turn);
    const shown = await clients.interactive.views.update({ view_id: view.id, view: next }).then(
      () => true,
      (error: unknown) => {
        log.info({ err: error, code: slackErrorOf(error) }, 'a form was closed before its answer came');
        return false;
      },
    );
    if (refused && !shown) {
      await replies.tell(turn, closedFormMessage(view, errors, kept.keep(turn.user, refilledForm(view, errors))));
    }
    if (answer.private !== undefined) await replies.tell(turn, answer.private);
  }
}

function valuesOf(state: unknown): Record<string, string | boolean | string[]> {
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
