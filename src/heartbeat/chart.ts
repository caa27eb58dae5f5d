/** Which heartbeats phones ask for and how those waits end, with Min, threshold, average, edge and Max marked. */
import type { ChartSpec } from '../charts/render.ts';
import { colours } from '../charts/theme.ts';
import type { Bar, EdgeLook, Look, ServerLook } from './look.ts';
import { currentAverage } from './verdict.ts';
import { count, figure, names, seconds } from './words.ts';

/** More panels than this nobody reads; those the verdict is about come first. */
const mostPanels = 2;
/** Steps of the axis, in seconds: heartbeats differ by factors, so the steps do. */
const edges = [
  30, 60, 90, 120, 180, 240, 300, 360, 420, 480, 540, 660, 900, 1200, 1680, 2400, 3000, 3600, 7200,
] as const;

type Step = { from: number; to: number; answered: number; mail: number; failed: number };
type Mark = { at: number; name: string; row: number; label: string; align: 'left' | 'right'; colour: string };

/** Pixels above each panel for the names of its marks. */
const labelBand = 38;

/** undefined where there is nothing to draw. */
export function heartbeatChart(look: Look, server?: string): ChartSpec | undefined {
  const panels = panelsOf(look, server);
  if (panels.length === 0) return undefined;
  const high = panels.length > 1 ? 76 : 150;
  return {
    vconcat: panels.map((panel, index) => panelSpec(look, panel, { high, last: index === panels.length - 1 })),
    spacing: 14,
  };
}

/** The same in words, for those who see no picture. */
export function heartbeatAlt(look: Look, server?: string): string {
  const panels = panelsOf(look, server);
  const parts = panels.map((panel) => {
    const marks = marksOf(look, panel).map(({ name, at }) => `${name} ${seconds(at)}`);
    const { answered, mail, failed } = totals(panel.asked?.bars ?? []);
    return `${panel.server}: ${count(panel.asked?.requests ?? 0, 'wait')} of ${count(panel.asked?.clients ?? 0, 'phone')}, ${figure(answered)} answered after their time, ${figure(mail)} ended by new mail, ${figure(failed)} cut or lost; ${marks.join(', ')}`;
  });
  return `Heartbeats that phones asked for on ${names(panels.map((panel) => panel.server))} in ${look.hours} hours. ${parts.join('. ')}.`;
}

function panelsOf(look: Look, server: string | undefined): ServerLook[] {
  const drawable = look.servers.filter(
    (each) => each.asked !== undefined && (server === undefined || each.server === server),
  );
  const first = drawable.filter((each) => look.about.includes(each.server));
  const rest = drawable.filter((each) => !look.about.includes(each.server));
  return [...first, ...rest].slice(0, mostPanels).sort((a, b) => a.server.localeCompare(b.server));
}

function panelSpec(look: Look, panel: ServerLook, { high, last }: { high: number; last: boolean }) {
  const scale = { type: 'log' as const, domain: [30, 3800], nice: false };
  const marks = marksOf(look, panel);
  const markColour = { field: 'colour', type: 'nominal' as const, scale: null };
  const ends = [
    { field: 'answered', name: 'waited its time' },
    { field: 'mail', name: 'new mail' },
    { field: 'failed', name: 'cut or lost' },
  ] as const;
  const values = stepsOf(panel.asked?.bars ?? []).flatMap((step) =>
    ends.map(({ field, name }, order) => ({ from: step.from, to: step.to, ended: name, requests: step[field], order })),
  );
  return {
    title: { text: panel.server, fontSize: 12, offset: 2 },
    width: 400,
    height: high,
    layer: [
      {
        data: { values },
        mark: { type: 'bar' as const, binSpacing: 1 },
        encoding: {
          x: {
            field: 'from',
            type: 'quantitative' as const,
            bin: { binned: true },
            scale,
            axis: last
              ? {
                  title: 'seconds asked for',
                  values: [30, 60, 120, 240, 480, 900, 1800, 3600],
                  grid: false,
                  format: 'd',
                }
              : { title: null, values: [30, 60, 120, 240, 480, 900, 1800, 3600], grid: false, labels: false },
          },
          x2: { field: 'to' },
          y: {
            field: 'requests',
            type: 'quantitative' as const,
            title: 'requests',
            axis: { tickCount: 3, tickMinStep: 1 },
            stack: 'zero' as const,
          },
          color: {
            field: 'ended',
            type: 'nominal' as const,
            scale: { domain: ends.map(({ name }) => name), range: [colours.good, colours.quiet, colours.bad] },
            legend: {},
          },
          order: { field: 'order', type: 'ordinal' as const },
        },
      },
      {
        data: { values: marks },
        mark: { type: 'rule' as const, strokeDash: [4, 3], strokeWidth: 1.4 },
        encoding: { x: { field: 'at', type: 'quantitative' as const, scale }, color: markColour },
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
          x: { field: 'at', type: 'quantitative' as const, scale },
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
    resolve: { scale: { y: 'independent' as const } },
  };
}

/** From left to right; neighbours' names stand on different lines above the panel so that they do not meet. */
function marksOf(look: Look, server: ServerLook): Mark[] {
  const { values } = server;
  const average = currentAverage(server);
  const edge = edgeSeconds(look.edges.find(({ servers }) => servers.includes(server.server)));
  const marks = [
    { at: values.min, name: 'Min' },
    ...(average === undefined ? [] : [{ at: average, name: 'average' }]),
    ...(edge === undefined ? [] : [{ at: edge, name: 'edge' }]),
    { at: values.threshold, name: 'threshold' },
    { at: values.max, name: 'Max' },
  ].sort((a, b) => a.at - b.at);
  return marks.map((mark, index) => ({
    ...mark,
    row: (index % 3) * 12 - labelBand,
    label: `${mark.name} ${mark.at}`,
    align: mark.at > 2000 ? ('right' as const) : ('left' as const),
    colour: mark.name === 'edge' ? colours.bad : mark.name === 'average' ? colours.mark : colours.ink,
  }));
}

function edgeSeconds(edge: EdgeLook | undefined): number | undefined {
  if (edge === undefined || edge.scope.kind !== 'all') return undefined;
  if (edge.estimate.kind === 'seen') return edge.estimate.seconds;
  return edge.estimate.kind === 'bounded' ? edge.estimate.atMost : undefined;
}

function stepsOf(bars: readonly Bar[]): Step[] {
  return edges.slice(0, -1).map((from, index) => {
    const to = edges[index + 1] ?? from * 2;
    const inside = bars.filter(({ asked }) => Math.max(30, asked) >= from && Math.max(30, asked) < to);
    return { from, to, ...totals(inside) };
  });
}

function totals(bars: readonly Bar[]): { answered: number; mail: number; failed: number } {
  return bars.reduce(
    (sum, bar) => ({
      answered: sum.answered + bar.answered,
      mail: sum.mail + bar.mail,
      failed: sum.failed + bar.failed,
    }),
    { answered: 0, mail: 0, failed: 0 },
  );
}
