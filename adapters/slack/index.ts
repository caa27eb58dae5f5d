/** Slack as a chat platform, on Bolt: over HTTP or Socket Mode, for one workspace. */
import { App, type Receiver } from '@slack/bolt';
import type { Logger } from 'pino';
import { z } from 'zod';
import { type ChatAdapter, DeliveryError } from '../../src/chat/port.ts';
import type { Clock, Ids } from '../../src/ground/clock.ts';
import { openClients } from './clients.ts';
import { addListeners } from './events.ts';
import { slackErrorOf } from './failures.ts';
import { createAccounts } from './identity.ts';
import { slackLimits, type Timeouts, timeouts as usualTimeouts } from './limits.ts';
import type { Self } from './listener.ts';
import { slackLogger } from './logging.ts';
import { createUploads, type Pictures } from './pictures.ts';
import { httpReceiver, socketReceiver } from './receivers.ts';
import { createKeptForms } from './refilled-forms.ts';
import { createReplies } from './replies.ts';
import { createResponseUrls } from './response-url.ts';
import { createSending } from './send.ts';

export type { Pictures } from './pictures.ts';

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
  /** For times in notifications; in messages each reader sees his own zone. */
  timeZone: () => string;
  log: Logger;
  /** Default: those of limits.ts. */
  timeouts?: Timeouts | undefined;
};

const AuthTest = z.object({ team_id: z.string(), user_id: z.string(), bot_id: z.string() });

/** Slack is asked who the bot is until it says so; the waits between, in milliseconds. */
const waits = [500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000];
/** start() waits so long for the first answer, and goes on without. */
const patienceMs = 3_000;

export function createSlackAdapter(options: SlackOptions): ChatAdapter {
  const { botToken, transport, apiUrl, clock, timeZone, log, timeouts = usualTimeouts } = options;
  const logger = slackLogger(log);
  const clients = openClients({ token: botToken, apiUrl, logger, timeouts });
  const uploads = createUploads(clients, options.images);
  const sending = createSending({ clients, uploads, clock, timeZone });
  const responseUrls = createResponseUrls({ timeoutMs: timeouts.interactive });
  const replies = createReplies({ clients, sending, uploads, responseUrls, clock, timeZone, log });
  const kept = createKeptForms(options.ids);
  const underWay = new Set<Promise<unknown>>();
  let self: Self | undefined;
  let asking: Promise<Self> | undefined;
  let receiver: Receiver | undefined;
  let stopped = false;
  let wake: () => void = () => undefined;

  const accounts = createAccounts({
    clients,
    team: askSelf,
    groups: options.groups,
    onProblem: (what, error) => log.warn({ err: error, code: slackErrorOf(error) }, `Slack did not tell ${what}`),
  });

  /** Who the bot is: asked once, and again by the next who wants to know where Slack did not say. */
  async function askSelf(): Promise<string | undefined> {
    if (self !== undefined) return self.team;
    asking ??= clients.lookUps.auth
      .test()
      .then((answer) => {
        const { team_id: team, user_id: botUser, bot_id: botId } = AuthTest.parse(answer);
        self = { team, botUser, botId };
        log.info({ team }, 'Slack knows the bot');
        return self;
      })
      .finally(() => {
        asking = undefined;
      });
    return (await asking).team;
  }

  async function learnSelf(): Promise<void> {
    for (let attempt = 0; self === undefined && !stopped; attempt++) {
      try {
        await askSelf();
      } catch (error) {
        log.error(
          { err: error, code: slackErrorOf(error) },
          'Slack does not say who the bot is; commands are not taken yet',
        );
        await pause(waits[Math.min(attempt, waits.length - 1)] ?? 60_000);
      }
    }
  }

  function pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function track(work: Promise<unknown>): void {
    const tracked = work
      .catch((error: unknown) => log.error({ err: error }, 'work for Slack failed'))
      .finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  }

  /** Whatever is asked of a stopped adapter was not sent. */
  function unlessStopped<A extends unknown[], T>(work: (...input: A) => Promise<T>): (...input: A) => Promise<T> {
    return async (...input) => {
      if (stopped) throw new DeliveryError({ kind: 'not-sent' }, 'Slack: the bot is stopping');
      return await work(...input);
    };
  }

  return {
    name: 'slack',
    identityPrefix: 'slack',
    limits: slackLimits,
    start: async ({ app: express, onCommand }) => {
      const isOpen = (): boolean => !stopped;
      receiver =
        transport.kind === 'http'
          ? httpReceiver({ app: express, signingSecret: transport.signingSecret, log, isOpen })
          : socketReceiver({ appToken: transport.appToken, apiUrl, connections: transport.connections ?? 2, log });
      const app = new App({
        receiver,
        logger,
        // Nothing is asked of Slack while an event waits: who the bot is, is known beforehand.
        authorize: async () => ({ botToken, botId: self?.botId ?? '', botUserId: self?.botUser ?? '' }),
        clientOptions: { logger, ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }) },
        convoStore: false,
        // What bots say is left out by the listeners, which know better what is ours.
        ignoreSelf: false,
      });
      addListeners(app, {
        onCommand,
        self: () => (stopped ? undefined : self),
        accounts,
        replies,
        sending,
        clients,
        kept,
        clock,
        timeZone,
        log,
        track,
      });
      track(learnSelf().then(() => (transport.kind === 'socket' && !stopped ? receiver?.start() : undefined)));
      await Promise.race([Promise.all(underWay), new Promise((resolve) => setTimeout(resolve, patienceMs).unref())]);
    },
    post: unlessStopped(sending.post),
    find: unlessStopped(sending.find),
    edit: unlessStopped(sending.edit),
    reply: unlessStopped(sending.reply),
    privately: unlessStopped(sending.privately),
    home: unlessStopped(sending.home),
    identify: (identity) => accounts.identify(identity),
    stop: async () => {
      if (stopped) return;
      stopped = true;
      wake();
      if (transport.kind === 'socket') await receiver?.stop();
      await Promise.race([Promise.all(underWay), new Promise((resolve) => setTimeout(resolve, patienceMs).unref())]);
      await responseUrls.close();
    },
  };
}
