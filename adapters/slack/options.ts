import type { ChatAdapter } from '../../src/chat/port.ts';
import type { Config } from '../../src/config.ts';
import { MislaidError } from '../../src/ground/errors.ts';
import { createSlackAdapter, type SlackOptions } from './index.ts';

/** What main gives to every platform, as far as Slack needs it. */
export type OpenInput = Pick<SlackOptions, 'clock' | 'ids' | 'log' | 'timeZone' | 'images'> & {
  readonly config: Config;
  helpdeskGroups(): readonly string[];
};

/** Slack as the settings say. An app token means Socket Mode, whether or not there is a signing secret. */
export function openSlack(input: OpenInput): ChatAdapter {
  const { config } = input;
  if (config.SLACK_BOT_TOKEN === undefined) throw missing('SLACK_BOT_TOKEN');
  return createSlackAdapter({
    botToken: config.SLACK_BOT_TOKEN,
    transport: transportOf(input),
    apiUrl: config.SLACK_API_URL,
    groups: () => input.helpdeskGroups().filter((group) => group.startsWith('slack:')),
    images: (id) => input.images(id),
    clock: input.clock,
    ids: input.ids,
    timeZone: () => input.timeZone(),
    log: input.log.child({ platform: 'slack' }),
  });
}

function transportOf({ config }: OpenInput): SlackOptions['transport'] {
  if (config.SLACK_APP_TOKEN !== undefined) return { kind: 'socket', appToken: config.SLACK_APP_TOKEN };
  if (config.SLACK_SIGNING_SECRET !== undefined) return { kind: 'http', signingSecret: config.SLACK_SIGNING_SECRET };
  throw missing('SLACK_SIGNING_SECRET');
}

function missing(name: string): MislaidError {
  return new MislaidError({ code: 'config-invalid', message: `${name} is needed for Slack. See .env.example.` });
}
