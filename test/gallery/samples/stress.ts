/** What no card should be, and what people and devices may still make of it: every renderer must stay honest on these. */
import type { Message } from '../../../src/message/model.ts';
import { code, paragraph, strong, text } from '../../../src/message/text.ts';
import { press, pressRow, type Sample } from './scene.ts';

/** Names as a mailbox, a phone or a caller could carry them. */
export const hostileNames: readonly string[] = [
  '*bold* _it_ ~no~ `code` ```fence```',
  '<!channel> <!here> <@U012345> <#C012345|general> <https://evil.example|Approve>',
  '&lt;b&gt; &amp; <b>x</b> <script>alert(1)</script> <at>Otto</at>',
  '# Title\n> quote\n- item\n1. one\n| a | b |\n---',
  '[Approve](https://evil.example) ![x](https://evil.example/x.png)',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a name that looks like a template
  '{{TIME(2026-03-02T08:24:00Z)}} ${name} $(Remove-Mailbox alice) %s {0}',
  ':skull: 👩‍👩‍👧‍👦 🇩🇪 ❤️',
  'invoice\u202Egnp.exe \u2066hidden\u2069 \u200Fעדה לב\u200E محمد',
  'clear\u001b[2J\u001b]0;title\u0007\u009b31m\u0000\b\b\b',
  'Al\u200Bi\uFEFFce\u2028✔ Approved by Otto',
  `Zalgo${'\u0336\u0301'.repeat(30)}`,
  '   ',
  '"quotes" \'and\' ’smart’ \\back\\slash/ @everyone',
];

const everywhere: Message = {
  title: `Title ${hostileNames.slice(0, 5).join(' ')}`,
  tone: 'danger',
  blocks: [
    ...hostileNames.map((name) => paragraph('A ', name, ' B ', strong(name), ' C ', code(name), ' D')),
    {
      kind: 'text',
      text: hostileNames.map((name, index) => ({
        kind: 'person',
        guid: `00000000-0000-4000-9000-${String(index).padStart(12, '0')}`,
        name,
      })),
    },
    {
      kind: 'text',
      text: [
        { kind: 'link', text: 'a <b> | c', url: 'https://contoso.example/a?b=<c>&d=|e|' },
        { kind: 'link', text: 'click', url: 'javascript:alert(1)' },
      ],
    },
    { kind: 'fields', fields: hostileNames.slice(0, 11).map((name) => ({ label: name, value: text(name) })) },
    {
      kind: 'table',
      columns: ['*a*', '<b>', '|c|'],
      rows: hostileNames.map((name) => [text(name), text(strong(name)), text(code(name))]),
    },
    { kind: 'list', items: hostileNames.map((name) => text(name)) },
    { kind: 'steps', steps: hostileNames.map((name) => ({ mark: 'unknown', text: text(name) })) },
    { kind: 'image', id: 'x', alt: hostileNames.slice(0, 3).join(' '), width: 10, height: 10 },
    pressRow(
      ...hostileNames
        .filter((name) => name.trim() !== '')
        .map((name, index) => press(name, `hostile-${index}`, { confirm: { title: name, text: name, ok: name } })),
    ),
  ],
};

export const stressSamples: readonly Sample[] = [
  { name: 'stress: empty', message: { tone: 'neutral', blocks: [] } },
  {
    name: 'stress: empty blocks',
    message: {
      title: 'Nothing in it',
      tone: 'neutral',
      blocks: [
        { kind: 'text', text: [] },
        { kind: 'text', text: text('') },
        { kind: 'fields', fields: [] },
        { kind: 'fields', fields: [{ label: 'Empty', value: [] }] },
        { kind: 'table', columns: ['A', 'B'], rows: [] },
        { kind: 'table', columns: ['A', 'B'], rows: [[text('short row')]] },
        { kind: 'list', items: [] },
        { kind: 'steps', steps: [] },
        { kind: 'buttons', buttons: [] },
      ],
    },
  },
  { name: 'stress: title alone', message: { title: 'INC-104 is closed', tone: 'success', blocks: [] } },
  {
    name: 'stress: very long text',
    message: {
      title: `Long ${'title '.repeat(60)}end`,
      tone: 'neutral',
      blocks: [
        paragraph(Array.from({ length: 1_500 }, (_, index) => `word${index}`).join(' ')),
        paragraph(`unbroken${'x'.repeat(9_000)}end`),
        paragraph('😀'.repeat(2_000)),
      ],
    },
  },
  {
    name: 'stress: table of 60 rows',
    message: {
      title: 'Devices',
      tone: 'neutral',
      blocks: [
        {
          kind: 'table',
          columns: ['Person', 'Device', 'Last sync', 'State', 'Client', 'Id', 'Remark'],
          rows: Array.from({ length: 60 }, (_, row) =>
            ['Person', 'Device', 'Sync', 'State', 'Client', 'Id', 'A somewhat longer remark in row'].map((name) =>
              text(`${name} ${row}`),
            ),
          ),
        },
      ],
    },
  },
  {
    name: 'stress: list of 120 items',
    message: {
      title: 'People',
      tone: 'neutral',
      blocks: [
        { kind: 'list', items: Array.from({ length: 120 }, (_, item) => text(`Person number ${item} of the list`)) },
      ],
    },
  },
  {
    name: 'stress: 120 steps and 40 fields',
    message: {
      title: 'Timeline',
      tone: 'neutral',
      blocks: [
        {
          kind: 'steps',
          steps: Array.from({ length: 120 }, (_, step) => ({ mark: 'done', text: text(`Step ${step} was taken`) })),
        },
        {
          kind: 'fields',
          fields: Array.from({ length: 40 }, (_, field) => ({
            label: `Label ${field}`,
            value: text(`value ${field}`),
          })),
        },
      ],
    },
  },
  {
    name: 'stress: 30 buttons',
    message: {
      title: 'Which one?',
      tone: 'neutral',
      blocks: [pressRow(...Array.from({ length: 30 }, (_, index) => press(`Device ${index}`, `device-${index}`)))],
    },
  },
  {
    name: 'stress: long button labels',
    message: {
      title: 'Which one?',
      tone: 'neutral',
      blocks: [pressRow(press(`Wipe ${'a very long device name '.repeat(20)}`, 'long-label'))],
    },
  },
  {
    name: 'stress: 80 blocks',
    message: {
      title: 'Many blocks',
      tone: 'neutral',
      blocks: Array.from({ length: 80 }, (_, block) => paragraph(`Paragraph number ${block} of many`)),
    },
  },
  { name: 'stress: hostile everywhere', message: everywhere },
];
