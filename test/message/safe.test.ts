import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isolated, safeUrl, visible } from '../../src/message/safe.ts';
import { runs } from '../setup/runs.ts';

describe('visible', () => {
  it.each([
    ['plain words stay', 'Alice Ng, 3 phones', 'Alice Ng, 3 phones'],
    ['other scripts and emoji stay', 'Zoë 李 עדה محمد 👩‍👩‍👧 ❤️ 1️⃣', 'Zoë 李 עדה محمد 👩‍👩‍👧 ❤️ 1️⃣'],
    ['Persian words keep their non-joiner', 'می‌خواهم', 'می‌خواهم'],
    ['escape sequences', 'a\u001b[2Jb\u0007', 'a␛[2Jb␇'],
    ['delete and C1 controls', 'a\u007fb\u009bc', 'a␡b‹U+009B›c'],
    ['right-to-left override', 'invoice\u202Egnp.exe', 'invoice‹U+202E›gnp.exe'],
    ['isolates cannot be opened', '\u2067x', '‹U+2067›x'],
    ['zero-width characters', 'Al\u200Bice\uFEFF', 'Al‹U+200B›ice‹U+FEFF›'],
    ['stray joiners', 'Al\u200Dice', 'Al‹U+200D›ice'],
    ['stray variation selectors', 'Al\uFE0Fice', 'Al‹U+FE0F›ice'],
    ['tags', 'a\u{E0041}b', 'a‹U+E0041›b'],
    ['lone surrogates', 'a\uD800b', 'a‹U+D800›b'],
    ['a line break cannot fake a line', 'Bob\r\n\n✔ Approved by Otto\u2028x', 'Bob ↵ ✔ Approved by Otto ↵ x'],
    ['tabs', 'a\tb', 'a b'],
    ['a pile of marks', `x${'\u0301'.repeat(40)}b`, `x${'\u0301'.repeat(4)}…b`],
  ])('%s', (_, text, expected) => {
    expect(visible(text)).toBe(expected);
  });

  it('leaves nothing that commands or hides, and changes nothing twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const once = visible(text);

        expect(once).not.toMatch(/[\p{Cc}\p{Cs}\p{Bidi_Control}\u200B\u2028\u2029\u2060\uFEFF]/u);
        expect(visible(once)).toBe(once);
      }),
      { numRuns: runs(150, 1_500) },
    );
  });

  it('takes time in proportion to the text', () => {
    // The processor's time, not the clock's: it stands still while this process does.
    const started = process.cpuUsage();
    visible(' '.repeat(200_000));
    visible('\u200D'.repeat(200_000));
    visible('\u0301'.repeat(200_000));
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1000).toBeLessThan(2_000);
  });
});

describe('isolated', () => {
  it('wraps right-to-left letters only', () => {
    expect(isolated('Alice')).toBe('Alice');
    expect(isolated('עדה')).toBe('\u2068עדה\u2069');
  });
});

describe('safeUrl', () => {
  it.each([
    ['https://contoso.example/a b', 'https://contoso.example/a%20b'],
    ['mailto:help@contoso.example', 'mailto:help@contoso.example'],
    ['javascript:alert(1)', undefined],
    ['file:///etc/passwd', undefined],
    ['no address', undefined],
  ])('%s', (url, expected) => {
    expect(safeUrl(url)).toBe(expected);
  });
});
