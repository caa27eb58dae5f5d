/** What Slack sends, as far as we read it; everything else in it is dropped (docs.slack.dev/interactivity, /apis/events-api). */
import { z } from 'zod';

/** A payload that is not what Slack documents: refused with 400, never guessed at. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
}

export function readPayload<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
  throw new UnreadableError(`a payload of Slack could not be read (${where})`);
}

const id = z.string().min(1).max(64).regex(/^\w+$/);
const ts = z.string().regex(/^\d{1,12}\.\d{1,12}$/);

export const MessageEvent = z.object({
  team_id: id,
  event_id: z.string().min(1).max(200),
  event: z.object({
    type: z.enum(['message', 'app_mention']),
    channel: id,
    channel_type: z.string().optional(),
    user: id.optional(),
    /** The workspace of the person, where it is not the conversation's. */
    user_team: id.optional(),
    team: id.optional(),
    text: z.string().default(''),
    ts,
    thread_ts: ts.optional(),
    subtype: z.string().optional(),
    bot_id: z.string().nullish(),
  }),
});

export const HomeEvent = z.object({
  team_id: id,
  event_id: z.string().min(1).max(200),
  event: z.object({ user: id, tab: z.string() }),
});

export const SlashCommand = z.object({
  text: z.string().default(''),
  user_id: id,
  user_name: z.string().optional(),
  team_id: id,
  channel_id: id,
  trigger_id: z.string().min(1),
  response_url: z.url().optional(),
});

const user = z.object({ id, team_id: id.optional(), username: z.string().optional(), name: z.string().optional() });
const team = z.object({ id }).nullish();

export const BlockActions = z.object({
  user,
  team,
  trigger_id: z.string().min(1),
  response_url: z.url().optional(),
  container: z.object({
    type: z.string(),
    channel_id: id.optional(),
    message_ts: ts.optional(),
    thread_ts: ts.optional(),
    is_ephemeral: z.boolean().optional(),
  }),
  actions: z
    .array(
      z.object({
        type: z.string(),
        value: z.string().max(2_000).optional(),
        selected_option: z.object({ value: z.string().max(2_000) }).nullish(),
      }),
    )
    .min(1),
});
export type BlockActions = z.infer<typeof BlockActions>;

/** Blocks as Slack sends them back: ours, with their answers beside. */
const SentBlock = z.looseObject({ type: z.string(), block_id: z.string().optional() });

export const ViewSubmission = z.object({
  user,
  team,
  trigger_id: z.string().optional(),
  view: z.object({
    id: z.string().min(1),
    callback_id: z.string(),
    private_metadata: z.string(),
    title: z.looseObject({ text: z.string() }),
    submit: z.looseObject({ text: z.string() }).nullish(),
    blocks: z.array(SentBlock),
    state: z.object({ values: z.unknown() }),
  }),
});
export type ViewSubmission = z.infer<typeof ViewSubmission>;

export const MessageShortcut = z.object({
  type: z.literal('message_action'),
  callback_id: z.string(),
  user,
  team,
  channel: z.object({ id }),
  trigger_id: z.string().min(1),
  response_url: z.url().optional(),
  message: z.object({ user: id.optional(), team: id.optional(), text: z.string().default('') }),
});
