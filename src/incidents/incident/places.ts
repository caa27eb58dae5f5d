import type { Place } from '../../ground/addresses.ts';
import type { DraftMessage, Span, Tone } from '../../message/model.ts';
import { strong, text } from '../../message/text.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import { drillWord, isDrill } from '../drill/drill.ts';

/** Where an incident's card stands: every helpdesk channel of policy, and the named channel in which it was opened. */
export function incidentPlaces(policy: Policy, origin?: Place): Place[] {
  const listed = policy.channels.helpdesk;
  const named = origin !== undefined && isNamedPlace(policy, origin) ? [origin] : [];
  return [...new Set([...listed, ...named])];
}

/** Channels that policy names: only there, and privately, personal data may be shown. */
export function isNamedPlace(policy: Policy, place: Place): boolean {
  return [...Object.values(policy.channels).flat(), ...policy.commandChannels].includes(place);
}

/** One line in the security channels: nothing private, linked to its incident by number. `key` makes it once. */
export async function tellSecurity(
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
