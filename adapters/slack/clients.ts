/**
 * Three Web API clients, because one that is rate limited or hangs holds up all its calls: what a person waits for (a trigger
 * dies after 3 s), posting, and looking up. None retries by itself: a post whose answer was lost would be posted again.
 */
import { webApi } from '@slack/bolt';
import type { Timeouts } from './limits.ts';
import type { SlackLogger } from './logging.ts';

export type Clients = {
  readonly interactive: webApi.WebClient;
  readonly posting: webApi.WebClient;
  readonly lookUps: webApi.WebClient;
};

export function openClients(input: {
  token: string;
  apiUrl?: string | undefined;
  logger: SlackLogger;
  timeouts: Timeouts;
}): Clients {
  const { timeouts } = input;
  return {
    interactive: client(input.token, timeouts.interactive, input),
    posting: client(input.token, timeouts.posting, input),
    lookUps: client(input.token, timeouts.lookUps, input),
  };
}

export function clientOptions(
  timeout: number,
  input: { apiUrl?: string | undefined; logger: SlackLogger },
): webApi.WebClientOptions {
  return {
    timeout,
    logger: input.logger,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    ...(input.apiUrl === undefined ? {} : { slackApiUrl: input.apiUrl }),
  };
}

function client(
  token: string,
  timeout: number,
  input: { apiUrl?: string | undefined; logger: SlackLogger },
): webApi.WebClient {
  return new webApi.WebClient(token, clientOptions(timeout, input));
}
