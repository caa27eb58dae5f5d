import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { minute, second } from '../ground/durations.ts';
import { hostError, internalError } from '../ground/errors.ts';
import { failureCode } from '../ground/failure.ts';
import type { DatabaseConnection } from './connect.ts';
import { codeOf } from './embedded/processes.ts';

export type AwaitServerInput = {
  connection: DatabaseConnection;
  /** Hears once, and again each minute, what is waited for. */
  tell(sentence: string): void;
  /** Ends the waiting: the process stops. */
  signal: AbortSignal;
  /** Between tries, milliseconds. */
  retryMs?: number;
};

/**
 * Waits, however long, until the PostgreSQL of DATABASE_URL answers: at the start of a machine or a compose file the bot is
 * often there first. Throws `database-refused` when the server answers what waiting cannot change (password, database,
 * encryption), `stopped` when the signal ends it.
 */
export async function awaitServer({ connection, tell, signal, retryMs = second }: AwaitServerInput): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const client = new pg.Client({ ...connection, connectionTimeoutMillis: 10 * second });
    client.on('error', () => undefined);
    const server = `PostgreSQL at ${client.host}:${client.port}`;
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => undefined);
      const never = refusals[codeOf(error) ?? ''];
      if (never !== undefined) throw refused(`${server} ${never(client)}`, error);
      if (!mayCome(error)) throw refused(`${server} cannot be used (${failureCode(error)}).`, error);
      if ((tries * retryMs) % minute < retryMs)
        tell(`${server} does not answer (${failureCode(error)}). Mislaid waits for it and starts when it is there.`);
    }
    await pause(retryMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw internalError({ code: 'stopped', message: `stopped while it waited for ${server}` });
  }
}

/** What PostgreSQL answers to whom it knows it will never let in, by SQLSTATE. Source: PostgreSQL 18, appendix A. */
const refusals: Readonly<Record<string, (client: pg.Client) => string>> = {
  '28P01': ({ user }) => `refuses the password of ${user} in DATABASE_URL.`,
  '28000': ({ user }) => `does not let ${user} in: look at DATABASE_URL and at the server's pg_hba.conf.`,
  '3D000': ({ database }) => `has no database ${database}. Create it, or correct DATABASE_URL.`,
};

/** No server there yet, none reachable, one that starts, stops or is full: SQLSTATE or the operating system's code. */
const passing = new Set([
  ...[
    'ECONNREFUSED',
    'ECONNRESET',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ENOENT',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ETIMEDOUT',
    'EPIPE',
  ],
  ...['57P01', '57P02', '57P03', '53300'],
]);

function mayCome(error: unknown): boolean {
  const code = codeOf(error);
  // pg gives no code to a connection that timed out or closed before it was welcomed.
  return code === undefined ? /timeout|terminated unexpectedly/i.test(String(error)) : passing.has(code);
}

function refused(message: string, cause: unknown) {
  return hostError({ code: 'database-refused', message, cause });
}
