/**
 * Three Web API clients, because one that is rate limited or hangs holds up all its calls: what a person waits for (a trigger
 * dies after 3 s), posting, and looking up. None retries by itself: a post whose answer was lost would be posted again.
 */
import { type Logger, webApi } from '@slack/bolt';
import type { Timeouts } from './limits.ts';

export type Clients = Readonly<Record<'interactive' | 'posting' | 'lookUps', webApi.WebClient>>;

export function openClients(token: string, timeouts: Timeouts, input: ClientInput): Clients {
  const client = (timeout: number) => new webApi.WebClient(token, clientOptions(timeout, input));
  const { interactive, posting, lookUps } = timeouts;
  return { interactive: client(interactive), posting: client(posting), lookUps: client(lookUps) };
}

type ClientInput = { apiUrl?: string | undefined; logger: Logger };

export function clientOptions(timeout: number, input: ClientInput): webApi.WebClientOptions {
  return {
    timeout,
    logger: input.logger,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    ...(input.apiUrl === undefined ? {} : { slackApiUrl: input.apiUrl }),
  };
}
