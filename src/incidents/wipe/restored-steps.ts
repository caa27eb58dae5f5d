/** Steps of a wipe whose time between a backup and its restore is lost. */
import type { StepMark, Text } from '../../message/model.ts';
import { text, time } from '../../message/text.ts';

type Step = { mark: StepMark; text: Text };

export function approvalLost(restoredAt: Date): Step {
  return {
    mark: 'unknown',
    text: text('Whether it was approved is not known: a backup was restored ', time(restoredAt)),
  };
}

export function askingLost(restoredAt: Date): Step {
  const why = 'Not known whether Exchange was asked: a backup was restored ';
  return { mark: 'unknown', text: text(why, time(restoredAt), '; I read Exchange until it is') };
}
