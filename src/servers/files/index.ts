/**
 * The Servers port over folders: local ones, UNC paths on Windows, mounted shares on Linux. Application pools are beyond a
 * folder's reach, so recycling is a command that an administrator types.
 */
import { join } from 'node:path';
import type { ConfigKind } from '../../ground/identifiers.ts';
import type { Policy } from '../../policy.ts';
import { type Servers, ServerUnreadable } from '../port.ts';
import { readConfigFile, writeConfigFile } from './config.ts';
import { exportedEvents } from './events.ts';
import { listLogFiles, openLogFile } from './logs.ts';

type PolicyServer = Policy['servers'][number];

/** Below `%ExchangeInstallPath%`; forward slashes do on Windows too. */
const CONFIG_PATHS: Record<ConfigKind, string> = {
  sync: 'ClientAccess/Sync/web.config',
  ewsFrontEnd: 'FrontEnd/HttpProxy/EWS/web.config',
  easFrontEnd: 'FrontEnd/HttpProxy/Sync/web.config',
};

const POOL = /^[\w .-]{1,64}$/;

/** `root` is put before relative folders of the policy. Errors: ServerUnreadable, with the reason a person can act on. */
export function createFileServers(servers: readonly PolicyServer[], root = ''): Servers {
  const byName = new Map(servers.map((server) => [server.name, server]));

  function named(name: string): PolicyServer {
    const server = byName.get(name);
    if (server === undefined) throw new ServerUnreadable(name, `policy.yaml lists no server ${name}.`);
    return server;
  }

  function configPath(name: string, kind: ConfigKind): string {
    const { exchangePath } = named(name);
    if (exchangePath !== undefined) return join(root, exchangePath, CONFIG_PATHS[kind]);
    throw new ServerUnreadable(
      name,
      `policy.yaml gives no exchangePath for ${name}, so its web.config files are not known.`,
    );
  }

  return {
    list: () => servers.map(({ name }) => name),
    listLogs: async (name, kind, since) => {
      const server = named(name);
      const folder = {
        frontEnd: server.frontEndLogs,
        backEnd: server.backEndLogs,
        httpProxy: server.httpProxyLogs,
        edge: server.edgeLogs,
      }[kind];
      return folder === undefined ? [] : listLogFiles({ server: name, kind, folder: join(root, folder), since });
    },
    openLog: async (file, from) => openLogFile(file, from),
    readConfig: async (name, kind) => readConfigFile(name, configPath(name, kind)),
    writeConfig: async (name, kind, bytes, expected) => writeConfigFile(name, configPath(name, kind), bytes, expected),
    events1040: async (name, since) => {
      const { exportedEvents: folder } = named(name);
      if (folder !== undefined) return exportedEvents(name, join(root, folder), since);
      throw new ServerUnreadable(
        name,
        `policy.yaml gives no exportedEvents folder for ${name}, so its events are not known.`,
      );
    },
    recyclePool: async (name, pool) => {
      named(name);
      if (!POOL.test(pool)) throw new ServerUnreadable(name, `"${pool}" is not the name of an application pool.`);
      return { done: false, command: `Invoke-Command -ComputerName ${name} { Restart-WebAppPool -Name '${pool}' }` };
    },
  };
}
