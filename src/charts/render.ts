/**
 * From a Vega-Lite description to a small PNG, without a browser: Vega draws SVG, resvg paints it with a font of its own, sharp
 * takes it down to a palette (Teams shows inline pictures up to some 12 KB reliably). Everything is loaded only when the first
 * chart is rendered.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { TopLevelSpec } from 'vega-lite';
import { MislaidError } from '../ground/errors.ts';
import { chartConfig, font } from './theme.ts';

export type ChartSpec = TopLevelSpec;
export type Png = { png: Buffer; width: number; height: number };

/** Pixels per unit of the description: sharp on phones, still small. */
const zoom = 1.5;
/** Tried in order until the picture fits. */
const palettes = [32, 16, 8] as const;
/** Bytes; Teams' limit is 12 KB. */
export const mostBytes = 12_000;

/** Throws MislaidError `chart-not-drawn`. The size is that of the PNG, in pixels. */
export async function renderChart(spec: ChartSpec): Promise<Png> {
  try {
    const { vega, vegaLite, Resvg, sharp, fontFiles } = await engines();
    const view = new vega.View(vega.parse(vegaLite.compile({ ...spec, config: chartConfig }).spec), {
      renderer: 'none',
    });
    const svg = await view.toSVG();
    view.finalize();
    const painted = new Resvg(svg, {
      font: { fontFiles, loadSystemFonts: false, defaultFontFamily: font },
      fitTo: { mode: 'zoom', value: zoom },
    }).render();
    const full = painted.asPng();
    let smallest = full;
    for (const colours of palettes) {
      const png = await sharp(full)
        .png({ palette: true, colours, dither: 0, compressionLevel: 9, effort: 10 })
        .toBuffer();
      if (png.length < smallest.length) smallest = png;
      if (smallest.length <= mostBytes) break;
    }
    return { png: smallest, width: painted.width, height: painted.height };
  } catch (cause) {
    throw new MislaidError({
      code: 'chart-not-drawn',
      message: 'a chart could not be rendered',
      userMessage: 'A chart could not be drawn. The message goes without it; its numbers stand in the text.',
      cause,
    });
  }
}

type Engines = {
  vega: typeof import('vega');
  vegaLite: typeof import('vega-lite');
  Resvg: typeof import('@resvg/resvg-js').Resvg;
  sharp: typeof import('sharp').default;
  fontFiles: string[];
};

let loading: Promise<Engines> | undefined;

function engines(): Promise<Engines> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Engines> {
  const [vega, vegaLite, { Resvg }, { default: sharp }] = await Promise.all([
    import('vega'),
    import('vega-lite'),
    import('@resvg/resvg-js'),
    import('sharp'),
  ]);
  const folder = join(dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json')), 'ttf');
  return {
    vega,
    vegaLite,
    Resvg,
    sharp,
    fontFiles: [join(folder, 'DejaVuSans.ttf'), join(folder, 'DejaVuSans-Bold.ttf')],
  };
}
