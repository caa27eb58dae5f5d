/** Submitted forms, whose acknowledgement waits for the answer: field errors travel in it. */
import type { App } from '@slack/bolt';
import { z } from 'zod';
import { MislaidError } from '../../src/ground/errors.ts';
import type { Answer } from '../../src/message/model.ts';
import { sentence, type Turn } from './answers.ts';
import { slackErrorOf } from './failures.ts';
import { errorsOf, FormOrigin, formCallback, readValues, renderForm, renderNotice } from './forms.ts';
import { eventKey, type Hearing, notReady } from './hearing.ts';
import { bareSender } from './identity.ts';
import { formAnswerMs } from './limits.ts';
import { readPayload, UnreadableError, ViewSubmission } from './payloads.ts';
import { closedForm, fieldsOf, noticeText, refilled, within } from './submissions.ts';

const takesLonger =
  'This takes longer than usual. Leave the form open: I will say here how it ended. Sending it twice does no harm.';

export function addFormListener(app: App, hearing: Hearing): void {
  const { receive, answers, sending, clients, kept, track, log, clock, timeZone } = hearing;

  app.view(/.*/, async ({ body, context, ack }) => {
    const began = performance.now();
    const submitted = readPayload(ViewSubmission, body);
    const { user, view } = submitted;
    const fields = fieldsOf(view);
    const refuse = (words: string) => {
      const errors = errorsOf({ '': words }, fields);
      return Object.keys(errors).length > 0 ? ack({ response_action: 'errors', errors }) : ack();
    };
    const me = hearing.self();
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
      said: { kind: 'form', action: origin.action, values: valuesOf(view.state.values) },
    });
    if (reception.kind === 'not-stored') {
      await refuse(reception.sentence);
      if (fields.length === 0) track(answers.tell(turn, sentence(reception.sentence)));
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
    track(answers.show(turn, rest));
  });

  /** The form is still open, or Slack has closed it meanwhile. */
  async function late(turn: Turn, view: ViewSubmission['view'], coming: Promise<Answer>): Promise<void> {
    const answer = await coming;
    const errors = answer.fieldErrors ?? {};
    const refused = Object.keys(errors).length > 0;
    const next = refused
      ? refilled(view, errors)
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
      await answers.tell(turn, closedForm(view, errors, kept.keep(turn.user, refilled(view, errors))));
    }
    if (answer.private !== undefined) await answers.tell(turn, answer.private);
  }
}

function valuesOf(state: unknown): Record<string, string | boolean | string[]> {
  try {
    return readValues(state);
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
