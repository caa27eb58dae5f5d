/**
 * Slack's limits, in UTF-16 units where texts are meant. Sources: docs.slack.dev/reference/block-kit and
 * /reference/views, /apis/web-api/rate-limits, /interactivity; the `@slack/types` declarations.
 */
import type { AdapterLimits } from '../../src/chat/port.ts';
import { minute } from '../../src/ground/durations.ts';

export const slackLimits = {
  /** chat.postMessage takes about one message a second and channel, whichever process it comes from. */
  postsPerSecondPerPlace: 1,
} as const satisfies AdapterLimits;

export const limits = {
  messageBlocks: 50,
  viewBlocks: 100,
  /** Header block. */
  header: 150,
  /** A section's text; rich_text has no documented limit of its own and is kept within the same. */
  blockText: 3_000,
  contextText: 2_000,
  /** Visible characters of one message: as `markdown_text`, which alone documents a total. */
  messageText: 12_000,
  /** `text`, read by screen readers and notifications; 40,000 are taken, 4,000 advised. */
  fallbackText: 3_000,
  actionsElements: 25,
  buttonText: 75,
  buttonValue: 2_000,
  optionText: 75,
  optionValue: 75,
  optionDescription: 75,
  selectOptions: 100,
  radioOptions: 10,
  confirmTitle: 100,
  confirmText: 300,
  confirmButton: 30,
  altText: 2_000,
  tableRows: 100,
  tableColumns: 20,
  /** All cells of a message together. */
  tableText: 10_000,
  modalTitle: 24,
  modalButton: 24,
  inputLabel: 2_000,
  inputHint: 2_000,
  inputLength: 3_000,
  blockId: 255,
  privateMetadata: 3_000,
} as const;

/** A row of more buttons than these becomes a menu: people read a menu of devices, not a wall of buttons. */
export const mostButtonsInARow = 5;

/** The webhook's largest body: Slack's own payloads stay far below (a view has 250 KB at most). */
export const bodyLimit = 1_000_000;

/** Slack rejects nothing by time; these windows are ours. A request is neither older nor newer than this, in seconds. */
export const oldestRequestSeconds = 300;
export const newestRequestSeconds = 60;

/** How long a mentioned person's address is waited for before a command is stored with the bare mention. */
export const mentionMs = 700;

/** How long is waited, in milliseconds. */
export type Timeouts = {
  /** The three Web API clients: a trigger dies after 3 s, a post may take its time, a look-up keeps a command waiting. */
  readonly interactive: number;
  readonly posting: number;
  readonly lookUps: number;
  /** Then a submitted form is told that it takes longer; Slack gives up at 3,000. */
  readonly formAnswer: number;
  /** For Slack's first answer at the start, and for work in progress at the end; the bot goes on without. */
  readonly startAndStop: number;
};

export const timeouts: Timeouts = {
  interactive: 2_000,
  posting: 10_000,
  lookUps: 2_000,
  formAnswer: 2_500,
  startAndStop: 3_000,
};

/** How long an account, and the members of a user group, count as known. */
export const accountFreshMs = minute;
export const groupFreshMs = minute;
/** Accounts and user groups kept in memory at most. */
export const rememberedAccounts = 5_000;
export const rememberedGroups = 1_000;

/** Pages of a channel that are searched for a post whose answer was lost, and threads looked into. */
export const searchedPages = 5;
export const searchedPageSize = 200;
export const searchedThreads = 20;

/** A button whose value begins so says the rest as a sentence. */
export const sayPrefix = 'say:';
/** A button whose value begins so opens a kept form again. */
export const reopenPrefix = 'reopen:';
