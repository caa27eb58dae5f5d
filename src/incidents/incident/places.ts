import type { Place } from '../../ground/addresses.ts';
import type { Policy } from '../../policy.ts';

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
