/** What policy.yaml says of its servers, for every implementation that reads it. */
import type { ConfigKind, LogKind } from '../ground/identifiers.ts';
import type { Policy } from '../policy.ts';
import { ServerUnreadable } from './port.ts';

export type PolicyServer = Policy['servers'][number];

/** Below `%ExchangeInstallPath%`; forward slashes do on Windows too. */
export const configPaths: Readonly<Record<ConfigKind, string>> = {
  sync: 'ClientAccess/Sync/web.config',
  ewsFrontEnd: 'FrontEnd/HttpProxy/EWS/web.config',
  easFrontEnd: 'FrontEnd/HttpProxy/Sync/web.config',
};

/** `u_ex260302.log`, `HttpProxy_2026030209-1.LOG`, `access.log`, `access.log.1`, each also packed. */
export const logNames: Readonly<Record<LogKind, RegExp>> = {
  frontEnd: /\.log(?:\.\d+)?(?:\.gz)?$/i,
  backEnd: /\.log(?:\.\d+)?(?:\.gz)?$/i,
  httpProxy: /\.log(?:\.gz)?$/i,
  edge: /(?:\.log|access|_log)(?:[.-][\w.-]*)?$/i,
};

export function isPacked(name: string): boolean {
  return /\.gz$/i.test(name);
}

export class PolicyServers {
  readonly names: readonly string[];
  readonly #byName: ReadonlyMap<string, PolicyServer>;

  constructor(servers: readonly PolicyServer[]) {
    this.names = servers.map(({ name }) => name);
    this.#byName = new Map(servers.map((server) => [server.name, server]));
  }

  /** Throws ServerUnreadable where policy.yaml does not list it. */
  named(name: string): PolicyServer {
    const server = this.#byName.get(name);
    if (server === undefined) throw new ServerUnreadable(name, `policy.yaml lists no server ${name}.`);
    return server;
  }

  /** The folder of these logs; undefined where policy.yaml names none. */
  logFolder(name: string, kind: LogKind): string | undefined {
    const { frontEndLogs, backEndLogs, httpProxyLogs, edgeLogs } = this.named(name);
    return { frontEnd: frontEndLogs, backEnd: backEndLogs, httpProxy: httpProxyLogs, edge: edgeLogs }[kind];
  }

  /** For a LogFile: how far what stands in it can be Exchange's own. */
  logMarks(name: string, kind: LogKind): { oneLog?: true } {
    return kind === 'backEnd' && this.named(name).exchange === 2010 ? { oneLog: true } : {};
  }

  /** Where Exchange is installed. */
  exchangePath(name: string): string {
    const { exchangePath } = this.named(name);
    if (exchangePath !== undefined) return exchangePath;
    throw new ServerUnreadable(
      name,
      `policy.yaml gives no exchangePath for ${name}, so its web.config files are not known.`,
    );
  }
}
