import { describe, expect, it } from 'vitest';
import { renderForm } from '../../../adapters/web/forms.ts';
import { toText } from '../../../adapters/web/html.ts';
import { type Canvas, renderMessage } from '../../../adapters/web/render.ts';
import { rendererContract } from '../../contracts/renderer.ts';
import { sceneNow, sceneZone } from '../../gallery/samples/scene.ts';
import { textOf } from './harness.ts';

const canvas: Canvas = {
  now: sceneNow,
  timeZone: sceneZone,
  hidden: { proof: 'proof', column: 'hana~helpdesk' },
  id: 'm1',
  dom: 'hana~helpdesk-m1',
};
const elements =
  'div|h3|span|p|dl|dt|dd|table|thead|tbody|tr|th|td|ul|ol|li|figure|img|figcaption|strong|b|code|time|a|form|input|button|details|summary|label|fieldset|legend|textarea';

rendererContract<string>('the web', {
  render: (message) => toText(renderMessage(message, canvas)),
  renderForm: (form) => toText(renderForm({ form, values: {}, errors: {} }, canvas)),
  text: (html) => textOf(html),
  actions: (html) => [...html.matchAll(/name="action" value="([^"]+)"/g)].map(([, action = '']) => action),
  limits: (html) => {
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    return ids.length === new Set(ids).size ? [] : ['an id stands there twice'];
  },
  forbidden: [new RegExp(`<(?!/?(?:${elements})[\\s>])`), /\son\w+=/i, /\sstyle=/i, /href="javascript:/i],
});

describe('a card on the web', () => {
  it('shows mark-up in names, reasons and devices as text', () => {
    const evil = '<script>alert(1)</script><img src=x onerror=alert(1)>"\'&';
    const html = toText(
      renderMessage(
        {
          title: evil,
          tone: 'danger',
          blocks: [
            { kind: 'text', text: [{ kind: 'link', text: evil, url: 'javascript:alert(1)' }] },
            { kind: 'table', columns: [evil], rows: [[[{ kind: 'person', guid: 'g', name: evil }]]] },
            { kind: 'image', id: '"><script>', alt: evil, width: 10, height: 10 },
            { kind: 'buttons', buttons: [{ label: evil, action: '"><script>' }] },
          ],
        },
        canvas,
      ),
    );

    expect(html).not.toMatch(/<script|<img src=x|href="javascript/);
    expect(textOf(html).split(evil.replaceAll('  ', ' ')).length).toBeGreaterThanOrEqual(6);
  });

  it('asks before a click that wants it, without a script', () => {
    const confirm = { title: 'Sure?', text: 'It cannot be taken back.', ok: 'Wipe it' };
    const html = toText(
      renderMessage(
        { tone: 'neutral', blocks: [{ kind: 'buttons', buttons: [{ label: 'Wipe', action: 'wipe', confirm }] }] },
        canvas,
      ),
    );

    expect(html).toMatch(/<details[^>]*><summary[^>]*>Wipe<\/summary>.*value="wipe"[^>]*>Wipe it</);
  });
});
