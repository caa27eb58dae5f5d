import { describe, expect, it } from 'vitest';
import { mostBytes, renderChart } from '../../src/charts/render.ts';
import { heartbeatAlt, heartbeatChart } from '../../src/heartbeat/chart.ts';
import type { Bar, Reading, ServerReading } from '../../src/heartbeat/reading.ts';
import { defaultValues } from '../../src/heartbeat/values.ts';

function server(name: string, bars: Bar[], average: number): ServerReading {
  const requests = bars.reduce((sum, { answered, mail, failed }) => sum + answered + mail + failed, 0);
  return {
    server: name,
    unseen: [],
    remarks: [],
    values: defaultValues,
    valueProblems: [],
    pull: { few: [] },
    verdict: 'healthy',
    averages: [{ command: 'Ping', average, samples: 200, full: true, firing: false }],
    asked: {
      requests,
      clients: 12,
      average,
      bars,
      lives: average,
      byType: [],
      byNetwork: [],
      ended: { heartbeat: 0, change: 0, cut: 0, dropped: 0, overlapped: 0, refused: 0 },
    },
  };
}

const reading: Reading = {
  at: '2026-03-02T09:00:00.000Z',
  hours: 24,
  differences: [],
  verdict: 'edge-too-short',
  about: ['EX02'],
  changes: [],
  servers: [
    server('EX01', [{ asked: 3540, answered: 30, mail: 60, failed: 1 }], 3540),
    server(
      'EX02',
      [
        { asked: 247, answered: 900, mail: 80, failed: 0 },
        { asked: 307, answered: 0, mail: 3, failed: 40 },
      ],
      250,
    ),
    server('EX03', [{ asked: 900, answered: 3, mail: 6, failed: 0 }], 900),
  ],
  edges: [
    {
      name: 'LB1',
      servers: ['EX02'],
      scope: { kind: 'all' },
      policyOutdated: false,
      estimate: {
        kind: 'seen',
        seconds: 300,
        how: 'reset',
        requests: 40,
        clients: 9,
        firstHour: 0,
        lastHour: 1,
        confidence: 'high',
      },
    },
  ],
};

describe('the chart of heartbeats', () => {
  it('shows the server that it is about beside another one, and fits into a chat', async () => {
    const spec = heartbeatChart(reading);
    expect(JSON.stringify(spec)).toContain('"edge 300"');
    expect(JSON.stringify(spec)).not.toContain('EX03');
    if (spec === undefined) throw new Error('there is something to draw');
    const { png, width, height } = await renderChart(spec);

    expect(png.length).toBeLessThan(mostBytes);
    expect(width).toBeGreaterThan(height);
  });

  it('says the same in words, with every mark and number', () => {
    expect(heartbeatAlt(reading, 'EX02')).toBe(
      'Heartbeats that phones asked for on EX02 in 24 hours. EX02: 1,023 waits of 12 phones, 900 answered after their time, 83 ended by new mail, 40 cut or lost; Min 60 s, average 250 s, edge 300 s, threshold 540 s, Max 3,540 s.',
    );
  });

  it('is left out where nobody waited', () => {
    expect(
      heartbeatChart({ ...reading, servers: reading.servers.map(({ asked: _, ...rest }) => rest) }),
    ).toBeUndefined();
  });
});
