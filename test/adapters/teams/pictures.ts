/**
 * `npm run teams:pictures [-- <part of a name>]`: every card and form of the gallery, drawn by Microsoft's own renderer in a headless Chromium
 * (`CHROMIUM`, default /usr/bin/chromium), desktop and phone, light and dark, into the ignored folder `teams-pictures/`.
 * Anything that the renderer does not understand ends the run.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { z } from 'zod';
import type { TeamsCard } from '../../../adapters/teams/card.ts';
import { renderForm } from '../../../adapters/teams/forms.ts';
import { renderMessage } from '../../../adapters/teams/render.ts';
import { gallery, galleryForms } from '../../gallery/gallery.ts';
import { sceneNow, sceneZone } from '../../gallery/samples/scene.ts';

const looks = {
  light: {
    page: '#f5f5f5',
    card: '#ffffff',
    text: '#242424',
    subtle: '#616161',
    emphasis: '#f0f0f0',
    good: '#e7f2da',
    warning: '#fbf6d9',
    attention: '#f9dcd9',
    goodText: '#237b4b',
    warningText: '#835c00',
    attentionText: '#c4314b',
    accent: '#4f52b2',
    line: '#e0e0e0',
  },
  dark: {
    page: '#1f1f1f',
    card: '#292929',
    text: '#ffffff',
    subtle: '#adadad',
    emphasis: '#333333',
    good: '#1f3a24',
    warning: '#463a0c',
    attention: '#4a2024',
    goodText: '#92c353',
    warningText: '#f8d22a',
    attentionText: '#f9526b',
    accent: '#9ea2ff',
    line: '#525252',
  },
} as const;
const widths = { desktop: 640, phone: 340 } as const;

type Look = (typeof looks)[keyof typeof looks];

/** Close to what Teams sets: its colours, spaces and sizes. */
function hostConfig(look: Look): Record<string, unknown> {
  const colour = (value: string) => ({ default: value, subtle: look.subtle });
  const style = (background: string) => ({
    backgroundColor: background,
    foregroundColors: {
      default: { default: look.text, subtle: look.subtle },
      accent: colour(look.accent),
      good: colour(look.goodText),
      warning: colour(look.warningText),
      attention: colour(look.attentionText),
    },
  });
  return {
    fontFamily: 'Segoe UI, Selawik, Noto Sans, DejaVu Sans, sans-serif',
    fontTypes: {
      default: { fontFamily: 'Noto Sans, DejaVu Sans, sans-serif' },
      monospace: { fontFamily: 'DejaVu Sans Mono, monospace' },
    },
    fontSizes: { small: 12, default: 14, medium: 16, large: 18, extraLarge: 24 },
    spacing: { small: 6, default: 10, medium: 14, large: 20, extraLarge: 28, padding: 14 },
    separator: { lineThickness: 1, lineColor: look.line },
    supportsInteractivity: true,
    imageBaseUrl: '',
    containerStyles: {
      default: style(look.card),
      emphasis: style(look.emphasis),
      good: style(look.good),
      warning: style(look.warning),
      attention: style(look.attention),
      accent: style(look.emphasis),
    },
    actions: {
      maxActions: 6,
      spacing: 'default',
      buttonSpacing: 8,
      showCard: { actionMode: 'inline', inlineTopMargin: 8 },
      actionsOrientation: 'horizontal',
      actionAlignment: 'left',
    },
    table: { cellSpacing: 6 },
    inputs: {
      label: {
        requiredInputs: { weight: 'Bolder', suffix: ' *', suffixColor: 'attention' },
        optionalInputs: { weight: 'Bolder' },
      },
      errorMessage: { color: 'attention' },
    },
  };
}

function styleSheet(look: Look): string {
  return `
    body { margin: 0; padding: 12px; background: ${look.page}; color: ${look.text}; font: 14px 'Noto Sans', sans-serif; }
    a { color: ${look.accent}; }
    .card { background: ${look.card}; border: 1px solid ${look.line}; border-radius: 6px; overflow: hidden; }
    .ac-pushButton { background: ${look.card}; color: ${look.text}; border: 1px solid ${look.line}; border-radius: 4px; padding: 5px 12px; font: 600 14px 'Noto Sans', sans-serif; }
    .ac-pushButton.style-positive { background: #5b5fc7; color: #fff; }
    .ac-pushButton.style-destructive { background: ${look.card}; color: ${look.attentionText}; }
    .ac-actionSet { flex-wrap: wrap; row-gap: 8px; }
    .ac-input { background: ${look.card}; color: ${look.text}; border: 1px solid ${look.line}; border-radius: 4px; padding: 6px; font: 14px 'Noto Sans', sans-serif; }
    .ac-input.ac-toggleInput, .ac-input.ac-choiceSetInput-expanded, .ac-choiceSetInput-expanded { border: none; }
    table, th, td { border-color: ${look.line} !important; }`;
}

/** Runs in the browser: what the renderer did not understand. */
const drawing = `({ json, config }) => {
  const element = new AdaptiveCards.AdaptiveCard();
  element.hostConfig = new AdaptiveCards.HostConfig(config);
  const context = new AdaptiveCards.SerializationContext(AdaptiveCards.Versions.v1_5);
  element.parse(json, context);
  const root = element.render();
  root.className += ' card';
  document.body.replaceChildren(root);
  return Array.from({ length: context.eventCount }, (_, index) => context.getEventAt(index).message);
}`;

async function draw(page: Page, card: TeamsCard, look: Look): Promise<string[]> {
  await page.addStyleTag({ content: styleSheet(look) });
  return z
    .array(z.string())
    .parse(await page.evaluate(`(${drawing})(${JSON.stringify({ json: card, config: hostConfig(look) })})`));
}

async function main(wanted: string): Promise<void> {
  const folder = 'teams-pictures';
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const profile = mkdtempSync(join(tmpdir(), 'mislaid-chromium-'));
  const require = createRequire(import.meta.url);
  const library = readFileSync(require.resolve('adaptivecards/dist/adaptivecards.min.js'), 'utf8');
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    timezoneId: sceneZone,
    locale: 'en-GB',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const problems: string[] = [];
  try {
    const canvas = { now: sceneNow, timeZone: sceneZone };
    const cards = [
      ...gallery.map(({ name, message, now = sceneNow }) => ({
        name,
        card: renderMessage(message, { ...canvas, now }),
      })),
      ...galleryForms.map(({ name, form }) => ({
        name: `form ${name}`,
        card: renderForm({ form }, { ...canvas, inDialog: true }),
      })),
    ].filter(({ name }) => name.includes(wanted));
    for (const [look, colours] of Object.entries(looks)) {
      for (const [device, width] of Object.entries(widths)) {
        const page = await context.newPage();
        await page.setViewportSize({ width, height: 400 });
        for (const { name, card } of cards) {
          await page.setContent('<!doctype html><html lang="en"><body></body></html>');
          await page.addScriptTag({ content: library });
          for (const problem of await draw(page, card, colours)) problems.push(`${name}: ${problem}`);
          const wide = await page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
          if (wide === true) problems.push(`${name}: wider than a ${device}`);
          const file = `${name.replaceAll(/[^a-z0-9]+/gi, '-')}-${device}-${look}.png`;
          await page.locator('body').screenshot({ path: join(folder, file) });
        }
        await page.close();
      }
    }
    process.stdout.write(`${cards.length} cards, ${problems.length} problems, pictures in ${folder}/\n`);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
  if (problems.length > 0) {
    process.stderr.write(`${[...new Set(problems)].join('\n')}\n`);
    process.exitCode = 1;
  }
}

await main(process.argv[2] ?? '');
