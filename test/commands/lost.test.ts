import { expect, test } from 'vitest';
import { commands } from '../../src/commands/index.ts';
import { parseSentence } from '../../src/language/patterns.ts';

function understood(sentence: string): unknown {
  const parsed = parseSentence(sentence, commands);
  if (parsed.kind !== 'match') return parsed;
  const args = parsed.command.args.safeParse(parsed.args);
  return args.success ? { command: parsed.command.id, ...args.data } : args.error;
}

test.each([
  ['lost my phone', 'lost'],
  ['lost my work phone', 'lost'],
  ['I lost my phone', 'lost'],
  ["I've lost my tablet", 'lost'],
  ['i have lost my company iphone.', 'lost'],
  ['my phone was stolen', 'stolen'],
  ['my phone is missing', 'missing'],
  ['my iPad got stolen', 'stolen'],
  ['somebody stole my phone', 'stolen'],
  ['someone has stolen my phone', 'stolen'],
  ['I had my phone stolen', 'stolen'],
  ["I can't find my phone", 'lost'],
])('"%s" is about the speaker', (sentence, kind) => {
  expect(understood(sentence)).toEqual({ command: 'report-lost', kind });
});

test.each([
  ['lost device alice', { kind: 'lost', person: 'alice' }],
  ['lost device of alice.ng@contoso.example', { kind: 'lost', person: 'alice.ng@contoso.example' }],
  ['Stolen iPhone Alice Moreau', { kind: 'stolen', person: 'Alice Moreau' }],
  ['missing tablet bob', { kind: 'missing', person: 'bob' }],
  ['lost bob', { kind: 'lost', person: 'bob' }],
  ['lost device alice device 2', { kind: 'lost', person: 'alice', device: '2' }],
  ['stolen phone Alice Ng phone Galaxy S9', { kind: 'stolen', person: 'Alice Ng', device: 'Galaxy S9' }],
  ['lost device phone.room', { kind: 'lost', person: 'phone.room' }],
  ['alice lost her phone', { kind: 'lost', person: 'alice' }],
  ['Alice Ng has lost her work iPhone', { kind: 'lost', person: 'Alice Ng' }],
  ['bob had his phone stolen', { kind: 'stolen', person: 'bob' }],
  ['alice is missing her phone', { kind: 'missing', person: 'alice' }],
  ["somebody stole Tom O'Brien's phone", { kind: 'stolen', person: "Tom O'Brien" }],
  ["alice's phone was stolen", { kind: 'stolen', person: 'alice' }],
  ["alice's iphone is missing", { kind: 'missing', person: 'alice' }],
])('"%s" is about somebody else', (sentence, args) => {
  expect(understood(sentence)).toEqual({ command: 'lost-device', ...args });
});

test.each(['lost device', 'lost', 'stolen phone'])('"%s" lacks a person, and nobody is guessed', (sentence) => {
  expect(understood(sentence)).toMatchObject({ kind: 'unfinished' });
});
