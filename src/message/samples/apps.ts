/** Section 6: third-party apps. */
import { code, list, paragraph, strong, text } from '../text.ts';
import { at, bob, on, press, pressRow, type Sample } from './scene.ts';

export const appSamples: readonly Sample[] = [
  {
    name: 'apps new',
    message: {
      title: 'New since Monday: CloudMagic',
      tone: 'warning',
      blocks: [
        paragraph(
          '14 people, 15 phones, first seen ',
          on('2026-02-24', '08:12'),
          ". All 15 connect from one hosting network, not from phones' networks.",
        ),
        list(
          text('DeviceType ', code('CloudMagic'), ' (13 phones)'),
          text('Model ', code('CloudMagic Mail'), ' (2 phones)'),
        ),
        paragraph(strong('14 people lose mail in that app'), '; nobody has a wipe on its way there.'),
        pressRow(
          press('Tell them first', 'apps-tell', { style: 'primary' }),
          press('Quarantine', 'apps-quarantine'),
          press('Block', 'apps-block', { style: 'danger' }),
          press('List people', 'apps-list'),
        ),
      ],
    },
  },
  {
    name: 'app blocked, proven',
    message: {
      title: 'CloudMagic is blocked',
      tone: 'success',
      blocks: [
        paragraph(
          '15 of 15 phones refused since ',
          at('08:42'),
          ', 0 successes. Undo: ',
          code('unblock app CloudMagic'),
          '.',
        ),
      ],
    },
  },
  {
    name: 'app blocked, some get through',
    message: {
      title: 'CloudMagic: 2 of 15 still get through',
      tone: 'danger',
      blocks: [
        paragraph(
          bob,
          ' and 1 more, as DeviceType ',
          code('Android'),
          ': a rule for that string would also block 214 other phones.',
        ),
        pressRow(press('Use a personal block instead', 'apps-personal')),
      ],
    },
  },
];
