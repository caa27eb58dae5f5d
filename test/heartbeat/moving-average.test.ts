import { describe, expect, it } from 'vitest';
import { movingAverage, whoPulls } from '../../src/heartbeat/moving-average.ts';

const settings = { command: 'Ping', sampleSize: 200, threshold: 540 };
const minute = 60_000;
const start = Date.parse('2026-03-02T08:00:00Z');

function sample(index: number, asked: number, device = `phone${index % 20}`, deviceType = 'iPhone') {
  return { startedAt: new Date(start + index * minute), asked, account: device, deviceId: device, deviceType };
}

const row = (count: number, asked: (index: number) => number) =>
  Array.from({ length: count }, (_, index) => sample(index, asked(index)));

describe('the average that Exchange keeps', () => {
  it('fires when the buffer is full and its average is at the threshold', () => {
    expect(
      movingAverage(
        row(200, () => 540),
        settings,
      ),
    ).toMatchObject({ average: 540, full: true, firing: true });
    expect(
      movingAverage(
        row(200, () => 541),
        settings,
      ),
    ).toMatchObject({ average: 541, firing: false });
    expect(
      movingAverage(
        row(199, () => 300),
        settings,
      ),
    ).toMatchObject({ full: false, firing: false });
  });

  it('looks at the newest values only', () => {
    expect(movingAverage([...row(500, () => 100), ...row(200, () => 900)], settings)).toMatchObject({ average: 900 });
  });

  it('says that the event will come, and about when', () => {
    // 100 long ones, then short ones at one a minute: after k more, (100-k)·3540 + (100+k)·300 < 200·541, so k = 86.
    const asked = row(200, (index) => (index < 100 ? 3540 : 300));
    const found = movingAverage(asked, settings);

    expect(found.firing).toBe(false);
    expect(found.firesInHours).toBeCloseTo(86 / 60, 5);
  });

  it('says nothing of the kind while new values are long, or too few', () => {
    expect(
      movingAverage(
        row(200, (index) => (index < 100 ? 600 : 3000)),
        settings,
      ).firesInHours,
    ).toBeUndefined();
    expect(
      movingAverage(
        row(9, () => 100),
        settings,
      ).firesInHours,
    ).toBeUndefined();
    expect(movingAverage([], settings)).toEqual({ command: 'Ping', samples: 0, full: false, firing: false });
    expect(
      movingAverage(
        row(10, () => 100),
        { ...settings, sampleSize: 0 },
      ).samples,
    ).toBe(0);
  });
});

describe('who pulls the average down', () => {
  it('is one bad app with many short Pings', () => {
    const good = Array.from({ length: 24 }, (_, index) => sample(index, 3000));
    const bad = Array.from({ length: 176 }, (_, index) => sample(24 + index, 90, `bad${index % 2}`, 'BadMail'));
    const { few, without, deviceType } = whoPulls([...good, ...bad], settings);

    expect(few.map(({ deviceId, samples }) => [deviceId, samples])).toEqual([
      ['bad0', 88],
      ['bad1', 88],
    ]);
    expect(without).toBe(3000);
    expect(deviceType).toBe('BadMail');
  });

  it('is nobody in particular when all phones ask for little', () => {
    expect(
      whoPulls(
        row(200, () => 300),
        settings,
      ).few,
    ).toEqual([]);
  });

  it('is not asked while the average is well over the threshold', () => {
    expect(
      whoPulls(
        row(200, (index) => (index % 10 === 0 ? 60 : 3000)),
        settings,
      ).few,
    ).toEqual([]);
  });
});
