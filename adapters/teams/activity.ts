/**
 * What Teams sends, read once: an activity of unknown shape becomes one of the kinds that this adapter hears, or nothing.
 * Shapes: learn.microsoft.com/microsoftteams/platform (bots, dialogs, message extensions, universal actions).
 */
import { z } from 'zod';

const Account = z.object({
  id: z.string().min(1),
  name: z.string().optional(),
  aadObjectId: z.string().min(1).optional(),
  role: z.string().optional(),
});

export const TeamsActivity = z.object({
  type: z.string().min(1),
  id: z.string().min(1),
  name: z.string().optional(),
  channelId: z.literal('msteams'),
  serviceUrl: z.string().min(1),
  from: Account,
  recipient: Account,
  conversation: z.object({
    id: z.string().min(1),
    conversationType: z.string().optional(),
    tenantId: z.string().optional(),
  }),
  channelData: z
    .object({ tenant: z.object({ id: z.string() }).optional(), eventType: z.string().optional() })
    .nullish()
    .transform((value) => value ?? undefined),
  replyToId: z.string().optional(),
  /** IANA name. */
  localTimezone: z.string().optional(),
  text: z.string().nullish(),
  entities: z.array(z.unknown()).nullish(),
  value: z.unknown().optional(),
  action: z.string().optional(),
});
export type TeamsActivity = z.infer<typeof TeamsActivity>;

/** What our own buttons and forms send back; inputs stand beside it. */
const CardInput = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('click'), action: z.string(), key: z.string().optional() }),
  z.object({
    kind: z.literal('form'),
    action: z.string(),
    key: z.string().optional(),
    /** The message whose button opened the form. */
    card: z.string().optional(),
    /** The form itself, packed: it is shown again beside what was wrong in it. */
    form: z.string(),
  }),
  /** Sent by the client itself when somebody looks at the card. */
  z.object({ kind: z.literal('refresh'), key: z.string().optional() }),
]);
export type Pressed = Exclude<z.infer<typeof CardInput>, { kind: 'refresh' }>;

const Data = z.looseObject({ mislaid: CardInput });

export type SentValues = Readonly<Record<string, unknown>>;

/** The message on which somebody pressed "Handle as lost device". */
const MessagePayload = z.object({
  from: z.object({ user: z.object({ id: z.string().min(1), displayName: z.string().nullish() }).nullish() }).nullish(),
  body: z.object({ content: z.string().nullish() }).nullish(),
});

/** `shape`: which response Teams expects. */
export type TeamsInput = { shape: Shape } & (
  | { kind: 'sentence'; text: string }
  | { kind: 'pressed'; pressed: Pressed; values: SentValues }
  /** A client asks for the card by itself, because somebody looks at it. */
  | { kind: 'refresh'; key: string | undefined }
  | { kind: 'extension'; author: string | undefined; text: string }
  | { kind: 'installed' }
  | { kind: 'uninstalled' }
  | { kind: 'nothing' }
);

/** `message`: no card in the response. `card`: Action.Execute. `dialog`: task/fetch, task/submit and message extensions. */
export type Shape = 'message' | 'card' | 'dialog';

export function readInput(activity: TeamsActivity): TeamsInput {
  switch (activity.type) {
    case 'message':
      return readMessage(activity);
    case 'invoke':
      return readInvoke(activity);
    case 'installationUpdate':
      if (activity.action?.startsWith('add') === true) return { kind: 'installed', shape: 'message' };
      return { kind: activity.action?.startsWith('remove') === true ? 'uninstalled' : 'nothing', shape: 'message' };
    default:
      return { kind: 'nothing', shape: 'message' };
  }
}

function readMessage(activity: TeamsActivity): TeamsInput {
  const data = Data.safeParse(activity.value);
  if (data.success) return pressed(data.data, 'message');
  const text = sentenceOf(activity);
  return text === '' ? { kind: 'nothing', shape: 'message' } : { kind: 'sentence', text, shape: 'message' };
}

const CardAction = z.object({ action: z.object({ data: Data }) });
const DialogAction = z.object({ data: Data });
const Extension = z.object({ messagePayload: MessagePayload });
const Added = z.object({ data: z.object({ msteams: z.object({ justInTimeInstall: z.literal(true) }) }) });

function readInvoke({ name, value }: TeamsActivity): TeamsInput {
  switch (name) {
    case 'adaptiveCard/action':
      return pressed(CardAction.safeParse(value).data?.action.data, 'card');
    case 'task/fetch':
    case 'task/submit':
      return pressed(DialogAction.safeParse(value).data?.data, 'dialog');
    case 'composeExtension/submitAction':
      // The app was just added for a message that waited for it.
      return Added.safeParse(value).success
        ? extension(value)
        : pressed(DialogAction.safeParse(value).data?.data, 'dialog');
    case 'composeExtension/fetchTask':
      return extension(value);
    default:
      return { kind: 'nothing', shape: 'message' };
  }
}

function extension(value: unknown): TeamsInput {
  const message = Extension.safeParse(value).data?.messagePayload;
  if (message === undefined) return { kind: 'nothing', shape: 'dialog' };
  const text = plainBody(message.body?.content ?? '');
  return { kind: 'extension', text, author: message.from?.user?.id, shape: 'dialog' };
}

function pressed(data: z.infer<typeof Data> | undefined, shape: Shape): TeamsInput {
  if (data === undefined) return { kind: 'nothing', shape };
  const { mislaid, ...values } = data;
  if (mislaid.kind === 'refresh') return { kind: 'refresh', key: mislaid.key, shape };
  return { kind: 'pressed', pressed: mislaid, values, shape };
}

const Mention = z.object({
  type: z.literal('mention'),
  text: z.string().min(1),
  mentioned: z.object({ id: z.string() }),
});

/** What was typed, without the mention of the bot; Teams writes blanks as `&nbsp;` and wraps lines in HTML now and then. */
function sentenceOf({ text, entities, recipient }: TeamsActivity): string {
  let sentence = text ?? '';
  for (const entity of entities ?? []) {
    const mention = Mention.safeParse(entity);
    if (!mention.success) continue;
    // Other people stay in the sentence by their names.
    const name = mention.data.mentioned.id === recipient.id ? ' ' : mention.data.text.replaceAll(/<\/?at[^>]*>/gi, '');
    sentence = sentence.replaceAll(mention.data.text, () => name);
  }
  return plainBody(sentence);
}

const entityOf: Readonly<Record<string, string>> = {
  nbsp: ' ',
  lt: '<',
  gt: '>',
  quot: '"',
  amp: '&',
  '#39': "'",
  '#160': ' ',
};

function plainBody(html: string): string {
  return html
    .replaceAll(/<\/?(?:p|div|br|span|at|b|i|em|strong|a)(?:\s[^<>]*)?\/?>/gi, ' ')
    .replaceAll(/&(nbsp|lt|gt|quot|amp|#39|#160);/g, (_, name: string) => entityOf[name] ?? ' ')
    .replaceAll(/[\s\u00A0]+/gu, ' ')
    .trim();
}
