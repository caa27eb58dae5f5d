/** Slack as a chat platform, on Bolt: over HTTP or Socket Mode, for one workspace. */
import { App, type Receiver } from '@slack/bolt';
import type { Logger } from 'pino';
import { type ChatAdapter, DeliveryError, type Undelivered } from '../../src/chat/port.ts';
import type { Config } from '../../src/config.ts';
import type { Clock, Ids } from '../../src/ground/clock.ts';
import { MislaidError } from '../../src/ground/errors.ts';
import { withTimeLimit } from '../../src/ground/time-limit.ts';
import { openClients } from './clients.ts';
import { addListeners } from './events.ts';
import { slackErrorOf } from './failures.ts';
import { Accounts } from './identity.ts';
import { slackLimits, type Timeouts, timeouts as usualTimeouts } from './limits.ts';
import { slackLogger } from './logging.ts';
import { type Pictures, Uploads } from './pictures.ts';
import { httpReceiver, socketReceiver } from './receivers.ts';
import { KeptForms } from './refilled-forms.ts';
import { Replies } from './replies.ts';
import { ResponseUrls } from './response-url.ts';
import { SelfKnowledge } from './self.ts';
import { Sending } from './send.ts';

export type SlackOptions = {
  botToken: string;
  /** How events come: signed requests to the bot's server, or a socket that the bot opens. */
  transport: { kind: 'http'; signingSecret: string } | { kind: 'socket'; appToken: string; connections?: number };
  /** Another Web API (GovSlack, tests). */
  apiUrl?: string | undefined;
  /** Groups that policy.yaml makes helpdesk now: `slack:<team>/<usergroup>`. A function, as is the zone: a reload is enough. */
  groups: () => readonly string[];
  images: Pictures;
  clock: Clock;
  ids: Ids;
  /** For times in notifications; in messages each reader sees their own zone. */
  timeZone: () => string;
  log: Logger;
  /** Default: those of limits.ts. */
  timeouts?: Timeouts | undefined;
};

/** Slack as the settings say. An app token means Socket Mode, whether or not there is a signing secret. */
export function openSlack(
  input: Pick<SlackOptions, 'clock' | 'ids' | 'log' | 'timeZone' | 'images'> & {
    readonly config: Config;
    helpdeskGroups(): readonly string[];
  },
): ChatAdapter {
  const { config, log, helpdeskGroups, ...rest } = input;
  const { SLACK_APP_TOKEN: appToken } = config;
  return createSlackAdapter({
    ...rest,
    botToken: needed('SLACK_BOT_TOKEN', config.SLACK_BOT_TOKEN),
    transport:
      appToken === undefined
        ? { kind: 'http', signingSecret: needed('SLACK_SIGNING_SECRET', config.SLACK_SIGNING_SECRET) }
        : { kind: 'socket', appToken },
    apiUrl: config.SLACK_API_URL,
    groups: () => helpdeskGroups().filter((group) => group.startsWith('slack:')),
    log: log.child({ platform: 'slack' }),
  });
}

function needed(name: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new MislaidError({
    code: 'config-invalid',
    message: `${name} is needed for Slack. See .env.example.`,
    userMessage: `${name} is needed for Slack. See .env.example.`,
  });
}

export function createSlackAdapter(options: SlackOptions): ChatAdapter {
  const { botToken, transport, apiUrl, log, timeouts = usualTimeouts } = options;
  const logger = slackLogger(log);
  const clients = openClients(botToken, timeouts, { apiUrl, logger });
  const uploads = new Uploads(clients, options.images);
  const sending = new Sending({ ...options, clients, uploads });
  const responseUrls = new ResponseUrls(timeouts.interactive);
  let undelivered: ((answer: Undelivered) => Promise<void>) | undefined;
  const replies = new Replies({
    clients,
    sending,
    uploads,
    responseUrls,
    ids: options.ids,
    onUndelivered: () => undelivered,
    log,
  });
  const self = new SelfKnowledge(clients, log);
  const accounts = new Accounts({
    clients,
    team: async () => (await self.ask()).team,
    groups: options.groups,
    onProblem: (what, error) => log.warn({ err: error, code: slackErrorOf(error) }, `Slack did not tell ${what}`),
  });
  const inFlight = new Set<Promise<unknown>>();
  let receiver: Receiver | undefined;

  function track(work: Promise<unknown>): void {
    const tracked = work
      .catch((error: unknown) => log.error({ err: error }, 'work for Slack failed'))
      .finally(() => inFlight.delete(tracked));
    inFlight.add(tracked);
  }

  const settled = () => withTimeLimit(Promise.all(inFlight), timeouts.startAndStop).catch(() => undefined);

  /** Whatever is asked of a stopped adapter was not sent. */
  async function unlessStopped<T>(work: () => Promise<T>): Promise<T> {
    if (self.isStopped) throw new DeliveryError({ kind: 'not-sent' }, 'Slack: the bot is stopping');
    return await work();
  }

  return {
    name: 'slack',
    identityPrefix: 'slack',
    limits: slackLimits,
    start: async ({ app: express, onCommand, onUndelivered }) => {
      undelivered = onUndelivered;
      receiver =
        transport.kind === 'http'
          ? httpReceiver({ ...transport, app: express, log, isOpen: () => !self.isStopped })
          : socketReceiver({ ...transport, apiUrl, connections: transport.connections ?? 2, log });
      const app = new App({
        receiver,
        logger,
        // Nothing is asked of Slack while an event waits: who the bot is, is known beforehand.
        authorize: async () => ({
          botToken,
          botId: self.known()?.botId ?? '',
          botUserId: self.known()?.botUser ?? '',
        }),
        clientOptions: { logger, ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }) },
        convoStore: false,
        // What bots say is left out by the listeners, which know better what is ours.
        ignoreSelf: false,
      });
      const kept = new KeptForms(options.ids);
      addListeners(app, {
        onCommand,
        self: () => self.known(),
        accounts,
        replies,
        sending,
        clients,
        kept,
        timeouts,
        log,
        track,
      });
      track(self.learn().then(() => (transport.kind === 'socket' && !self.isStopped ? receiver?.start() : undefined)));
      await settled();
    },
    post: (...post) => unlessStopped(() => sending.post(...post)),
    find: (...post) => unlessStopped(() => sending.find(...post)),
    readBack: (place) => unlessStopped(() => sending.readBack(place)),
    edit: (...post) => unlessStopped(() => sending.edit(...post)),
    reply: (...post) => unlessStopped(() => sending.reply(...post)),
    privately: (...post) => unlessStopped(() => sending.privately(...post)),
    home: (...post) => unlessStopped(() => sending.home(...post)),
    identify: (identity) => accounts.identify(identity),
    stop: async () => {
      if (self.isStopped) return;
      self.stop();
      if (transport.kind === 'socket') await receiver?.stop();
      await settled();
      await responseUrls.close();
    },
  };
}
