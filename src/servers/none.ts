import { type Servers, ServerUnreadable } from './port.ts';

/** An organisation without servers that could be read: Exchange Online, or a policy.yaml that lists none. */
export const noServers: Servers = {
  list: () => [],
  listLogs: (server) => none(server),
  openLog: (file) => none(file.server),
  readConfig: (server) => none(server),
  writeConfig: (server) => none(server),
  events1040: (server) => none(server),
  recyclePool: (server) => none(server),
};

async function none(server: string): Promise<never> {
  throw new ServerUnreadable(server, 'No servers are configured for this organisation.');
}
