/** What the bot suggests works: typed back, it is a command that this person may say, with arguments that it takes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AnyCommand } from '../../src/commands/command.ts';
import { commands } from '../../src/commands/index.ts';
import { parseSentence } from '../../src/language/patterns.ts';
import type { Role } from '../../src/policy.ts';
import { runs } from '../setup/runs.ts';

const sayable = commands.filter(({ clickOnly }) => clickOnly !== true);
const roles: readonly Role[] = ['user', 'helpdesk', 'approver', 'security', 'admin'];

function may(role: Role): readonly AnyCommand[] {
  return sayable.filter((command) => command.roles.includes(role) || command.roles.includes('user'));
}

const said = sayable.flatMap(({ examples }) => examples.map((example) => example.split(' ')));
const words = fc.constantFrom(
  ...said.flat(),
  'bob',
  'his',
  'my',
  'phone',
  'found',
  'password',
  'reset',
  'INC-7',
  '2',
  'please',
);
/** An example with letters swapped, words left out, doubled or put in. */
const spoilt = fc
  .record({ words: fc.constantFrom(...said), at: fc.nat(), letter: fc.nat(), more: words, how: fc.nat(4) })
  .map(({ words: example, at, letter, more, how }) => {
    const where = at % example.length;
    const word = example[where] ?? '';
    const cut = letter % Math.max(1, word.length - 1);
    const swapped = word.slice(0, cut) + (word[cut + 1] ?? '') + (word[cut] ?? '') + word.slice(cut + 2);
    const others: readonly string[][] = [
      [swapped],
      [],
      [word, more],
      [more],
      [word.slice(0, cut) + word.slice(cut + 1)],
    ];
    return example.toSpliced(where, 1, ...(others[how] ?? [])).join(' ');
  });
const sentences = fc.oneof(
  spoilt,
  spoilt,
  fc.array(words, { minLength: 1, maxLength: 6 }).map((some) => some.join(' ')),
);

test('every suggestion, typed back, is a command that this person can do', () => {
  let suggested = 0;
  fc.assert(
    fc.property(sentences, fc.constantFrom(...roles), (sentence, role) => {
      const first = parseSentence(sentence, sayable, () => may(role));
      if (first.kind !== 'near') return;
      for (const { text, command, args } of first.suggestions) {
        suggested += 1;
        const again = parseSentence(text, sayable, () => may(role));
        expect({ sentence, text, ...again }).toMatchObject({ kind: 'match', command: { id: command.id }, args });
        expect(may(role)).toContain(command);
        expect(text).not.toMatch(/[<>|…]/);
      }
    }),
    { numRuns: runs(500, 5_000) },
  );
  expect(suggested).toBeGreaterThan(50);
});

test.each(['bob found his phone', 'karl has misplaced his mobile', 'reset bobs password', 'reset password bob'])(
  '"%s" gets no sentence that says something else',
  (sentence) => expect(parseSentence(sentence, sayable)).not.toHaveProperty('suggestions'),
);
