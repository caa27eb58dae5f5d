import type { ChartSpec } from './render.ts';
import { colours } from './theme.ts';

export type DayBar = { day: string; letIn: number; refused: number };

/** One bar a day, let in and refused on top of each other. `days` are `YYYY-MM-DD` in the reader's zone, without gaps. */
export function requestsPerDayChart(days: readonly DayBar[]): ChartSpec {
  return {
    width: Math.min(480, Math.max(160, days.length * 34)),
    height: 120,
    data: {
      values: days.flatMap(({ day, letIn, refused }) => [
        { day: label(day), order: day, answer: 'let in', requests: letIn },
        { day: label(day), order: day, answer: 'refused', requests: refused },
      ]),
    },
    mark: { type: 'bar' },
    encoding: {
      x: {
        field: 'day',
        type: 'ordinal',
        title: null,
        sort: { field: 'order' },
        axis: { labelAngle: 0, labelOverlap: true },
      },
      y: { field: 'requests', type: 'quantitative', title: 'requests', axis: { tickCount: 4, tickMinStep: 1 } },
      color: {
        field: 'answer',
        type: 'nominal',
        scale: { domain: ['let in', 'refused'], range: [colours.good, colours.bad] },
      },
    },
  };
}

/** "let in 120, 118, 0; refused 0, 2, 80" with the days it begins and ends on. */
export function requestsPerDayAlt(whose: string, days: readonly DayBar[]): string {
  const first = days[0]?.day ?? '';
  const last = days.at(-1)?.day ?? '';
  const numbers = (of: (bar: DayBar) => number) => days.map(of).join(', ');
  return `Requests per day of ${whose}, ${first} to ${last}: let in ${numbers((bar) => bar.letIn)}; refused ${numbers((bar) => bar.refused)}.`;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function label(day: string): string {
  const [, month = '', date = ''] = day.split('-');
  return `${Number(date)} ${months[Number(month) - 1] ?? ''}`;
}
