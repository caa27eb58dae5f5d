import type { AdapterLimits } from '../../src/chat/port.ts';

/** A page takes what it is given. The number only keeps the core's pacing finite; a card is never cut here. */
export const webLimits = {
  postsPerSecondPerPlace: 1_000,
} as const satisfies AdapterLimits;

/** Messages kept for one place or person; older ones are no longer shown. */
export const rememberedPerTarget = 200;

/** Changes kept for a page that comes back after a break; who missed more gets its columns anew. */
export const rememberedChanges = 1_000;

/** Pages that are fed at the same time. */
export const mostStreams = 200;

/** What a page may have waiting before it is cut off: it comes back and goes on where it was. */
export const mostUnsentBytes = 1_000_000;

/** A form is some kilobytes. */
export const mostFormBytes = 64_000;

/** Columns beside each other in one window. */
export const mostColumns = 6;
