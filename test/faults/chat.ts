/**
 * A chat platform that outlives the bot's processes: what people say waits in a table and is sent again until a process acknowledges
 * it, to every process that listens, and what the bot posts stands in another, whoever posted it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { type ChatAdapter, Incoming } from '../../src/chat/port.ts';

/** In a schema of its own: the bot's own is empty before its first start. */
export const chatTables = `create schema fault;
create table fault.chat (
  id integer generated always as identity primary key, target text not null, key text not null, message jsonb not null);
create table fault.said (
  id integer generated always as identity primary key, incoming jsonb not null, acknowledged boolean not null default false,
  answer jsonb)`;

/** By this name fault runs tell the platform's own connections from the bot's. */
export const chatApplication = 'fault chat';

export function openChat(connectionString: string): ChatAdapter {
  const pool = new pg.Pool({ connectionString, max: 4, application_name: chatApplication });
  pool.on('error', () => {});
  pool.on('connect', (client) => {
    client.on('error', () => {});
  });
  const stopped = new AbortController();

  async function post(target: string, message: unknown, key: string): Promise<string> {
    const { rows } = await pool.query<{ id: number }>(
      'insert into fault.chat (target, key, message) values ($1, $2, $3) returning id',
      [target, key, JSON.stringify(message)],
    );
    return String(rows[0]?.id);
  }

  async function hear(onCommand: Parameters<ChatAdapter['start']>[0]['onCommand']): Promise<void> {
    const { rows } = await pool.query<{ id: number; incoming: unknown }>(
      'select id, incoming from fault.said where not acknowledged order by id',
    );
    for (const { id, incoming } of rows) {
      const receipt = await onCommand(Incoming.parse(incoming));
      if (receipt.kind === 'not-stored') continue;
      await pool.query('update fault.said set acknowledged = true where id = $1', [id]);
      if (receipt.kind !== 'stored') continue;
      void receipt.answer
        .then((answer) => pool.query('update fault.said set answer = $2 where id = $1', [id, JSON.stringify(answer)]))
        .catch(() => undefined);
    }
  }

  return {
    name: 'console',
    identityPrefix: 'console',
    limits: { postsPerSecondPerPlace: 1_000 },
    start: async ({ onCommand }) => {
      void (async () => {
        while (!stopped.signal.aborted) {
          // A platform whose message was not taken sends it again.
          await hear(onCommand).catch(() => undefined);
          await pause(20);
        }
      })();
    },
    post,
    reply: async (_ref, message, key) => post('reply', message, key),
    privately: async (identity, message, key) => post(identity, message, key),
    find: async (target, key) => {
      const { rows } = await pool.query<{ id: number }>(
        'select id from fault.chat where key = $1 and target in ($2, $3)',
        [key, target, 'reply'],
      );
      return rows[0] === undefined ? undefined : String(rows[0].id);
    },
    edit: async (ref, message) => {
      await pool.query('update fault.chat set message = $2 where id = $1', [Number(ref), JSON.stringify(message)]);
    },
    identify: async () => undefined,
    stop: async () => {
      stopped.abort();
      await pool.end();
    },
  };
}
