import type { AdapterLimits } from '../../src/chat/port.ts';

/** A terminal takes what it is given. The numbers only keep the core's pacing finite; a card is never cut here. */
export const consoleLimits = {
  postsPerSecondPerPlace: 1_000,
} as const satisfies AdapterLimits;

/** Columns of a card at most: longer lines are hard to read. */
export const cardColumns = 100;

/** Cards and answers whose buttons can still be pressed; older ones are forgotten. */
export const rememberedCards = 500;

/** Lines kept in the history file. */
export const historyLines = 500;
