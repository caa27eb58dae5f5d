/**
 * One Socket Mode connection, kept up: Slack renews each every few hours, networks break, and @slack/socket-mode 3.1 waits
 * seconds before it connects again and leaves failures to nobody.
 */
import type { SocketModeReceiver } from '@slack/bolt';
import type { Logger } from 'pino';
import { backOff } from '../../src/ground/back-off.ts';
import { second } from '../../src/ground/durations.ts';
import { withTimeLimit } from '../../src/ground/time-limit.ts';

type Client = SocketModeReceiver['client'];

export type Socket = {
  /** Resolves with the first connection, or when the socket is closed. */
  readonly connected: Promise<void>;
  close(): Promise<void>;
};

const waits = { first: 100, most: 30 * second };
/** Without Slack's hello by then the connection is given up. */
const helloMs = 10 * second;

export function openSocket(client: Client, log: Logger): Socket {
  let closed = false;
  let failures = 0;
  let wake: () => void = () => undefined;
  let first: () => void = () => undefined;
  const connected = new Promise<void>((resolve) => {
    first = resolve;
  });

  shielded(client, log);
  client.on('connected', () => {
    failures = 0;
    first();
  });
  client.on('disconnected', () => wake());

  async function connect(): Promise<void> {
    const giveUp = setTimeout(() => {
      log.warn('Slack did not say hello over its socket');
      void client.disconnect();
    }, helloMs);
    try {
      await client.start();
    } finally {
      clearTimeout(giveUp);
    }
  }

  async function keepUp(): Promise<void> {
    while (!closed) {
      const down = new Promise<void>((resolve) => {
        wake = resolve;
      });
      try {
        await connect();
        if (closed) {
          // Closed while Slack was asked where to connect: close() had no connection to end yet.
          await client.disconnect();
          return;
        }
        log.info('connected to Slack by Socket Mode');
        await down;
        if (!closed) log.info('the Socket Mode connection ended; connecting again');
      } catch (error) {
        if (closed) return;
        failures += 1;
        const wait = backOff(failures, waits);
        log.warn({ err: error, wait }, 'no Socket Mode connection to Slack');
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, wait);
          wake = () => {
            if (!closed) return;
            clearTimeout(timer);
            resolve();
          };
        });
      }
    }
  }

  const over = keepUp();
  return {
    connected,
    close: async () => {
      if (closed) return;
      closed = true;
      first();
      const left = client.disconnect();
      wake();
      // Slack may never complete the closing handshake.
      await withTimeLimit(Promise.allSettled([left, over]), second).catch(() => undefined);
    },
  };
}

/** A message that is not what Slack documents must not end the process: the client's handler is asynchronous and rejects. */
function shielded(client: Client, log: Logger): void {
  const handler: unknown = Reflect.get(client, 'onWebSocketMessage');
  if (typeof handler !== 'function') return;
  client.removeAllListeners('ws_message');
  client.on('ws_message', (data: unknown, isBinary: unknown) => {
    Promise.resolve(Reflect.apply(handler, client, [data, isBinary])).catch((error: unknown) => {
      log.warn({ err: error }, 'a Socket Mode message could not be read');
    });
  });
}
