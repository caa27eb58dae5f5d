import type { ChartSpec } from './render.ts';
import { colours } from './theme.ts';

export type Bar = { label: string; value: number; tone: 'good' | 'bad' | 'quiet' };

/** Bars beside each other with their number at the end, the longest first: apps by people, rules by phones. */
export function barsChart(bars: readonly Bar[], axis: string): ChartSpec {
  return {
    width: 380,
    height: { step: 20 },
    data: { values: bars.map(({ label, value, tone }) => ({ label: cut(label), value, tone })) },
    encoding: {
      y: { field: 'label', type: 'nominal', title: null, sort: null },
      x: { field: 'value', type: 'quantitative', title: axis, axis: { tickCount: 5, tickMinStep: 1 } },
    },
    layer: [
      {
        mark: { type: 'bar' },
        encoding: {
          color: {
            field: 'tone',
            type: 'nominal',
            legend: null,
            scale: { domain: ['good', 'bad', 'quiet'], range: [colours.good, colours.bad, colours.quiet] },
          },
        },
      },
      {
        mark: { type: 'text', align: 'left', dx: 4, color: colours.ink, fontSize: 11 },
        encoding: { text: { field: 'value', type: 'quantitative' } },
      },
    ],
  };
}

function cut(label: string): string {
  return label.length <= 28 ? label : `${label.slice(0, 27)}…`;
}
