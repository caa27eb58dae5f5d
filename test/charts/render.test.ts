import { describe, expect, it } from 'vitest';
import { barsChart } from '../../src/charts/bars.ts';
import { mostBytes, renderChart } from '../../src/charts/render.ts';
import { requestsPerDayAlt, requestsPerDayChart } from '../../src/charts/requests-per-day.ts';

const days = Array.from({ length: 14 }, (_, day) => ({
  day: `2026-02-${String(day + 10).padStart(2, '0')}`,
  letIn: day < 11 ? 80 + ((day * 37) % 40) : 0,
  refused: day < 11 ? 0 : 60 + day,
}));

/** Colour type 3 of the header chunk: the picture has a palette. */
const isPalette = (png: Buffer) => png[25] === 3;

describe('charts', () => {
  it('draws requests per day as a small palette PNG of the size it says', async () => {
    const { png, width, height } = await renderChart(requestsPerDayChart(days));
    expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([width, height]);
    expect(isPalette(png)).toBe(true);
    expect(png.length).toBeLessThan(mostBytes);
  });

  it('writes text: labels change the picture', async () => {
    const one = await renderChart(barsChart([{ label: 'CloudMagic', value: 3, tone: 'bad' }], 'people'));
    const other = await renderChart(barsChart([{ label: 'Samsung', value: 3, tone: 'bad' }], 'people'));
    expect(one.png.equals(other.png)).toBe(false);
  });

  it('keeps many bars with long and odd labels under the limit', async () => {
    const bars = Array.from({ length: 20 }, (_, index) => ({
      label: `Very long name of an app, number ${index} <&> „ü“`,
      value: 20 - index,
      tone: index % 2 === 0 ? ('good' as const) : ('bad' as const),
    }));
    expect((await renderChart(barsChart(bars, 'people'))).png.length).toBeLessThan(mostBytes);
  });

  it('says its numbers in words', () => {
    expect(requestsPerDayAlt('iPhone', days.slice(10, 12))).toBe(
      'Requests per day of iPhone, 2026-02-20 to 2026-02-21: let in 90, 0; refused 0, 71.',
    );
  });
});
