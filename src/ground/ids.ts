import { randomBytes, randomUUID } from 'node:crypto';
import type { Ids } from './clock.ts';

/** The real source of randomness; tests pass a counter instead. */
export const randomIds: Ids = {
  token: () => randomBytes(16).toString('base64url'),
  uuid: () => randomUUID(),
};
