import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DestinationStream, destination, type Logger, type LoggerOptions, pino } from 'pino';
import { createRoot } from '../store/embedded/folders.ts';

export type LogTo = { readonly file: string } | { readonly stream: 'stdout' };

/** Names of members that are never logged, wherever they stand. */
const hidden = ['password', 'token', 'secret', 'authorization', 'cookie', 'connectionString'];

/**
 * Structured logs. Members with telling names are left out, and every secret of the configuration is struck from every line,
 * also inside messages of libraries (plain and as base64).
 */
export function createLogger(input: { level: string; to: LogTo; secrets: readonly string[] }): {
  log: Logger;
  flush(): void;
} {
  const { level, to, secrets } = input;
  const words = secrets.flatMap((secret) => [
    secret,
    Buffer.from(secret).toString('base64'),
    encodeURIComponent(secret),
  ]);
  const options: LoggerOptions = {
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: hidden.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[hidden]' },
    hooks: { streamWrite: (line) => words.reduce((text, word) => text.replaceAll(word, '[hidden]'), line) },
  };
  const stream = open(to);
  return { log: pino(options, stream), flush: () => stream.flushSync() };
}

/** Lines that could not be written wait in memory up to this; more are lost. */
const mostWaitingBytes = 1024 * 1024;

function open(to: LogTo): DestinationStream & { flushSync(): void } {
  const options = { sync: true, maxLength: mostWaitingBytes } as const;
  const stream =
    'stream' in to
      ? destination({ ...options, fd: 1 })
      : destination({ ...options, dest: to.file, mkdir: true, append: true });
  // A full disk under the log must not end the bot: what waits is written with the next line that can be.
  let failing = false;
  stream.on('error', () => {
    failing = true;
  });
  stream.on('write', () => {
    failing = false;
  });
  // Flushing would try for ever while the disk is full (sonic-boom), and the process could not end.
  return { write: (line) => stream.write(line), flushSync: () => (failing ? undefined : stream.flushSync()) };
}

/**
 * `<data folder>/logs/mislaid.log`: where the log goes while the console has the terminal.
 * Throws MislaidError `data-folder-unusable` with the remedy.
 */
export function logFile(dataFolder: string): string {
  const folder = join(createRoot(dataFolder), 'logs');
  mkdirSync(folder, { recursive: true });
  return join(folder, 'mislaid.log');
}
