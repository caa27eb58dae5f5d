/** Section 5: the verdict on Direct Push. */
import { code, paragraph, strong, text } from '../../../src/message/text.ts';
import { on, press, pressRow, type Sample } from './scene.ts';

export const heartbeatSamples: readonly Sample[] = [
  {
    name: 'heartbeat: edge too short',
    message: {
      title: 'Direct Push: edge too short',
      tone: 'danger',
      blocks: [
        paragraph(
          'Phones behind LB1 re-connect every 4–8 minutes instead of every hour, since ',
          on('2026-02-24', '14:00'),
          '.',
        ),
        {
          kind: 'table',
          columns: ['Server', 'Edge', 'Asked for, average', 'Cut at', 'Event 1040'],
          rows: [
            [text('EX01'), text('none'), text('2,710 s'), text('not cut'), text('0')],
            [text('EX02'), text('LB1'), text(strong('247 s')), text(strong('about 300 s')), text('14')],
            [text('EX03'), text('none'), text('2,655 s'), text('not cut'), text('0')],
          ],
        },
        paragraph(
          "Likely cause: the load balancer in front of EX02 closes idle connections after about 300 s (the default of F5 BIG-IP's TCP profile).",
        ),
        {
          kind: 'image',
          id: 'heartbeat-2026-03-02',
          alt: 'Heartbeat intervals of 212 phones, asked for and served: minimum 60 s, threshold 540 s, average 247 s on EX02, edge 300 s, maximum 3,540 s',
          width: 960,
          height: 480,
        },
        paragraph(
          strong('Do: '),
          'raise its idle timeout for ',
          code('/Microsoft-Server-ActiveSync'),
          ' to at least 3,540 s. Until then a wipe reaches a phone within about 5 minutes.',
        ),
        pressRow(press('How, for F5', 'how-f5'), press('Citrix ADC', 'how-citrix'), press('HAProxy', 'how-haproxy')),
      ],
    },
  },
  {
    name: 'heartbeat: half known',
    message: {
      title: 'Direct Push: two of three servers',
      tone: 'warning',
      blocks: [
        paragraph('EX03 could not be read (access denied to its logs). This is what EX01 and EX02 say:'),
        {
          kind: 'fields',
          fields: [
            { label: 'EX01', value: text('healthy, 2,710 s') },
            { label: 'EX02', value: text('healthy, 2,655 s') },
          ],
        },
      ],
    },
  },
];
