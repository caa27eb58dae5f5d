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

  it('keeps the line above a list of which items are new, so that it is known what they are about', () => {
    const phones = (seen: string): Message => ({
      ...card('done'),
      blocks: [
        { kind: 'text', text: text('1 · iPhone 15') },
        { kind: 'list', items: [text('Passcode: not known.'), text(seen)] },
        { kind: 'text', text: text('2 · Galaxy S9') },
        { kind: 'list', items: [text('Passcode: enforced.')] },
      ],
    });

    expect(changesSince(phones('Last let in 09:12.'), phones('Last let in 09:15.'))?.blocks).toEqual([
      { kind: 'text', text: text('1 · iPhone 15') },
      { kind: 'list', items: [text('Last let in 09:15.')] },
    ]);
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
