import { describe, expect, it } from 'vitest';
import { renderForm } from '../../../adapters/slack/forms.ts';
import { renderMessage } from '../../../adapters/slack/render.ts';
import type { Block, Message } from '../../../src/message/model.ts';
import { text, time } from '../../../src/message/text.ts';
import { rendererContract } from '../../contracts/renderer.ts';
import {
  blockProblems,
  field,
  list,
  readable,
  text as textOf,
  unescaped,
  viewProblems,
} from '../../fakes/slack/block-limits.ts';
import { sceneNow, sceneZone } from '../../gallery/samples/scene.ts';

const options = { now: sceneNow, timeZone: sceneZone };
const files = new Map([['x', 'F1']]);

type Output = { text?: string; blocks: unknown; view?: unknown };

for (const surface of ['message', 'home'] as const) {
  rendererContract<Output>(`Slack (${surface})`, {
    render: (message) =>
      renderMessage(message, { ...options, files, ...(surface === 'home' ? { tables: false, mostBlocks: 100 } : {}) }),
    renderForm: (form) => {
      const view = renderForm(form, options);
      return { blocks: view.blocks, view };
    },
    text: ({ blocks, view }) => readable(view ?? blocks),
    actions: ({ blocks, view }) => [...actionsOf(blocks), ...submitOf(view)],
    limits: ({ text: fallback, blocks, view }) => [
      ...(view === undefined ? blockProblems(blocks, surface) : viewProblems(view)),
      ...(fallback !== undefined && (fallback.length === 0 || fallback.length > 4_000) ? ['text'] : []),
    ],
    // Rich text and plain_text are literal; mrkdwn is looked at below.
    forbidden: [],
    check: ({ text: fallback, blocks }) => {
      for (const mrkdwn of [fallback ?? '', ...mrkdwnOf(blocks)]) {
        expect(mrkdwn).not.toMatch(/<(?!date\^)/);
        expect(mrkdwn).not.toMatch(/&(?!amp;|lt;|gt;)/);
      }
    },
  });
}

describe('a card in Slack', () => {
  it('shows times in the reader’s zone, with a fallback in the policy’s', () => {
    const message: Message = {
      tone: 'neutral',
      blocks: [
        {
          kind: 'text',
          text: text('last sync ', time('2026-03-02T08:12:00Z'), ', until ', time('2026-03-02T08:55:00Z')),
        },
      ],
    };

    expect(renderMessage(message, options).blocks).toEqual([
      {
        type: 'rich_text',
        elements: [
          {
            type: 'rich_text_section',
            elements: [
              { type: 'text', text: 'last sync ' },
              {
                type: 'date',
                timestamp: 1772439120,
                format: '{ago}, {date_short_pretty} {time}',
                fallback: '12 minutes ago, 09:12',
              },
              { type: 'text', text: ', until ' },
              {
                type: 'date',
                timestamp: 1772441700,
                format: '{date_short_pretty} {time}',
                fallback: '09:55, in 31 minutes',
              },
            ],
          },
        ],
      },
    ]);
  });

  it('makes a menu of more than five choices, and keeps buttons that ask first', () => {
    const six = (rest: object) => buttonsOf(6, rest);

    expect(types(render([six({})]))).toEqual([['static_select']]);
    expect(types(render([buttonsOf(5, {})]))[0]).toHaveLength(5);
    expect(types(render([six({ confirm: { title: 'Sure?', text: 'Really?', ok: 'Yes' } })]))[0]?.[0]).toBe('button');
    expect(types(render([buttonsOf(230, {})]))).toEqual([['static_select', 'static_select', 'static_select']]);
  });

  it('names a mention nowhere but as text', () => {
    const { text: fallback } = renderMessage({ title: '<!channel> & <@U1>', tone: 'neutral', blocks: [] }, options);

    expect(fallback).toBe('&lt;!channel&gt; &amp; &lt;@U1&gt;');
    expect(unescaped(fallback)).toBe('<!channel> & <@U1>');
  });

  it('loses no button however many blocks there are', () => {
    const many: Block[] = Array.from({ length: 60 }, (_, index) => [
      { kind: 'image' as const, id: 'x', alt: `picture ${index}`, width: 1, height: 1 },
      { kind: 'buttons' as const, buttons: [{ label: `Go ${index}`, action: `go-${index}` }] },
    ]).flat();

    const { blocks } = renderMessage({ tone: 'neutral', blocks: many.slice(0, 90) }, { ...options, files });

    expect(blocks).toHaveLength(50);
    expect(actionsOf(blocks)).toHaveLength(45);
    expect(readable(blocks)).toMatch(/… 41 more/);
  });

  it('describes a picture that Slack does not have', () => {
    const rendered = render([{ kind: 'image', id: 'missing', alt: 'Heartbeats', width: 1, height: 1 }]);

    expect(readable(rendered)).toBe('[picture: Heartbeats]');
  });

  it('draws a second table, and any table on the home page, as records', () => {
    const table: Block = { kind: 'table', columns: ['Server', 'Edge'], rows: [[text('EX01'), text('LB1')]] };

    expect(render([table, table]).map((block) => block.type)).toEqual(['table', 'rich_text']);
    expect(readable(renderMessage({ tone: 'neutral', blocks: [table] }, { ...options, tables: false }).blocks)).toBe(
      'Server: EX01 · Edge: LB1',
    );
  });
});

function render(blocks: readonly Block[]) {
  return renderMessage({ tone: 'neutral', blocks }, options).blocks;
}

function buttonsOf(count: number, rest: object): Block {
  return {
    kind: 'buttons',
    buttons: Array.from({ length: count }, (_, index) => ({ label: `Device ${index}`, action: `d-${index}`, ...rest })),
  };
}

function types(blocks: unknown): string[][] {
  if (!Array.isArray(blocks)) return [];
  return blocks.map((block) => list(block, 'elements').map((element) => textOf(element, 'type')));
}

function actionsOf(blocks: unknown): string[] {
  if (!Array.isArray(blocks)) return [];
  return blocks
    .filter((block) => textOf(block, 'type') === 'actions')
    .flatMap((block) => list(block, 'elements'))
    .flatMap((element) =>
      textOf(element, 'type') === 'button'
        ? [textOf(element, 'value')]
        : list(element, 'options').map((option) => textOf(option, 'value')),
    );
}

function submitOf(view: unknown): string[] {
  const metadata = textOf(view, 'private_metadata');
  return metadata === '' ? [] : [textOf(JSON.parse(metadata), 'action')];
}

function mrkdwnOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(mrkdwnOf);
  if (typeof value !== 'object' || value === null) return [];
  if (field(value, 'type') === 'mrkdwn') return [textOf(value, 'text')];
  return Object.values(value).flatMap(mrkdwnOf);
}
