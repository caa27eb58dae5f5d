/**
 * The Servers port over folders: local ones, UNC paths on Windows, mounted shares on Linux. Application pools are beyond a
 * folder's reach, so recycling is a command that an administrator types.
 */
import { join } from 'node:path';
import type { ConfigKind } from '../../ground/identifiers.ts';
import { configPaths, type PolicyServer, PolicyServers } from '../policy-servers.ts';
import { type Servers, ServerUnreadable } from '../port.ts';
import { readConfigFile, writeConfigFile } from './config.ts';
import { exportedEvents } from './events.ts';
import { listLogFiles, openLogFile } from './logs.ts';

const poolName = /^[\w .-]{1,64}$/;

/** `root` is put before relative folders of the policy; `timeZone` is where the machines stand that export events. Errors: ServerUnreadable, with the reason a person can act on. */
export function createFileServers(servers: readonly PolicyServer[], root = '', timeZone = 'UTC'): Servers {
  const known = new PolicyServers(servers);
  const configPath = (name: string, kind: ConfigKind) => join(root, known.exchangePath(name), configPaths[kind]);

  return {
    list: () => known.names,
    listLogs: async (name, kind, since) => {
      const folder = known.logFolder(name, kind);
      if (folder === undefined) return [];
      const files = await listLogFiles({ server: name, kind, folder: join(root, folder), since });
      return files.map((file) => ({ ...file, ...known.logMarks(name, kind) }));
    },
    openLog: async (file, from) => openLogFile(file, from),
    readConfig: async (name, kind) => readConfigFile(name, configPath(name, kind)),
    writeConfig: async (name, kind, bytes, expected) => writeConfigFile(name, configPath(name, kind), bytes, expected),
    events1040: async (name, since) => {
      const { exportedEvents: folder, exportedDates: order } = known.named(name);
      if (folder !== undefined)
        return exportedEvents({ server: name, folder: join(root, folder), order, timeZone }, since);
      throw new ServerUnreadable(
        name,
        `policy.yaml gives no exportedEvents folder for ${name}, so its events are not known.`,
      );
    },
    recyclePool: async (name, pool) => {
      known.named(name);
      if (!poolName.test(pool)) throw new ServerUnreadable(name, `"${pool}" is not the name of an application pool.`);
      return { done: false, command: `Invoke-Command -ComputerName ${name} { Restart-WebAppPool -Name '${pool}' }` };
    },
  };
}
