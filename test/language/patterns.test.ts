import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type AnyCommand, defineCommand } from '../../src/commands/command.ts';
import { compilePattern, parseSentence, usage } from '../../src/language/patterns.ts';
import { cleanAnswer, maxSentenceLength } from '../../src/language/sentence.ts';
import { runs } from '../setup/runs.ts';

function command(
  id: string,
  patterns: readonly string[],
  examples: readonly string[],
  effect: AnyCommand['effect'] = 'read',
): AnyCommand {
  return defineCommand({
    id,
    topic: 'me',
    patterns,
    examples,
    args: z.record(z.string(), z.unknown()),
    roles: ['user'],
    effect,
    summary: id,
    run: async () => ({}),
  });
}

const lost = command(
  'lost-device',
  [
    '<kind:lost|stolen|missing> (device|phone|mobile) <person> [device <device>]',
    '<person> lost (her|his|their) (phone|device|mobile)',
    "<person>'s (phone|device) (was|is) <kind:lost|stolen|missing>",
  ],
  ['lost device alice', 'stolen phone Alice Moreau device 2', 'alice lost her phone', "alice's phone was stolen"],
  'report',
);
const wipe = command(
  'wipe',
  ['wipe <incident> <device> [<scope:full|account-only>] because <reason...>'],
  ['wipe INC-104 2 because left in a taxi', 'wipe inc 104 iPhone 15 full because it was stolen'],
  'destroy',
);
const own = command('report-lost', ["(i|i've) [have] lost my (phone|mobile)"], ['I lost my phone']);
const incidents = command('incidents', ['incidents [<which:open|mine|all>]'], ['incidents', 'incidents mine']);
const all = [lost, wipe, own, incidents];

function parsed(text: string): unknown {
  const result = parseSentence(text, all);
  if (result.kind === 'match') return { command: result.command.id, ...result.args };
  return result;
}

describe('a sentence', () => {
  test.each([
    ['lost device alice', { command: 'lost-device', kind: 'lost', person: 'alice' }],
    ['  LOST   Device\tAlice  Ng ', { command: 'lost-device', kind: 'lost', person: 'Alice Ng' }],
    ['Stolen phone alice device 2', { command: 'lost-device', kind: 'stolen', person: 'alice', device: 2 }],
    ['lost phone “Alice Ng”!', { command: 'lost-device', kind: 'lost', person: 'Alice Ng' }],
    ['lost phone: alice.', { command: 'lost-device', kind: 'lost', person: 'alice' }],
    ['please lost device O’Brien', { command: 'lost-device', kind: 'lost', person: "O'Brien" }],
    ['alice lost her phone', { command: 'lost-device', person: 'alice' }],
    ['Alice Ng lost their mobile.', { command: 'lost-device', person: 'Alice Ng' }],
    ['alice’s phone was stolen', { command: 'lost-device', kind: 'stolen', person: 'alice' }],
    ["Hans' device is missing", { command: 'lost-device', kind: 'missing', person: 'Hans' }],
    ['I’ve lost my phone', { command: 'report-lost' }],
    ['incidents', { command: 'incidents' }],
    ['INCIDENTS Mine', { command: 'incidents', which: 'mine' }],
    ['wipe INC-104 2 because left in a taxi.', { command: 'wipe', incident: 104, device: 2, reason: 'left in a taxi' }],
    [
      'wipe inc 104 iPhone 15 full because stolen because careless',
      { command: 'wipe', incident: 104, device: 'iPhone 15', scope: 'full', reason: 'stolen because careless' },
    ],
    ['wipe 104 #3 because gone', { command: 'wipe', incident: 104, device: 3, reason: 'gone' }],
    [
      'wipe INC–104 account-only account-only because gone',
      { command: 'wipe', incident: 104, device: 'account-only', scope: 'account-only', reason: 'gone' },
    ],
    ['lost device $(Remove-Mailbox *)', { command: 'lost-device', kind: 'lost', person: '$(Remove-Mailbox *)' }],
    ['lost device *', { command: 'lost-device', kind: 'lost', person: '*' }],
    [
      'lost device \'; drop table "person" --',
      { command: 'lost-device', kind: 'lost', person: '\'; drop table "person" --' },
    ],
    // That there can be no such incident, the command's schema says.
    ['wipe INC-99999999999 2 because gone', { command: 'wipe', incident: 99999999999, device: 2, reason: 'gone' }],
    ['lost device אליס', { command: 'lost-device', kind: 'lost', person: 'אליס' }],
  ])('%s', (text, expected) => {
    expect(parsed(text)).toEqual(expected);
  });

  test.each([
    ['lsot device alice', ['lost device alice']],
    ['lost devise Alice Ng', ['lost device Alice Ng']],
    ['wipe INC-104 2 becuase gone', ['wipe INC-104 2 because gone']],
    ['incident', ['incidents']],
  ])('"%s" gets a near miss', (text, suggestions) => {
    const result = parseSentence(text, all);
    expect(result.kind === 'near' && result.suggestions.map((each) => each.text)).toEqual(suggestions);
  });

  test.each([
    ['wipe INC-104 2', 'wipe'],
    ['lost device', 'lost-device'],
  ])('"%s" is not finished', (text, id) => {
    const result = parseSentence(text, all);
    expect(result.kind === 'unfinished' && result.command.id).toBe(id);
  });

  test.each(['alice found her phone', 'incidents please tell me', 'wipe the table', 'lost'])(
    '"%s" gets no nonsense',
    (text) => {
      expect(parseSentence(text, all)).not.toHaveProperty('suggestions');
    },
  );

  test('suggests only what the actor may say', () => {
    expect(parseSentence('wpie INC-104 2 because gone', all, () => [own, incidents])).toEqual({ kind: 'none' });
  });

  test('that two commands take alike is ambiguous', () => {
    const other = command('other', ['lost device <person>'], []);
    const result = parseSentence('lost device alice', [lost, other]);
    expect(result.kind === 'ambiguous' && result.commands.map(({ id }) => id)).toEqual(['lost-device', 'other']);
  });

  test('is not taken over by a sentence inside its reason', () => {
    expect(parsed('wipe INC-104 2 because alice lost her phone')).toEqual({
      command: 'wipe',
      incident: 104,
      device: 2,
      reason: 'alice lost her phone',
    });
  });

  test('that is not finished is not about somebody called like the next word', () => {
    const short = command('lost-device', ['lost device [of] <person>', 'lost <person>'], [], 'report');
    expect(parseSentence('lost device', [short])).toEqual({ kind: 'unfinished', command: short });
    expect(parseSentence('lost device', [short], () => [])).toEqual({ kind: 'none' });
    expect(parseSentence('lost alice', [short])).toMatchObject({ kind: 'match', args: { person: 'alice' } });
  });

  test('with more literal words wins over one with a longer argument', () => {
    const broad = command('broad', ['lost <person>'], []);
    const result = parseSentence('lost device alice', [broad, lost]);
    expect(result.kind === 'match' && result.command.id).toBe('lost-device');
  });

  test.each([
    ['nothing at all', ''],
    ['blanks', ' \n\t '],
    ['punctuation', '?!…'],
    ['something else', 'what a lovely day'],
  ])('%s is none', (_, text) => {
    expect(parseSentence(text, all)).toEqual({ kind: 'none' });
  });

  test.each([
    ['10,000 characters', `lost device ${'a'.repeat(10_000)}`, 'too-long'],
    ['a NUL', 'lost device al\u0000ice', 'unreadable'],
    ['an escape', 'lost device \u001b[31malice', 'unreadable'],
    ['a right-to-left override', 'lost device \u202Eecila', 'unreadable'],
    ['half a surrogate pair', 'lost device \uD83D', 'unreadable'],
  ])('with %s is refused', (_, text, code) => {
    const result = parseSentence(text, all);
    expect(result.kind === 'refused' && result.code).toBe(code);
    expect(result.kind === 'refused' && result.userMessage).toContain('Nothing was done');
  });
});

describe('properties', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 600 }),
    fc
      .array(fc.constantFrom('wipe', 'lost', 'device', 'alice', 'because', 'INC-1', '"', "'s", '(', 'full', '…', '*'), {
        maxLength: 40,
      })
      .map((words) => words.join(' ')),
  );

  test('nothing that is typed makes the parser throw, and its arguments hold no controls', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const result = parseSentence(text, all);
        if (result.kind !== 'match') return;
        for (const value of Object.values(result.args)) expect(String(value)).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
      }),
      { numRuns: runs(200, 2_000) },
    );
  });

  test('a destroying command is never matched without its own words in order', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const result = parseSentence(text, all);
        if (result.kind !== 'match' || result.command.effect !== 'destroy') return;
        expect(text).toMatch(/wipe\W[\s\S]*\d[\s\S]*because\W/i);
      }),
      { numRuns: runs(200, 2_000) },
    );
  });

  test('an example is understood however its case, blanks and ending change', () => {
    const example = fc.constantFrom(...all.flatMap((one) => one.examples.map((text) => ({ one, text }))));
    const dress = fc.record({
      blanks: fc.constantFrom(' ', '  ', '\u00A0', '\t'),
      ending: fc.constantFrom('', '.', '!', ' ?', '…'),
      before: fc.constantFrom('', ' ', 'please '),
      upper: fc.boolean(),
      quote: fc.constantFrom("'", '’'),
    });
    fc.assert(
      fc.property(example, dress, ({ one, text }, { blanks, ending, before, upper, quote }) => {
        const dressed = before + text.replaceAll(' ', blanks).replaceAll("'", quote) + ending;
        const result = parseSentence(upper ? dressed.toUpperCase() : dressed, all);
        const plain = parseSentence(text, all);
        expect(result.kind === 'match' && result.command.id).toBe(one.id);
        const args = (from: typeof result) => (from.kind === 'match' ? JSON.stringify(from.args).toLowerCase() : '');
        expect(args(result)).toBe(args(plain));
      }),
      { numRuns: runs(200, 2_000) },
    );
  });

  test('500 characters of the worst are not tried in every way there is', () => {
    const worst = Array.from({ length: maxSentenceLength / 2 }, () => 'a').join(' ');
    const before = process.cpuUsage();
    parseSentence(worst, all);
    const { user, system } = process.cpuUsage(before);
    // That would take minutes; it takes a few milliseconds. The processor's time, because a process may stand still for seconds.
    expect((user + system) / 1_000).toBeLessThan(2_000);
  });
});

describe('a pattern', () => {
  test('is shown without what may be left out', () => {
    expect(usage('(lost|stolen) (device|phone) [of] <person> [device <device>]')).toBe('lost device <person>');
    expect(usage('close <incident> [because <reason...>]')).toBe('close INC-…');
  });

  test.each([
    'lost (device',
    'lost device)',
    'a|b',
    '<person>',
    'say <rest...> loudly',
    'lost <per son>',
    'lost <person',
  ])('"%s" is refused when it is compiled', (pattern) => {
    expect(() => compilePattern(pattern)).toThrow(/The command pattern/);
  });
});

test('answers of forms lose invisible characters and keep their lines', () => {
  expect(cleanAnswer(' left\r\nin a \u202Etaxi\u0000\u200B ')).toBe('left\nin a taxi');
});
