import type { AdapterLimits } from '../../src/chat/port.ts';
import { minute, second } from '../../src/ground/durations.ts';

/**
 * Teams counts per bot and conversation: 7 messages in 1 s, 8 in 2 s, 60 in 30 s, 1,800 in an hour
 * (learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit). Two a second keep the first three; the hour is kept by
 * what Teams answers (429).
 */
export const teamsLimits = {
  postsPerSecondPerPlace: 2,
} as const satisfies AdapterLimits;

/** Bytes of the whole activity as JSON. Teams takes 28 KB everywhere; the rest is room for what it adds itself. */
export const activityBytes = 25_000;

/** Bytes of an activity that no client is sure to show. */
export const hardSize = 28_000;

/** One picture inside a card; it counts against the card's size, a third more as base64. */
export const pictureBytes = 12_000;

/** Bytes that a card's body and buttons may take, so that data of buttons, summary and refresh fit beside them. */
export const cardBytes = 22_000;

/** Teams refreshes a card for at most so many people (user specific views). */
export const refreshedPeople = 60;

/** Buttons in one row: more are set under it, because a phone cuts what does not fit. */
export const buttonsPerRow = 4;

/** Buttons of one card that still leave room for its text. */
export const mostButtons = 24;

/** Characters of a button's label; phones show about 20, desktops cut after about 40. */
export const labelLength = 60;

/** A plain sentence fits under a card as the answer to a click; anything longer goes to the private chat. */
export const noticeLength = 300;

/** Teams gives a bot 15 s for a response; what takes longer is said to be under way. */
export const responseMs = 10 * second;

/** One call to the connector; no retry of its own. */
export const callTimeoutMs = 15 * second;

/** How long what Teams says of a person (guest, address) is believed. */
export const memberMs = 10 * minute;

/** How long a person's Entra groups are believed. */
export const groupsMs = minute;
