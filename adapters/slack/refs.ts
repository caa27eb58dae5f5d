import type { Identity, MessageRef, Place } from '../../src/ground/addresses.ts';

export function identityOf(team: string, user: string): Identity {
  return `slack:${team}/${user}`;
}

export function placeOf(team: string, channel: string): Place {
  return `slack:${team}/${channel}`;
}

export function refOf(team: string, channel: string, ts: string): MessageRef {
  return `slack:${team}/${channel}/${ts}`;
}

/** Team and id of an identity or a place; undefined for another platform's. */
export function readTarget(target: Identity | Place): { team: string; id: string } | undefined {
  const [, team, id] = /^slack:([^/]+)\/([^/]+)$/.exec(target) ?? [];
  return team === undefined || id === undefined ? undefined : { team, id };
}

export function readRef(ref: MessageRef): { team: string; channel: string; ts: string } | undefined {
  const [, team, channel, ts] = /^slack:([^/]+)\/([^/]+)\/([\d.]+)$/.exec(ref) ?? [];
  return team === undefined || channel === undefined || ts === undefined ? undefined : { team, channel, ts };
}

export function isUser(id: string): boolean {
  return /^[UW]/.test(id);
}

/** A conversation of two: nothing in it is said in a place. */
export function isDirect(channel: string): boolean {
  return channel.startsWith('D');
}
