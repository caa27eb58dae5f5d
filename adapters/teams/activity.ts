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
export type CardInput = z.infer<typeof CardInput>;

const Data = z.looseObject({ mislaid: CardInput });

export type SentValues = Readonly<Record<string, unknown>>;

/** The message on which somebody pressed "Handle as lost device". */
const MessagePayload = z.object({
  from: z.object({ user: z.object({ id: z.string().min(1), displayName: z.string().nullish() }).nullish() }).nullish(),
  body: z.object({ content: z.string().nullish() }).nullish(),
});

export type TeamsInput =
  | { kind: 'sentence'; text: string }
  /** `shape`: which response Teams expects. */
  | { kind: 'pressed'; pressed: CardInput; values: SentValues; shape: Shape }
  | { kind: 'extension'; author?: string; text: string }
  | { kind: 'installed' }
  | { kind: 'uninstalled' }
  | { kind: 'nothing'; shape?: Shape };

/** `message`: no card in the response. `card`: Action.Execute. `dialog`: task/fetch, task/submit and message extensions. */
export type Shape = 'message' | 'card' | 'dialog';

export function readInput(activity: TeamsActivity): TeamsInput {
  switch (activity.type) {
    case 'message':
      return hearMessage(activity);
    case 'invoke':
      return hearInvoke(activity);
    case 'installationUpdate':
      if (activity.action?.startsWith('add') === true) return { kind: 'installed' };
      return activity.action?.startsWith('remove') === true ? { kind: 'uninstalled' } : { kind: 'nothing' };
    default:
      return { kind: 'nothing' };
  }
}

function hearMessage(activity: TeamsActivity): TeamsInput {
  const data = Data.safeParse(activity.value);
  if (data.success) return pressed(data.data, 'message');
  const text = sentenceOf(activity);
  return text === '' ? { kind: 'nothing' } : { kind: 'sentence', text };
}

function hearInvoke(activity: TeamsActivity): TeamsInput {
  switch (activity.name) {
    case 'adaptiveCard/action': {
      const value = z.object({ action: z.object({ data: Data }) }).safeParse(activity.value);
      return value.success ? pressed(value.data.action.data, 'card') : { kind: 'nothing', shape: 'card' };
    }
    case 'task/fetch':
    case 'task/submit':
    case 'composeExtension/submitAction': {
      const value = z.object({ data: Data }).safeParse(activity.value);
      return value.success ? pressed(value.data.data, 'dialog') : { kind: 'nothing', shape: 'dialog' };
    }
    case 'composeExtension/fetchTask': {
      const value = z.object({ messagePayload: MessagePayload }).safeParse(activity.value);
      if (!value.success) return { kind: 'nothing', shape: 'dialog' };
      const { from, body } = value.data.messagePayload;
      const author = from?.user?.id;
      return { kind: 'extension', text: plainBody(body?.content ?? ''), ...(author === undefined ? {} : { author }) };
    }
    default:
      return { kind: 'nothing' };
  }
}

function pressed({ mislaid, ...values }: z.infer<typeof Data>, shape: Shape): TeamsInput {
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
