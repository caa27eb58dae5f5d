/** Section 6: third-party apps. */
import { code, list, note, paragraph, strong, text } from '../../../src/message/text.ts';
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
  {
    name: 'last seen',
    message: {
      title: 'Last seen: Alice Ng',
      tone: 'neutral',
      blocks: [
        paragraph(strong('Last tried: iPhone 15, '), at('09:12'), '.'),
        paragraph(strong('iPhone 15 (iOS 18.1, native mail, EAS 16.1)'), ' · allowed'),
        list(
          text('Let in: ', at('08:58'), ' (logs)'),
          text(
            'Last try: ',
            at('09:12'),
            ' from 203.0.113.10 on EX01: turned away at the login (401): wrong, old or missing password',
          ),
          text(
            strong('Last refused: '),
            at('09:12'),
            ', turned away at the login (401): wrong, old or missing password (3 times in 14 days).',
          ),
        ),
        note(
          'A phone that waits for mail has no line in the logs until its wait ends, so the logs can lag by up to 59 minutes.',
        ),
      ],
    },
  },
  {
    name: 'blocked apps',
    message: {
      title: 'Blocked apps and phones',
      tone: 'neutral',
      blocks: [
        paragraph(strong('A phone that no list and no rule names is let in.')),
        {
          kind: 'table',
          columns: ['Rule', 'Matches exactly', 'Does', 'Phones', 'Denied, 7 days', 'Last denied'],
          rows: [
            [
              text('CloudMagic(DeviceType)'),
              text('DeviceType ', code('CloudMagic')),
              text('blocks'),
              text('15'),
              text('1204'),
              text(at('09:20')),
            ],
            [
              text('Cloudmagik(DeviceType)'),
              text('DeviceType ', code('Cloudmagik')),
              text('blocks'),
              text('0'),
              text('0'),
              text('–'),
            ],
          ],
        },
        paragraph(
          '1 rule catches no phone now: Cloudmagik(DeviceType). A string that nobody spells so catches nobody.',
        ),
        paragraph('Phones that are kept out:'),
        list(
          text(strong('15 blocked'), ' by a device access rule'),
          text(strong('1 quarantined'), " by the organisation's default"),
        ),
      ],
    },
  },
  {
    name: 'an app is being blocked',
    message: {
      title: 'Blocking CloudMagic',
      tone: 'neutral',
      blocks: [
        paragraph('In force since ', at('08:42'), '. I am watching logs and devices.'),
        {
          kind: 'steps',
          steps: [
            {
              mark: 'done',
              text: text(
                'tell 14 people first, ',
                at('08:12'),
                ' — 12 of 14 told privately. Not known in chat, so not told: Gita, Tom.',
              ),
            },
            {
              mark: 'done',
              text: text(
                'block 15 phones by 1 rule, ',
                at('08:42'),
                ' — Exchange shows DeviceType CloudMagic as blocked.',
              ),
            },
            {
              mark: 'waiting',
              text: text('keep *CloudMagic* out of Exchange Web Services — waits for an approver other than Sasha'),
            },
          ],
        },
        pressRow(
          press('web.config…', 'apps-config'),
          press('Text for the edge', 'apps-edge'),
          press('List people', 'apps-people'),
        ),
      ],
    },
  },
];
