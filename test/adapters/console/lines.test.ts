import { describe, expect, it } from 'vitest';
import { readLine, splitPrefix } from '../../../adapters/console/lines.ts';

const current = { name: 'hana', place: 'console:#helpdesk' };
const names = new Set(['hana', 'otto']);

describe('splitPrefix', () => {
  it.each([
    ['lost device alice', current, 'lost device alice'],
    ['otto #approvals> press Approve', { name: 'otto', place: 'console:#approvals' }, 'press Approve'],
    ['Alice> I lost my phone', { name: 'alice' }, 'I lost my phone'],
    ['alice private> whoami', { name: 'alice' }, 'whoami'],
    ['otto>', { name: 'otto' }, ''],
    ['lost device <alice>', current, 'lost device <alice>'],
    ['a reason: x>y', current, 'a reason: x>y'],
  ])('%s', (line, speaker, text) => {
    expect(splitPrefix(line, current)).toEqual({ speaker, text });
  });
});

describe('readLine', () => {
  it.each([
    ['', { kind: 'nothing' }],
    ['# a remark in a script', { kind: 'nothing' }],
    ['quit', { kind: 'quit' }],
    ['?', { kind: 'how' }],
    ['as Otto', { kind: 'as', name: 'otto' }],
    ['in #mailOperations', { kind: 'in', place: 'console:#mailOperations' }],
    ['private', { kind: 'private' }],
    ['2', { kind: 'number', number: 2 }],
    ['[2]', { kind: 'number', number: 2 }],
    ['press 12', { kind: 'number', number: 12 }],
    ['press give up', { kind: 'press', words: 'give up' }],
    ['press approve inc-104', { kind: 'press', words: 'approve', card: 'INC-104' }],
    ['INC-104 approve', { kind: 'card', card: 'INC-104', words: 'approve', text: 'INC-104 approve' }],
    ['lost device alice', { kind: 'sentence', text: 'lost device alice' }],
    ['as discussed with Otto', { kind: 'sentence', text: 'as discussed with Otto' }],
    ['status INC-104', { kind: 'sentence', text: 'status INC-104' }],
  ])('%s', (text, line) => {
    expect(readLine(text, false, names)).toEqual(line);
  });

  it.each([
    ['', { kind: 'answer', text: '' }],
    ['1', { kind: 'answer', text: '1' }],
    ['as discussed', { kind: 'answer', text: 'as discussed' }],
    ['private', { kind: 'answer', text: 'private' }],
    ['as otto', { kind: 'as', name: 'otto' }],
    ['quit', { kind: 'quit' }],
  ])('in a form: %s', (text, line) => {
    expect(readLine(text, true, names)).toEqual(line);
  });
});
