/** Section 3: what approvers see, and how a proposal ends without them. */
import { note, paragraph, text } from '../../../src/message/text.ts';
import { ada, at, hana, otto, press, pressRow, type Sample } from './scene.ts';

export const approvalSamples: readonly Sample[] = [
  {
    name: 'approval card',
    message: {
      title: 'Approve a wipe? INC-104 · Alice Ng · iPhone 15 · account only',
      tone: 'warning',
      blocks: [
        paragraph('Asked by ', hana, ' (helpdesk) ', at('09:20'), '; expires ', at('09:50'), '.'),
        {
          kind: 'fields',
          fields: [
            { label: 'Why', value: text('Left in a taxi.') },
            { label: 'Caller verified', value: text('by her manager') },
            { label: 'Last sync', value: text(at('09:12')) },
            { label: 'Erases', value: text('work mail, contacts, calendar') },
            { label: 'Alice was told', value: text('yes') },
            { label: 'Today', value: text('2 of 20 wipes; ', hana, ': 1 of 3') },
          ],
        },
        pressRow(press('Approve', 'approve', { style: 'primary' }), press('Deny…', 'deny', { style: 'danger' })),
      ],
    },
  },
  {
    name: 'approval decided',
    message: {
      title: 'Approved · INC-104 · Alice Ng · iPhone 15 · account only',
      tone: 'success',
      blocks: [note('By ', otto, ', ', at('09:21'))],
    },
  },
  {
    name: 'requester may not approve',
    message: {
      tone: 'neutral',
      blocks: [paragraph('You asked for this wipe, so someone else must approve it: ', otto, ' or ', ada, '.')],
    },
  },
  {
    name: 'approval void',
    message: {
      title: 'This approval is void · INC-104 · iPhone 15',
      tone: 'warning',
      blocks: [
        paragraph(
          'The phone synced under a new partnership ',
          at('09:23'),
          ', so the facts that ',
          otto,
          ' approved are no longer true. Propose again.',
        ),
        pressRow(press('Propose again', 'propose-again', { style: 'primary' })),
      ],
    },
  },
  {
    name: 'approval expired',
    message: {
      title: 'Nobody decided in 30 minutes · INC-104 · iPhone 15',
      tone: 'warning',
      blocks: [
        paragraph('The proposal expired ', at('09:20'), ' and nothing was asked of Exchange. The hold stays.'),
        pressRow(press('Propose again', 'propose-after-expiry')),
      ],
    },
  },
];
