/** The table of notices and the code that sends them are one. */
import { describe, expect, it } from 'vitest';
import { notices } from '../../src/notices/table.ts';
import { sourceFiles, textOf } from '../architecture/sources.ts';

const sources = sourceFiles().filter((path) => !path.startsWith('src/notices/'));

describe('the table of notices', () => {
  it('has no line that nobody sends', () => {
    const endings = ['denied', 'withdrawn', 'expired', 'voided', 'lapsed'].map((how) => `wipe-${how}`);
    const text = sources.map(textOf).join('\n');
    const unsent = Object.keys(notices).filter((kind) => !text.includes(`'${kind}'`) && !endings.includes(kind));

    expect(text).toMatch(/`wipe-\$\{how\}`/);
    expect(unsent).toEqual([]);
  });

  it('is the only way to what people hear unasked; a report was asked for', () => {
    const senders = sources.filter((path) => /\bchange\.notice\(/.test(textOf(path)));

    expect(senders).toEqual(['src/reports/reports.ts']);
  });
});
