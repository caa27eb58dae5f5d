import type { DraftMessage, Span, Tone } from '../message/model.ts';
import { strong, text } from '../message/text.ts';
import type { Policy } from '../policy.ts';
import { drillWord, isDrill } from '../store/drills.ts';
import type { Change } from '../store/port.ts';

/** What security is told. */

/** One line in the security channels: nothing private, linked to its incident by number. `key` makes it once. */
export async function notifySecurity(
  change: Change,
  policy: Policy,
  input: { incident?: number; tone?: Tone; key?: string; line: readonly (string | Span)[] },
): Promise<void> {
  const { incident, tone = 'neutral', line } = input;
  const drill = incident !== undefined && (await isDrill(change.tx, incident)) ? `${drillWord} · ` : '';
  const head = incident === undefined ? [] : [strong(`${drill}INC-${incident}`), ' · '];
  const draft: DraftMessage = { tone, blocks: [{ kind: 'text', text: text(...head, ...line) }] };
  await change.notice(policy.channels.security, draft, input.key);
}
