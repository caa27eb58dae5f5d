/** A chat platform that outlives the bot's processes: its messages stand in a table of their own, whoever posted them. */
import pg from 'pg';
import type { ChatAdapter } from '../../src/chat/port.ts';

export const chatTable = `create table fault_chat (
  id integer generated always as identity primary key, target text not null, key text not null, message jsonb not null)`;

export function openChat(connectionString: string): ChatAdapter {
  const pool = new pg.Pool({ connectionString, max: 2 });
  pool.on('error', () => {});
  pool.on('connect', (client) => {
    client.on('error', () => {});
  });

  async function post(target: string, message: unknown, key: string): Promise<string> {
    const { rows } = await pool.query<{ id: number }>(
      'insert into fault_chat (target, key, message) values ($1, $2, $3) returning id',
      [target, key, JSON.stringify(message)],
    );
    return String(rows[0]?.id);
  }

  return {
    name: 'console',
    identityPrefix: 'console',
    limits: { postsPerSecondPerPlace: 1_000, messageSize: 100_000 },
    start: async () => {},
    post,
    reply: async (_ref, message, key) => post('reply', message, key),
    privately: async (identity, message, key) => post(identity, message, key),
    find: async (target, key) => {
      const { rows } = await pool.query<{ id: number }>(
        'select id from fault_chat where key = $1 and target in ($2, $3)',
        [key, target, 'reply'],
      );
      return rows[0] === undefined ? undefined : String(rows[0].id);
    },
    edit: async (ref, message) => {
      await pool.query('update fault_chat set message = $2 where id = $1', [Number(ref), JSON.stringify(message)]);
    },
    identify: async () => undefined,
    stop: () => pool.end(),
  };
}
