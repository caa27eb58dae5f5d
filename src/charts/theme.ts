/** The appearance of every chart. The ground is opaque and light, so that text stays readable where the chat is dark. */
import type { Config } from 'vega-lite';

export const font = 'DejaVu Sans';

/** Told apart also by those who see no red or green (Okabe and Ito's colours), and readable on the ground. */
export const colours = {
  ground: '#ffffff',
  ink: '#1f2933',
  faint: '#d9dee4',
  good: '#0072b2',
  bad: '#d55e00',
  quiet: '#8a94a0',
  mark: '#009e73',
} as const;

export const chartConfig: Config = {
  background: colours.ground,
  padding: 12,
  font,
  view: { stroke: null },
  axis: {
    labelColor: colours.ink,
    titleColor: colours.ink,
    gridColor: colours.faint,
    domainColor: colours.quiet,
    tickColor: colours.quiet,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
  },
  legend: { labelColor: colours.ink, labelFontSize: 11, title: null, orient: 'top', symbolType: 'square' },
  title: { color: colours.ink, fontSize: 13, anchor: 'start' },
};
