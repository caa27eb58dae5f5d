/** Section 4: one line each in #security, linked to the incident, nothing private. */
import type { Span, Tone } from '../../../src/message/model.ts';
import { code, paragraph } from '../../../src/message/text.ts';
import { at, hana, otto, type Sample } from './scene.ts';

const incident: Span = { kind: 'link', text: 'INC-104', url: 'https://chat.contoso.example/archives/C1/p104' };

export const securitySamples: readonly Sample[] = [
  line('proposed', 'neutral', incident, ': a wipe was proposed by ', hana, ', ', at('09:20'), '.'),
  line('approved', 'neutral', incident, ': approved by ', otto, ', ', at('09:21'), '.'),
  line('denied', 'neutral', incident, ': denied by ', otto, ': "She found it in her coat."'),
  line('asked', 'neutral', incident, ': asked of Exchange, ', at('09:21'), '.'),
  line('acknowledged', 'success', incident, ': acknowledged by the phone, ', at('09:23'), '.'),
  line('refused', 'danger', incident, ': the phone refused the wipe.'),
  line('break-glass', 'danger', incident, ': ', hana, ' used break-glass. A review is due tomorrow.'),
  line(
    'brake',
    'danger',
    '5 wipes in 10 minutes by 2 people; the sixth was not issued, all wipes are locked. Two admins must unlock: ',
    code('unlock wipes because …'),
  ),
  line(
    'wipe from elsewhere',
    'danger',
    'A wipe that did not come from Mislaid was asked of Exchange ',
    at('09:02'),
    '.',
  ),
  line('new app', 'warning', 'A new third-party app: CloudMagic, 14 people.'),
  line('blocked app gets through', 'warning', 'CloudMagic is blocked, and 2 of 15 phones still get through.'),
  line('audit', 'danger', 'The audit cannot be written; destructive commands are refused until it can.'),
];

function line(name: string, tone: Tone, ...parts: readonly (string | Span)[]): Sample {
  return { name: `security: ${name}`, message: { tone, blocks: [paragraph(...parts)] } };
}
