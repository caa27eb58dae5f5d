import type { ShareLimits } from '../../src/chat/shares.ts';

/** For generated people who speak faster than any person does. */
export const unlimitedShares: ShareLimits = {
  perPerson: Number.POSITIVE_INFINITY,
  perDecider: Number.POSITIVE_INFINITY,
  perPlace: Number.POSITIVE_INFINITY,
  locks: Number.POSITIVE_INFINITY,
};
