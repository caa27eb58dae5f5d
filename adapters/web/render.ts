/** The message model as semantic HTML. Every text passes `visible`; Preact escapes what stands in it. */

import { assertNever } from '../../src/ground/errors.ts';
import type { Button, Message, Span, StaticBlock, StepMark, Text, Tone } from '../../src/message/model.ts';
import { stepSigns } from '../../src/message/plain.ts';
import { isolated, safeUrl, visible } from '../../src/message/safe.ts';
import { exact, relativeAndExact, type TimeOptions } from '../../src/message/times.ts';
import { type Html, h } from './html.ts';

export type Canvas = TimeOptions & {
  /** Hidden fields of every form: the session's proof, and the column in which it stands. */
  hidden: Readonly<Record<string, string>>;
  /** The id of the message; its buttons come back with it. */
  id: string;
  /** What ids in the page begin with: a message may stand in two columns. */
  dom: string;
};

/** The title is a heading of its level under the column's. */
export function renderMessage(message: Message, canvas: Canvas): Html {
  return h(
    'div',
    { class: `card ${message.tone}` },
    message.title === undefined
      ? null
      : h('h3', {}, sign(toneSigns[message.tone], toneWords[message.tone]), words(message.title)),
    message.blocks.map((block) =>
      block.kind === 'buttons' ? renderButtons(block.buttons, canvas) : renderBlock(block, canvas),
    ),
  );
}

const toneSigns: Readonly<Record<Tone, string>> = { neutral: '', success: '✔ ', warning: '⚠ ', danger: '✖ ' };
const toneWords: Readonly<Record<Tone, string>> = {
  neutral: '',
  success: 'Good news: ',
  warning: 'Take care: ',
  danger: 'Danger: ',
};
const markWords: Readonly<Record<StepMark, string>> = {
  done: 'Done: ',
  active: 'Under way: ',
  waiting: 'Not begun: ',
  failed: 'Failed: ',
  unknown: 'Not known: ',
};

/** A picture of a word, and the word for who does not see it. */
function sign(picture: string, word: string): Html {
  if (picture === '') return null;
  return [h('span', { 'aria-hidden': 'true' }, picture), h('span', { class: 'unseen' }, word)];
}

/** Safe, on one line, and with its direction kept to itself. */
export function words(text: string): string {
  return isolated(visible(text));
}

export function renderBlock(block: StaticBlock, canvas: TimeOptions): Html {
  switch (block.kind) {
    case 'text':
      return h('p', block.quiet === true ? { class: 'quiet' } : {}, renderText(block.text, canvas));
    case 'fields':
      return h(
        'dl',
        {},
        block.fields.map(({ label, value }) =>
          h('div', {}, h('dt', {}, words(label)), h('dd', {}, renderText(value, canvas))),
        ),
      );
    case 'table':
      return renderTable(block, canvas);
    case 'list':
      return h(
        block.ordered === true ? 'ol' : 'ul',
        {},
        block.items.map((item) => h('li', {}, renderText(item, canvas))),
      );
    case 'steps':
      return h(
        'ul',
        { class: 'steps' },
        block.steps.map(({ mark, text }) =>
          h('li', { class: mark }, sign(`${stepSigns[mark]} `, markWords[mark]), renderText(text, canvas, 'exact')),
        ),
      );
    case 'image':
      // Its numbers stand under it for everybody, so that nobody needs to see the picture.
      return h(
        'figure',
        {},
        h('img', {
          src: `/picture/${encodeURIComponent(block.id)}`,
          alt: '',
          width: block.width,
          height: block.height,
          loading: 'lazy',
        }),
        h('figcaption', {}, words(block.alt)),
      );
    default:
      return assertNever(block, 'block');
  }
}

function renderTable({ columns, rows }: Extract<StaticBlock, { kind: 'table' }>, canvas: TimeOptions): Html {
  const head = h(
    'thead',
    {},
    h(
      'tr',
      {},
      columns.map((column) => h('th', { scope: 'col' }, words(column))),
    ),
  );
  const body = rows.map((row) =>
    h(
      'tr',
      {},
      row.map((cell) => h('td', {}, renderText(cell, canvas))),
    ),
  );
  // Wider than the column: it is scrolled by itself, by keyboard too.
  return h(
    'div',
    { class: 'wide', role: 'group', 'aria-label': 'Table', tabIndex: 0 },
    h('table', {}, head, h('tbody', {}, body)),
  );
}

function renderText(text: Text, canvas: TimeOptions, times: 'both' | 'exact' = 'both'): Html {
  return text.map((span) => renderSpan(span, canvas, times));
}

function renderSpan(span: Span, canvas: TimeOptions, times: 'both' | 'exact'): Html {
  switch (span.kind) {
    case 'plain':
      return words(span.text);
    case 'strong':
      return h('strong', {}, words(span.text));
    case 'code':
      return h('code', {}, words(span.text));
    case 'person':
      return h('b', { class: 'person' }, words(span.name));
    case 'time': {
      const shown = times === 'exact' ? exact(span.instant, canvas) : relativeAndExact(span.instant, canvas);
      return h('time', { dateTime: visible(span.instant) }, shown);
    }
    case 'link': {
      const url = safeUrl(span.url);
      if (url === undefined) return `${words(span.text)} (${words(span.url)})`;
      return h('a', { href: url, rel: 'noreferrer noopener', target: '_blank' }, words(span.text));
    }
    default:
      return assertNever(span, 'span');
  }
}

function renderButtons(buttons: readonly Button[], canvas: Canvas): Html {
  return h(
    'form',
    { method: 'post', action: '/press', class: 'buttons' },
    hiddenFields({ ...canvas.hidden, message: canvas.id }),
    buttons.map((button) => renderButton(button)),
  );
}

function renderButton({ label, action, style, confirm }: Button): Html {
  const press = (shown: string) =>
    h('button', { type: 'submit', name: 'action', value: action, class: style ?? 'plain' }, words(shown));
  if (confirm === undefined) return press(label);
  // The question opens under the button, without a script.
  return h(
    'details',
    { class: 'confirm' },
    h('summary', { class: style ?? 'plain' }, words(label)),
    h('p', {}, h('strong', {}, words(confirm.title)), ' ', words(confirm.text)),
    press(confirm.ok),
  );
}

export function hiddenFields(fields: Readonly<Record<string, string>>): Html[] {
  return Object.entries(fields).map(([name, value]) => h('input', { type: 'hidden', name, value }));
}
