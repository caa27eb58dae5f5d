import type { MessageRef } from '../../src/ground/addresses.ts';
import type { Target } from './send.ts';

/** `console:<place or name>:<key>`, each encoded: made from the key alone, so that a later process can still edit it. */
export function mintRef(target: Target, key: string): MessageRef {
  const where = 'place' in target ? target.place : target.to;
  return `console:${encodeURIComponent(where)}:${encodeURIComponent(key)}`;
}

export function readRef(ref: MessageRef): { target: Target; key: string } | undefined {
  const [, where, key] = /^console:([^:]+):([^:]+)$/.exec(ref) ?? [];
  if (where === undefined || key === undefined) return undefined;
  const place = decodeURIComponent(where);
  return { target: place.startsWith('console:#') ? { place } : { to: place }, key: decodeURIComponent(key) };
}
