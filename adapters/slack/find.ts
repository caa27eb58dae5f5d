/**
 * Whether a post whose answer was lost arrived: every post carries the core's key in its metadata, and Slack's history shows
 * it. A reply stands in a thread, so threads that were answered lately are looked into as well.
 */
import { z } from 'zod';
import type { Clients } from './clients.ts';
import { searchedPageSize, searchedPages, searchedThreads } from './limits.ts';

export const postedEvent = 'mislaid_post';

const Found = z.object({
  ts: z.string(),
  bot_id: z.string().optional(),
  reply_count: z.number().optional(),
  latest_reply: z.string().optional(),
  metadata: z
    .object({ event_type: z.string().optional(), event_payload: z.looseObject({ key: z.unknown() }).optional() })
    .optional(),
});
type Found = z.infer<typeof Found>;

/** The ts of the post with this key in the channel; throws what the Web API throws. */
export async function findPost(clients: Clients, channel: string, key: string): Promise<string | undefined> {
  const threads: Found[] = [];
  const hit = await search(key, (page) => clients.lookUps.conversations.history({ channel, ...page }), threads);
  if (hit !== undefined) return hit;
  const latest = threads.sort((one, other) => Number(other.latest_reply ?? 0) - Number(one.latest_reply ?? 0));
  for (const { ts } of latest.slice(0, searchedThreads)) {
    const reply = await search(key, (page) => clients.lookUps.conversations.replies({ channel, ts, ...page }));
    if (reply !== undefined) return reply;
  }
  return undefined;
}

/** Texts of the newest posts of bots in the channel, newest first; throws what the Web API throws. */
export async function readPosts(clients: Clients, channel: string): Promise<string[]> {
  const answer = await clients.lookUps.conversations.history({ channel, limit: searchedPageSize });
  const messages = z.array(Said).parse(answer.messages ?? []);
  return messages.flatMap(({ bot_id, blocks }) => (bot_id === undefined ? [] : [textsIn(blocks).join('\n')]));
}

const Said = z.object({ bot_id: z.string().optional(), blocks: z.unknown() });

/** The texts of blocks in their order, however deep they stand. */
function textsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'text' && typeof inner === 'string' ? [inner] : textsIn(inner),
  );
}

type Page = { limit: number; include_all_metadata: true; cursor?: string };
type Answer = { messages?: unknown; response_metadata?: { next_cursor?: string } };

/** Searches page after page, and adds our messages that were answered to `threads`. */
async function search(
  key: string,
  read: (page: Page) => Promise<Answer>,
  threads: Found[] = [],
): Promise<string | undefined> {
  let cursor: string | undefined;
  for (let page = 0; page < searchedPages; page++) {
    const from = cursor === undefined ? {} : { cursor };
    const answer = await read({ limit: searchedPageSize, include_all_metadata: true, ...from });
    const messages = z.array(Found).parse(answer.messages ?? []);
    const hit = messages.find((message) => carries(message, key));
    if (hit !== undefined) return hit.ts;
    threads.push(...messages.filter((message) => message.bot_id !== undefined && (message.reply_count ?? 0) > 0));
    cursor = answer.response_metadata?.next_cursor;
    if (cursor === undefined || cursor === '') return undefined;
  }
  return undefined;
}

function carries(message: Found, key: string): boolean {
  return message.metadata?.event_type === postedEvent && message.metadata.event_payload?.key === key;
}
