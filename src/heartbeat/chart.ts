/** Which heartbeats phones ask for and how those waits end, with Min, threshold, average, edge and Max marked. */
import type { ChartSpec } from '../charts/render.ts';
import { colours } from '../charts/theme.ts';
import { sumOf } from './observation.ts';
import { type Bar, edgeLength, type Reading, type ServerReading } from './reading.ts';
import { currentAverage } from './verdict.ts';
import { count, figure, names, seconds } from './words.ts';

/** More panels than this nobody reads; those the verdict is about come first. */
const mostPanels = 2;
/** Steps of the axis, in seconds: heartbeats differ by factors, so the steps do. */
const steps = [
  30, 60, 90, 120, 180, 240, 300, 360, 420, 480, 540, 660, 900, 1200, 1680, 2400, 3000, 3600, 7200,
] as const;

type Mark = { at: number; name: string; row: number; label: string; align: 'left' | 'right'; colour: string };

const scale = { type: 'log' as const, domain: [30, 3800], nice: false };
const axis = { values: [30, 60, 120, 240, 480, 900, 1800, 3600], grid: false };
const ends = [
  { field: 'answered', name: 'waited its time' },
  { field: 'mail', name: 'new mail' },
  { field: 'failed', name: 'cut or lost' },
] as const;

/** Pixels above each panel for the names of its marks. */
const labelBand = 38;

type PanelSpec = Extract<ChartSpec, { vconcat: unknown }>['vconcat'][number];

/** undefined where nobody waited. */
export function heartbeatChart(reading: Reading, server?: string): ChartSpec | undefined {
  const panels = panelsOf(reading, server);
  if (panels.length === 0) return undefined;
  const high = panels.length > 1 ? 76 : 150;
  return {
    vconcat: panels.map((panel, index) => panelSpec(reading, panel, { high, last: index === panels.length - 1 })),
    spacing: 14,
  };
}

/** The same in words, for those who see no picture. */
export function heartbeatAlt(reading: Reading, server?: string): string {
  const panels = panelsOf(reading, server);
  const parts = panels.map((panel) => {
    const marks = marksOf(reading, panel).map(({ name, at }) => `${name} ${seconds(at)}`);
    const { answered, mail, failed } = totals(panel.asked?.bars ?? []);
    return `${panel.server}: ${count(panel.asked?.requests ?? 0, 'wait')} of ${count(panel.asked?.clients ?? 0, 'phone')}, ${figure(answered)} answered after their time, ${figure(mail)} ended by new mail, ${figure(failed)} cut or lost; ${marks.join(', ')}`;
  });
  return `Heartbeats that phones asked for on ${names(panels.map((panel) => panel.server))} in ${reading.hours} hours. ${parts.join('. ')}.`;
}

function panelsOf(reading: Reading, server: string | undefined): ServerReading[] {
  const waited = reading.servers.filter(
    (each) => each.asked !== undefined && (server === undefined || each.server === server),
  );
  const first = waited.filter((each) => reading.about.includes(each.server));
  const rest = waited.filter((each) => !reading.about.includes(each.server));
  return [...first, ...rest].slice(0, mostPanels).sort((a, b) => a.server.localeCompare(b.server));
}

function panelSpec(reading: Reading, panel: ServerReading, { high, last }: { high: number; last: boolean }) {
  const marks = marksOf(reading, panel);
  const atMark = { field: 'at', type: 'quantitative', scale } as const;
  return {
    title: { text: panel.server, fontSize: 12, offset: 2 },
    width: 400,
    height: high,
    layer: [
      {
        data: { values: stepsOf(panel.asked?.bars ?? []) },
        mark: { type: 'bar', binSpacing: 1 },
        encoding: {
          x: {
            field: 'from',
            type: 'quantitative',
            bin: { binned: true },
            scale,
            axis: last ? { title: 'seconds asked for', ...axis, format: 'd' } : { title: null, ...axis, labels: false },
          },
          x2: { field: 'to' },
          y: {
            field: 'requests',
            type: 'quantitative',
            title: 'requests',
            axis: { tickCount: 3, tickMinStep: 1 },
            stack: 'zero',
          },
          color: {
            field: 'ended',
            type: 'nominal',
            scale: { domain: ends.map(({ name }) => name), range: [colours.good, colours.quiet, colours.bad] },
            legend: {},
          },
          order: { field: 'order', type: 'ordinal' },
        },
      },
      {
        data: { values: marks },
        mark: { type: 'rule', strokeDash: [4, 3], strokeWidth: 1.4 },
        encoding: { x: atMark, color: { field: 'colour', type: 'nominal', scale: null } },
      },
      ...(['left', 'right'] as const).map((align) => ({
        data: { values: marks.filter((mark) => mark.align === align) },
        mark: {
          type: 'text' as const,
          align,
          baseline: 'top' as const,
          dx: align === 'left' ? 2 : -2,
          fontSize: 10,
          clip: false,
        },
        encoding: {
          x: atMark,
          y: {
            field: 'row',
            type: 'quantitative' as const,
            scale: { domain: [0, high], range: [0, high] },
            axis: null,
          },
          text: { field: 'label', type: 'nominal' as const },
          color: { value: colours.ink },
        },
      })),
    ],
    resolve: { scale: { y: 'independent' } },
  } satisfies PanelSpec;
}

/** From left to right; neighbours' names stand on different lines above the panel so that they do not meet. */
function marksOf(reading: Reading, server: ServerReading): Mark[] {
  const { values } = server;
  const average = currentAverage(server);
  const edge = reading.edges.find(({ servers }) => servers.includes(server.server));
  const marks = [
    { at: values.min, name: 'Min', colour: colours.ink },
    { at: average, name: 'average', colour: colours.mark },
    { at: edge && edgeLength(edge), name: 'edge', colour: colours.bad },
    { at: values.threshold, name: 'threshold', colour: colours.ink },
    { at: values.max, name: 'Max', colour: colours.ink },
  ].flatMap(({ at, ...mark }) => (at === undefined ? [] : [{ at, ...mark }]));
  return marks
    .sort((a, b) => a.at - b.at)
    .map(({ at, name, colour }, index) => ({
      at,
      name,
      row: (index % 3) * 12 - labelBand,
      label: `${name} ${at}`,
      align: at > 2000 ? 'right' : 'left',
      colour,
    }));
}

/** A row of the chart's data for each step and end. */
function stepsOf(bars: readonly Bar[]) {
  return steps.slice(0, -1).flatMap((from, index) => {
    const to = steps[index + 1] ?? from * 2;
    const sums = totals(bars.filter(({ asked }) => Math.max(30, asked) >= from && Math.max(30, asked) < to));
    return ends.map(({ field, name }, order) => ({ from, to, ended: name, requests: sums[field], order }));
  });
}

function totals(bars: readonly Bar[]): Omit<Bar, 'asked'> {
  return {
    answered: sumOf(bars, ({ answered }) => answered),
    mail: sumOf(bars, ({ mail }) => mail),
    failed: sumOf(bars, ({ failed }) => failed),
  };
}
