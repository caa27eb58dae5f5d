/**
 * The two ways in. Over HTTP Bolt's ExpressReceiver on the bot's own server, behind a guard for what Bolt lets through; over
 * Socket Mode Bolt's SocketModeReceiver, twice, so that one stays while Slack renews the other, with reconnecting of our own.
 */

import { createHash } from 'node:crypto';
import { type App, ExpressReceiver, type Receiver, SocketModeReceiver } from '@slack/bolt';
import type { Express, NextFunction, Request, Response } from 'express';
import type { Logger } from 'pino';
import { clientOptions } from './clients.ts';
import { bodyLimit, newestRequestSeconds, oldestRequestSeconds } from './limits.ts';
import { NotStoredError } from './listener.ts';
import { slackLogger } from './logging.ts';
import { UnreadableError } from './payloads.ts';
import { openSocket, type Socket } from './sockets.ts';

export const eventsPath = '/slack/events';

/** Mounts the route; the guard comes first. `isOpen`: false once the bot is stopping. */
export function httpReceiver(input: {
  app: Express;
  signingSecret: string;
  log: Logger;
  isOpen: () => boolean;
}): Receiver {
  const { app, signingSecret, log, isOpen } = input;
  app.post(eventsPath, (request, response, next) => guard(request, response, next, isOpen));
  return new ExpressReceiver({
    app,
    signingSecret,
    endpoints: { events: eventsPath },
    // The acknowledgement goes out when the listener has returned, which is after the command is stored.
    processBeforeResponse: true,
    bodyLimit,
    logger: slackLogger(log),
    customPropertiesExtractor: (request) => ({ requestKey: requestKeyOf(request.headers['x-slack-signature']) }),
    processEventErrorHandler: async ({ error, response }) => {
      const cause = originalOf(error);
      const status = statusOf(cause);
      if (status === 500) log.error({ err: cause }, 'a request of Slack failed');
      else log.warn({ err: cause, status }, 'a request of Slack was refused');
      if (!response.headersSent) response.writeHead(status).end();
      // Bolt then stops waiting for an acknowledgement.
      return true;
    },
  });
}

/**
 * What Bolt's own check lets through: a time in the future, a signature of another version. And what it stumbles over: a
 * charset in the content type, a body too large whose rest nobody reads, so that the connection hangs.
 */
function guard(request: Request, response: Response, next: NextFunction, isOpen: () => boolean): void {
  response.on('finish', () => request.resume());
  const refused = isOpen() ? refusalOf(request) : 503;
  if (refused !== undefined) {
    response.status(refused).end();
    return;
  }
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  request.headers['content-type'] = type.trim().toLowerCase();
  next();
}

function refusalOf({ headers }: Request): 401 | 413 | undefined {
  const at = Number(headers['x-slack-request-timestamp']);
  // Slack's clock and ours are real, whatever the lab's says.
  const age = Date.now() / 1_000 - at;
  if (!Number.isInteger(at) || age > oldestRequestSeconds || age < -newestRequestSeconds) return 401;
  const signature = headers['x-slack-signature'];
  if (typeof signature !== 'string' || !/^v0=[0-9a-f]{64}$/.test(signature)) return 401;
  return Number(headers['content-length'] ?? 0) > bodyLimit ? 413 : undefined;
}

export function socketReceiver(input: {
  appToken: string;
  apiUrl?: string | undefined;
  connections: number;
  log: Logger;
}): Receiver {
  const { appToken, apiUrl, connections, log } = input;
  const logger = slackLogger(log);
  const receivers = Array.from(
    { length: connections },
    () =>
      new SocketModeReceiver({
        appToken,
        logger,
        // Its own reconnecting waits 5 s and more, and ends the process when it fails.
        autoReconnectEnabled: false,
        installerOptions: { clientOptions: clientOptions(5_000, { apiUrl, logger }) },
        processEventErrorHandler: async ({ error }) => {
          const cause = originalOf(error);
          const status = statusOf(cause);
          log.warn({ err: cause, status }, 'a message of Slack was refused');
          // What cannot be read is acknowledged: it would be no better the second time. All else is sent again.
          return false;
        },
      }),
  );
  let sockets: Socket[] = [];
  return {
    init: (app) => {
      for (const receiver of receivers) receiver.init(storedFirst(app));
    },
    start: async () => {
      sockets = receivers.map((receiver) => openSocket(receiver.client, log));
      await Promise.race(sockets.map((socket) => socket.connected));
    },
    stop: async () => {
      await Promise.all(sockets.map((socket) => socket.close()));
    },
  };
}

/** Over a socket, too, nothing is acknowledged before its listener has returned; Bolt acknowledges events before it calls one. */
function storedFirst(app: App): App {
  return new Proxy(app, {
    get: (target, name) => {
      if (name !== 'processEvent') return Reflect.get(target, name);
      return async (event: Parameters<App['processEvent']>[0]): Promise<void> => {
        let response: unknown;
        let acknowledged = false;
        const ack = async (given?: unknown): Promise<void> => {
          if (acknowledged) return;
          acknowledged = true;
          response = given;
        };
        try {
          await target.processEvent({ ...event, ack });
        } catch (error) {
          if (!(originalOf(error) instanceof UnreadableError)) throw error;
          acknowledged = true;
        }
        if (acknowledged) await event.ack(response);
      };
    },
  });
}

function statusOf(error: unknown): 400 | 503 | 500 {
  if (error instanceof NotStoredError) return 503;
  return error instanceof UnreadableError ? 400 : 500;
}

/** Bolt wraps what listeners throw. */
function originalOf(error: unknown): unknown {
  return error instanceof Error && 'original' in error && error.original instanceof Error ? error.original : error;
}

export function requestKeyOf(signature: string | string[] | undefined): string {
  return createHash('sha256').update(String(signature)).digest('base64url');
}
