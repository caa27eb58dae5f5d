import { describe, expect, it } from 'vitest';
import type { Form, Message } from '../../src/message/model.ts';
import { notificationText, renderPlainForm, renderPlainText } from '../../src/message/plain.ts';
import { rendererContract } from '../contracts/renderer.ts';
import { gallery } from '../gallery/gallery.ts';
import { sceneNow, sceneZone } from '../gallery/samples/scene.ts';

const options = { now: sceneNow, timeZone: sceneZone };

rendererContract<string>('plain text', {
  render: (message) => renderPlainText(message, options),
  renderForm: (form) => renderPlainForm(form, options),
  text: (rendered) => rendered,
  actions: () => undefined,
  limits: () => [],
  forbidden: [],
});

rendererContract<string>('plain text of 72 columns', {
  render: (message) => renderPlainText(message, { ...options, width: 72 }),
  renderForm: (form) => renderPlainForm(form, { ...options, width: 72 }),
  text: (rendered) => rendered,
  actions: () => undefined,
  limits: () => [],
  forbidden: [],
});

describe('plainText', () => {
  it('reads as a person would write it', () => {
    expect(renderPlainText(sample('wipe, steps while running'), options)).toBe(
      [
        '⚠ INC-104 · iPhone 15, account only · Alice Ng',
        '✔ Approved by Otto 09:20',
        '✔ Asked of Exchange 09:21',
        '▸ Waiting for the phone to connect; it last tried 09:12',
        '○ Acknowledged by the phone',
        '[Cancel the wipe]',
      ].join('\n'),
    );
  });

  it('sets a table in columns, or as records where it is too wide', () => {
    const message = sample('heartbeat: edge too short');

    expect(renderPlainText(message, options)).toContain(
      ['EX02    LB1   247 s               about 300 s  14', 'EX03    none  2,655 s             not cut      0'].join(
        '\n',
      ),
    );
    expect(renderPlainText(message, { ...options, width: 40 })).toContain(
      ['Server: EX02', 'Edge: LB1', 'Asked for, average: 247 s', 'Cut at: about 300 s', 'Event 1040: 14'].join('\n'),
    );
  });

  it('numbers buttons where they can be pressed by number', () => {
    const numbers = new Map([
      ['own-lost-1', 1],
      ['own-lost-2', 2],
      ['own-kept-2', 3],
    ]);

    const text = renderPlainText(sample("owner's private report"), {
      ...options,
      numberOf: (action) => numbers.get(action),
    });

    expect(text).toContain('[1] iPhone 15  [2] Outlook on Pixel 8');
    expect(text).toContain('[3] I still have the Outlook one');
  });
});

describe('notificationText', () => {
  it('is one line, cut visibly', () => {
    const text = notificationText(sample('wipe proposed'), { ...options, maxLength: 60 });

    expect(text).toBe('⚠ Wipe proposed · iPhone 15, account only: Waits for an app…');
  });
});

describe('plainForm', () => {
  it('asks what the form asks', () => {
    const form: Form = {
      id: 'f',
      title: 'Wipe',
      fields: [
        {
          kind: 'choice',
          id: 'scope',
          label: 'Scope',
          options: [
            { value: 'a', label: 'Account only', hint: 'work mail' },
            { value: 'b', label: 'Full' },
          ],
          initial: 'a',
          required: true,
        },
        { kind: 'typed', id: 't', label: 'Name', show: 'iPhone 7F3A', required: false },
        { kind: 'confirm', id: 'c', label: 'She was told', required: true },
      ],
      submit: { label: 'Propose', action: 'x' },
    };

    expect(renderPlainForm(form, options)).toBe(
      [
        'Wipe',
        'Scope: 1 Account only: work mail (chosen) · 2 Full',
        'Name (may be left empty): type iPhone 7F3A as shown.',
        '☐ She was told (must be ticked)',
        '[Propose]',
      ].join('\n'),
    );
  });
});

function sample(name: string): Message {
  const found = gallery.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no sample ${name}`);
  return found.message;
}
