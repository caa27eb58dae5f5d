/** The reader, measured: nothing that changes anything is read wrongly, and most of what people mean is understood. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { commands } from '../../src/commands/index.ts';
import { parseSentence } from '../../src/language/patterns.ts';
import { runs } from '../setup/runs.ts';
import { corpus, read, type Sentence, written } from './corpus.ts';

const isNegative = ({ reading }: Sentence) => reading === 'none' || reading.startsWith('refused');

function misread(sentences: readonly Sentence[]): string[] {
  return sentences.flatMap((sentence) => {
    const got = written(read(sentence, sentence.text), sentence);
    return got === sentence.reading
      ? []
      : [`${sentence.file}: ${sentence.role} says "${sentence.text}": ${got}, not ${sentence.reading}`];
  });
}

/** Whether a reading would offer to change something. */
function changes(sentence: Sentence, text: string): string | undefined {
  const reading = read(sentence, text);
  return reading.kind === 'read' && reading.command.effect !== 'read' ? written(reading, sentence) : undefined;
}

test('the corpus has enough of both kinds', () => {
  expect(corpus.length).toBeGreaterThanOrEqual(300);
  expect(corpus.filter(isNegative).length).toBeGreaterThanOrEqual(100);
  expect(new Set(corpus.map(({ role, here, text, ownCase }) => `${role}${here}${ownCase}${text}`)).size).toBe(
    corpus.length,
  );
});

test('every reading that changes something is the right one', () => {
  const wrong = corpus.flatMap((sentence) => {
    const change = changes(sentence, sentence.text);
    return change === undefined || change === sentence.reading ? [] : [`${sentence.text}: ${change}`];
  });
  expect(wrong).toEqual([]);
});

describe.each([
  ['tuned on', (sentence: Sentence) => !sentence.heldOut],
  ['held out', (sentence: Sentence) => sentence.heldOut],
])('sentences %s', (_which, belongs) => {
  it('are read rightly, nine of ten at least', () => {
    const sentences = corpus.filter(belongs);
    const wrong = misread(sentences);
    expect(wrong.length / sentences.length, wrong.join('\n')).toBeLessThan(0.1);
    const meant = sentences.filter((sentence) => !isNegative(sentence));
    const missed = misread(meant);
    expect(missed.length / meant.length, missed.join('\n')).toBeLessThan(0.1);
  });
});

const dress = fc.record({
  before: fc.constantFrom('', 'hi, ', 'please ', 'hello ', 'so '),
  after: fc.constantFrom('', ' please', ' thanks', ' !!', ' :(', '…'),
  upper: fc.boolean(),
  curly: fc.boolean(),
  blanks: fc.constantFrom(' ', '  ', '\u00A0'),
});

test('case, blanks, quotes and politeness change nothing', () => {
  const long = corpus.filter(
    ({ text, reading }) => text.split(' ').length > 2 && !/note|help|^refused/.test(reading) && !/[<*?]/.test(text),
  );
  fc.assert(
    fc.property(fc.constantFrom(...long), dress, (sentence, { before, after, upper, curly, blanks }) => {
      const dressed =
        before + (curly ? sentence.text.replaceAll("'", '’') : sentence.text).replaceAll(' ', blanks) + after;
      const plain = written(read(sentence, sentence.text), sentence);
      expect(
        `${dressed}: ${written(read(sentence, upper ? dressed.toUpperCase() : dressed), sentence)}`.toLowerCase(),
      ).toBe(`${dressed}: ${plain}`.toLowerCase());
    }),
    { numRuns: runs(500, 5_000) },
  );
});

const numbersOf = (text: string) => text.match(/\d+/g)?.join(' ');

const typo = fc
  .record({ sentence: fc.constantFrom(...corpus), at: fc.nat(), how: fc.nat(3) })
  .map(({ sentence, at, how }) => {
    const letters = [...sentence.text];
    const where = at % letters.length;
    const [one = '', two = ''] = letters.slice(where);
    const others = [[two, one], [one, one, two], [two], ['x', two]][how] ?? [];
    return { sentence, text: letters.toSpliced(where, 2, ...others).join('') };
  });

test('one slip of a finger makes nobody else of it, and seldom another change', () => {
  const count = { negative: 0, asked: 0, meant: 0 };
  const others: string[] = [];
  fc.assert(
    fc.property(typo, ({ sentence, text }) => {
      const change = changes(sentence, text);
      if (isNegative(sentence)) {
        count.negative += 1;
        if (change !== undefined) count.asked += 1;
        return;
      }
      const [command = '', about] = sentence.reading.split(' ');
      // Another number is another case, whoever reads it; and an app is whatever it is called.
      if (numbersOf(text) !== numbersOf(sentence.text) || command.endsWith('-app')) return;
      if (change === undefined || changes(sentence, sentence.text) === undefined) return;
      count.meant += 1;
      if (change.startsWith('report-lost')) return;
      const [read, whom] = change.split(' ');
      if (read !== command) others.push(`${text}: ${change}`);
      // Half a name names nobody: then it is asked whose.
      else if (whom !== undefined && !/^(lost|stolen|missing|[?])$/.test(whom))
        // A slip may make two names of one: then either may be meant, and it is asked.
        expect(whom.replace('~', '').split('+'), text).toEqual(
          expect.arrayContaining([
            expect.stringMatching(new RegExp(`^(?:${about?.replace('~', '').split('.')[0]?.replace('+', '|')})`)),
          ]),
        );
    }),
    { numRuns: runs(1_000, 20_000), seed: 19 },
  );
  // A slip may hide the one word that says no, or what is to be done: then something else is asked back, and nothing is done.
  expect(count.asked / count.negative).toBeLessThan(0.05);
  expect(others.length / count.meant, others.join('\n')).toBeLessThan(0.005);
});

test('a command declares intents with a title in words, and what it does not change it needs not ask', () => {
  for (const { id, intents = [] } of commands) {
    for (const { title, needs } of intents) {
      expect(title, id).toMatch(/^[A-Z][^<>|…`]+[^.]$/);
      expect(needs.length, id).toBeGreaterThan(0);
    }
  }
});

test('what is an exact command is the command that is meant, or about nobody whom one knows', () => {
  const sayable = commands.filter(({ clickOnly }) => clickOnly !== true);
  const other = corpus.flatMap(({ text, reading }) => {
    const parsed = parseSentence(text, sayable);
    if (parsed.kind !== 'match' || parsed.command.effect === 'read' || parsed.args.person !== undefined) return [];
    return reading.startsWith(parsed.command.id) ? [] : [`${text}: ${parsed.command.id}, not ${reading}`];
  });
  expect(other).toEqual([]);
});
