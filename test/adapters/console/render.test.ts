import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { openForm, question } from '../../../adapters/console/forms.ts';
import { type Canvas, renderForm, renderMessage } from '../../../adapters/console/render.ts';
import type { Form, Message } from '../../../src/message/model.ts';
import { rendererContract } from '../../contracts/renderer.ts';
import { gallery } from '../../gallery/gallery.ts';
import { sceneNow, sceneZone } from '../../gallery/samples/scene.ts';

const options = { now: sceneNow, timeZone: sceneZone };
/** Colours are the only escape sequences that a card may hold. */
const colours = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'gu');

type Drawn = { lines: string[]; actions: string[] };

for (const { width, colour } of [
  { width: 80, colour: false },
  { width: 40, colour: true },
]) {
  rendererContract<Drawn>(`console of ${width} columns${colour ? ' in colour' : ''}`, {
    render: (message) => drawn((canvas) => renderMessage(message, canvas), { ...options, width, colour }),
    renderForm: (form) => {
      const card = drawn((canvas) => renderForm(form, canvas), { ...options, width, colour });
      return { lines: [...card.lines, ...questionsOf(form)], actions: [form.submit.action] };
    },
    text: ({ lines }) => lines.join('\n'),
    layout: /^[┃╎]/gmu,
    actions: ({ actions }) => actions,
    limits: ({ lines }) =>
      lines.filter((line) => line.startsWith('┃') && stringWidth(line) > width).map((line) => `too wide: ${line}`),
    forbidden: [],
  });
}

describe('a card on a terminal', () => {
  it('has a rule, marks, aligned fields and numbered buttons', () => {
    expect(plainCard('approval card', 72)).toEqual([
      '┃ ⚠ Approve a wipe? INC-104 · Alice Ng · iPhone 15 · account only',
      '┃ Asked by Hana (helpdesk) 4 minutes ago, 09:20; expires 09:50, in 26',
      '┃ minutes.',
      '┃',
      '┃ Why              Left in a taxi.',
      '┃ Caller verified  by her manager',
      '┃ Last sync        12 minutes ago, 09:12',
      '┃ Erases           work mail, contacts, calendar',
      '┃ Alice was told   yes',
      '┃ Today            2 of 20 wipes; Hana: 1 of 3',
      '┃',
      '┃ [1] Approve   [2] Deny…',
    ]);
  });

  it('sets a table in columns where it fits, else as records', () => {
    expect(plainCard('heartbeat: edge too short', 80)).toContain('┃ EX02    LB1   247 s               about 300 s  14');
    expect(plainCard('heartbeat: edge too short', 50)).toEqual(
      expect.arrayContaining(['┃ Server: EX02', '┃ Edge: LB1', '┃ Asked for, average: 247 s']),
    );
  });
});

function plainCard(name: string, width: number): string[] {
  const found: Message | undefined = gallery.find((sample) => sample.name === name)?.message;
  if (found === undefined) throw new Error(`no sample ${name}`);
  return drawn((canvas) => renderMessage(found, canvas), { ...options, width, colour: false }).lines;
}

/** Draws with numbers given in order of asking; an action counts as pressable when its number can be read. */
function drawn(draw: (canvas: Canvas) => string[], canvas: Canvas): Drawn {
  const numbers = new Map<string, number>();
  const numberOf = (action: string) => {
    const number = numbers.get(action) ?? numbers.size + 1;
    numbers.set(action, number);
    return number;
  };
  const lines = draw({ ...canvas, numberOf }).map((line) => line.replaceAll(colours, ''));
  const text = lines.join('\n');
  const actions = [...numbers].filter(([, number]) => text.includes(`[${number}] `)).map(([action]) => action);
  return { lines, actions };
}

function questionsOf(form: Form): string[] {
  let open = openForm(form);
  const lines: string[] = [];
  while (open.asking.length > 0) {
    lines.push(...question(open).lines);
    open = { ...open, asking: open.asking.slice(1) };
  }
  return lines;
}
