/** Section 7: refusals and errors. */
import type { Span, Tone } from '../../../src/message/model.ts';
import { code, list, paragraph, text } from '../../../src/message/text.ts';
import { aliceMoreau, aliceNg, at, type Sample } from './scene.ts';

export const refusalSamples: readonly Sample[] = [
  sentence('not allowed', 'neutral', 'Wipes are asked for by helpdesk. I have passed your report on: INC-104.'),
  sentence(
    'unknown person',
    'neutral',
    'I know no one called ',
    code('alcie'),
    '. Did you mean ',
    aliceNg,
    ' or ',
    aliceMoreau,
    '?',
  ),
  sentence(
    'Exchange away',
    'warning',
    'Exchange does not answer; last answer ',
    at('09:20'),
    ' (3 tries). Your report is stored as INC-104; I go on by myself when it is back, and will say so here.',
  ),
  sentence('not stored', 'danger', 'I could not store this, so nothing was done. Please say it again in a minute.'),
  {
    name: 'not understood',
    message: {
      tone: 'neutral',
      blocks: [
        paragraph('I did not understand. You can say:'),
        list(
          text(code('lost device <person>')),
          text(code('devices <person>')),
          text(code('incidents')),
          text(code('help')),
        ),
      ],
    },
  },
];

function sentence(name: string, tone: Tone, ...parts: readonly (string | Span)[]): Sample {
  return { name, message: { tone, blocks: [paragraph(...parts)] } };
}
