import { AdaptiveCard, SerializationContext, Versions } from 'adaptivecards';
import { describe, expect, it } from 'vitest';
import type { TeamsCard } from '../../../adapters/teams/card.ts';
import { bytesOf } from '../../../adapters/teams/cut.ts';
import { renderForm, unpack } from '../../../adapters/teams/forms.ts';
import { activityBytes, hardSize, labelLength } from '../../../adapters/teams/limits.ts';
import { notificationSummary, renderMessage } from '../../../adapters/teams/render.ts';
import type { Message, Span } from '../../../src/message/model.ts';
import { code, text } from '../../../src/message/text.ts';
import { rendererContract } from '../../contracts/renderer.ts';
import { buttonsOf, nodes, textOf } from '../../fakes/teams/cards.ts';
import { gallery } from '../../gallery/gallery.ts';
import { at, on, sceneNow, sceneZone } from '../../gallery/samples/scene.ts';

const canvas = { now: sceneNow, timeZone: sceneZone, key: 'card-1-0123456789abcdef' };

type Rendered = { title: string; card: TeamsCard; summary: string };

/** Inline pictures of the largest size that is taken. */
const picture = `data:image/png;base64,${'A'.repeat(16_000)}`;

for (const inDialog of [false, true]) {
  rendererContract<Rendered>(inDialog ? 'Teams, in a dialog' : 'Teams', {
    render: (message) => ({
      title: '',
      card: renderMessage(message, { ...canvas, inDialog, pictures: new Map([['chart', picture]]) }),
      summary: notificationSummary(message, canvas),
    }),
    renderForm: (form) => ({ title: form.title, card: renderForm({ form }, { ...canvas, inDialog }), summary: '' }),
    text: ({ title, card }) => `${title}\n${textOf(card)}`,
    actions: ({ card }) => buttonsOf(card).flatMap(({ data }) => data.mislaid.action ?? []),
    limits: ({ card, summary }) => limitsBroken(card, summary),
    // A time of ours is a run of its own; anywhere else the client must find nothing to work out.
    forbidden: [
      /[^{]\{\{(DATE|TIME)\(/,
      /\{\{(DATE|TIME)\([^)]*\)\}\}./,
      /^\{\{(DATE|TIME)\((?!\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)/,
    ],
  });
}

function limitsBroken(card: TeamsCard, summary: string): string[] {
  const activity = { type: 'message', summary, attachments: [{ contentType: 'x'.repeat(40), content: card }] };
  const broken: string[] = [];
  const size = bytesOf(activity);
  if (size > activityBytes) broken.push(`${size} bytes`);
  for (const { title } of buttonsOf(card)) if ([...title].length > labelLength) broken.push(`long label ${title}`);
  for (const node of nodes(card)) {
    if (node.type === 'ActionSet' && Array.isArray(node.actions) && node.actions.length > 6)
      broken.push('too many buttons in a row');
    if (node.type === 'ActionSet' && Array.isArray(node.actions) && node.actions.length === 0)
      broken.push('an empty row of buttons');
  }
  broken.push(...schemaErrors(card));
  return broken;
}

/** What Microsoft's own parser finds wrong with it as a card of version 1.5. */
function schemaErrors(card: TeamsCard): string[] {
  const context = new SerializationContext(Versions.v1_5);
  new AdaptiveCard().parse(card, context);
  return Array.from({ length: context.eventCount }, (_, index) => context.getEventAt(index).message);
}

describe('a card of Teams', () => {
  it('is refused by the parser that this test relies on when it is wrong', () => {
    const wrong: TeamsCard = { type: 'AdaptiveCard', version: '1.5', body: [{ type: 'ActionSet', actions: [] }] };
    const unknown = JSON.parse(JSON.stringify(wrong).replace('ActionSet', 'Carousel'));

    expect(schemaErrors(unknown)).not.toEqual([]);
  });

  it('says times in the reader’s own zone, with the day where it is not near, and in words where words stay true', () => {
    const said = (...parts: readonly (string | Span)[]) =>
      textOf(renderMessage({ tone: 'neutral', blocks: [{ kind: 'text', text: text(...parts) }] }, canvas));

    expect(said('last sync ', at('09:12'))).toBe('last sync {{TIME(2026-03-02T08:12:00Z)}}');
    expect(said('last sync ', on('2026-02-27', '17:40'))).toBe(
      'last sync 3 days ago, {{DATE(2026-02-27T16:40:00Z, SHORT)}} {{TIME(2026-02-27T16:40:00Z)}}',
    );
    expect(said('until ', on('2026-03-04', '17:40'))).toBe(
      'until {{DATE(2026-03-04T16:40:00Z, SHORT)}} {{TIME(2026-03-04T16:40:00Z)}}',
    );
  });

  it('works nothing out that somebody typed', () => {
    const card = renderMessage(
      {
        title: '{{DATE(2026-03-02T08:12:00Z)}}',
        tone: 'neutral',
        blocks: [
          { kind: 'text', text: text('{{{TIME(2026-03-02T08:12:00Z)}}') },
          { kind: 'buttons', buttons: [{ label: '{{TIME(2026-03-02T08:12:00Z)}}', action: 'a' }] },
        ],
      },
      canvas,
    );

    for (const node of nodes(card.body)) {
      for (const value of Object.values(node)) if (typeof value === 'string') expect(value).not.toContain('{{');
    }
  });

  it('asks before a click where that is wanted, under the button', () => {
    const confirm = { title: 'Wipe it?', text: 'Nothing brings it back.', ok: 'Wipe' };
    const card = renderMessage(
      { tone: 'neutral', blocks: [{ kind: 'buttons', buttons: [{ label: 'Wipe…', action: 'a', confirm }] }] },
      canvas,
    );

    expect(nodes(card).find(({ type }) => type === 'Action.ShowCard')).toMatchObject({ title: 'Wipe…' });
    expect(textOf(card)).toContain('Nothing brings it back.');
    expect(buttonsOf(card)).toMatchObject([{ title: 'Wipe', data: { mislaid: { action: 'a' } } }]);
  });

  it('executes, with a submit for old clients, and opens a dialog for what asks', () => {
    const card = renderMessage(
      {
        tone: 'neutral',
        blocks: [
          {
            kind: 'buttons',
            buttons: [
              { label: 'Approve', action: 'a' },
              { label: 'Deny…', action: 'd', opensForm: true },
            ],
          },
        ],
      },
      canvas,
    );

    expect(nodes(card).filter(({ type }) => type?.startsWith('Action.') === true)).toMatchObject([
      {
        type: 'Action.Execute',
        data: { mislaid: { kind: 'click', action: 'a', key: canvas.key } },
        fallback: { type: 'Action.Submit', data: { mislaid: { kind: 'click', action: 'a' } } },
      },
      { type: 'Action.Submit', data: { mislaid: { action: 'd' }, msteams: { type: 'task/fetch' } } },
    ]);
  });

  it('lets the long table give way, not the sentence under it', () => {
    const rows = Array.from({ length: 400 }, (_, row) => [text(`Person ${row}`), text(`Device ${row}`)]);
    const message: Message = {
      title: 'Devices',
      tone: 'neutral',
      blocks: [
        { kind: 'table', columns: ['Person', 'Device'], rows },
        { kind: 'text', text: text('Under the table') },
        { kind: 'buttons', buttons: [{ label: 'Close', action: 'close' }] },
      ],
    };

    const card = renderMessage(message, canvas);

    expect(textOf(card)).toMatch(/… \d+ more rows\nUnder the table\nClose$/);
    expect(bytesOf(card)).toBeLessThan(activityBytes);
  });

  it('sets names and values beside each other only where a phone has room for each word', () => {
    const drawn = (label: string, value: string) =>
      nodes(
        renderMessage(
          { tone: 'neutral', blocks: [{ kind: 'fields', fields: [{ label, value: text(value) }] }] },
          canvas,
        ),
      ).map(({ type }) => type);
    const both = (first: string, second: string) =>
      nodes(
        renderMessage(
          { tone: 'neutral', blocks: [{ kind: 'table', columns: ['A', 'B'], rows: [[text(first), text(second)]] }] },
          canvas,
        ),
      ).map(({ type }) => type);

    expect(drawn('Caller verified', 'by her manager')).toContain('Table');
    expect(drawn('HeartbeatAlertThreshold', '540')).not.toContain('Table');
    expect(drawn('Server', 'a-name-without-blanks.contoso.example.of.a.server')).not.toContain('Table');
    expect(both('EX01', 'healthy, 2,710 s')).toContain('Table');
    expect(both('first.server.contoso.test', 'second.server.contoso.tst')).not.toContain('Table');
  });

  it('sets no bullet before lines to copy, and numbers stay', () => {
    const list = (...rest: [] | [true]) =>
      textOf(
        renderMessage(
          {
            tone: 'neutral',
            blocks: [
              {
                kind: 'list',
                items: [text(code('when HTTP_REQUEST {')), text('say ', code('help'))],
                ...(rest[0] === true ? { ordered: true } : {}),
              },
            ],
          },
          canvas,
        ),
      );

    expect(list()).toBe('when HTTP_REQUEST {\n• say help');
    expect(list(true)).toBe('1. when HTTP_REQUEST {\n2. say help');
  });

  it('shows a small picture with its words and puts the words where there is none', () => {
    const message: Message = {
      tone: 'neutral',
      blocks: [{ kind: 'image', id: 'chart', alt: 'Asked for, by server', width: 400, height: 200 }],
    };

    const shown = renderMessage(message, { ...canvas, pictures: new Map([['chart', picture]]) });
    const told = renderMessage(message, canvas);

    expect(nodes(shown)).toContainEqual(
      expect.objectContaining({ type: 'Image', url: picture, altText: 'Asked for, by server' }),
    );
    expect(textOf(told)).toBe('[picture: Asked for, by server]');
  });

  it('is small: the gallery’s real cards are far from the limit', () => {
    const sizes = gallery
      .filter(({ name }) => !name.startsWith('stress'))
      .map(({ name, message }) => ({ name, size: bytesOf(renderMessage(message, canvas)) }));

    expect(sizes.filter(({ size }) => size > hardSize / 2)).toEqual([]);
  });
});

describe('a form of Teams', () => {
  it('comes back as it went, and anything else is no form', () => {
    const form = { id: 'deny', title: 'Deny', fields: [], submit: { label: 'Deny', action: 'a' } };
    const [button] = buttonsOf(renderForm({ form }, { ...canvas, inDialog: true }));
    const packed = String(button?.data.mislaid.form);

    expect(unpack(packed)).toEqual(form);
    expect(unpack(packed.slice(0, 10))).toBeUndefined();
    expect(unpack(Buffer.from('x'.repeat(1_000)).toString('base64url'))).toBeUndefined();
    expect(unpack('')).toBeUndefined();
  });
});
