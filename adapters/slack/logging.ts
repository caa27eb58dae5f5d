/** Slack's libraries log through the bot's log: never at debug, where they print whole bodies. */
import { type Logger as BoltLogger, LogLevel } from '@slack/bolt';
import type { Logger } from 'pino';

export function slackLogger(log: Logger): BoltLogger {
  // Errors of the libraries become warnings: what matters of them reaches the log once more where it is handled.
  const line = (message: unknown[]): string => message.map(String).join(' ').slice(0, 500);
  return {
    debug: () => undefined,
    info: (...message) => log.debug({ library: line(message) }, 'Slack library'),
    warn: (...message) => log.warn({ library: line(message) }, 'Slack library warns'),
    error: (...message) => log.warn({ library: line(message) }, 'Slack library reports an error'),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
}
