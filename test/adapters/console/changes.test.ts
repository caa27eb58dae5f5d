import { describe, expect, it } from 'vitest';
import { changesSince } from '../../../adapters/console/changes.ts';
import type { Message, StepMark } from '../../../src/message/model.ts';
import { text } from '../../../src/message/text.ts';

describe('changesSince', () => {
  it('is nothing when nothing changed, whatever the order of keys', () => {
    expect(changesSince(card('active'), { ...JSON.parse(JSON.stringify(card('active'))) })).toBeUndefined();
  });

  it('keeps only the steps that are new or marked anew', () => {
    expect(changesSince(card('active'), card('done'))).toEqual({
      title: 'INC-104 · updated',
      tone: 'warning',
      blocks: [{ kind: 'steps', steps: [{ mark: 'done', text: text('Asked of Exchange') }] }],
    });
  });

  it('says that buttons are gone', () => {
    const before: Message = {
      ...card('done'),
      blocks: [...card('done').blocks, { kind: 'buttons', buttons: [{ label: 'Withdraw', action: 'w' }] }],
    };

    expect(changesSince(before, card('done'))?.blocks).toEqual([
      { kind: 'text', quiet: true, text: text('Its buttons are gone.') },
    ]);
  });
});

function card(mark: StepMark): Message {
  return {
    title: 'INC-104',
    tone: 'warning',
    blocks: [
      { kind: 'text', text: text('The same') },
      {
        kind: 'steps',
        steps: [
          { mark: 'done', text: text('Approved') },
          { mark, text: text('Asked of Exchange') },
        ],
      },
    ],
  };
}
