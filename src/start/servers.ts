import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Organisation } from '../directory/person.ts';
import type { Exchange } from '../exchange/port.ts';
import type { Policy } from '../policy.ts';
import type { Servers } from '../servers/port.ts';
import { ServerUnreadable } from '../servers/port.ts';
import type { Database } from '../store/schema.ts';

export type ServersParts = {
  config: Config;
  policy: Policy;
  db: Kysely<Database>;
  clock: Clock;
  exchange: (organisation: Organisation) => Exchange;
};

/** The servers of an organisation; none where nothing is configured (Exchange Online has none). */
export function openConfiguredServers(_parts: ServersParts): (organisation: Organisation) => Servers {
  return () => noServers;
}

const noServers: Servers = {
  list: () => [],
  listLogs: async (server) => Promise.reject(none(server)),
  openLog: async (file) => Promise.reject(none(file.server)),
  readConfig: async (server) => Promise.reject(none(server)),
  writeConfig: async (server) => Promise.reject(none(server)),
  events1040: async (server) => Promise.reject(none(server)),
  recyclePool: async (server) => Promise.reject(none(server)),
};

function none(server: string): ServerUnreadable {
  return new ServerUnreadable(server, 'No servers are configured for this organisation.');
}
