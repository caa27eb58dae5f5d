/** How one connected session comes up: shell, handshake, connection, and what this Exchange offers. */
import { z } from 'zod';
import type { Ids } from '../../ground/clock.ts';
import type { Environment } from '../../ground/environment.ts';
import type { Capabilities } from '../port.ts';
import { allowedCmdlets, probedCmdlets } from './allowed.ts';
import { errorOf } from './answer.ts';
import { type ExchangeConnection, scriptsOf } from './connection.ts';
import { engineEnvironment } from './environment.ts';
import { bootLine } from './script.ts';
import { type Hello, type PowershellSession, startSession } from './session.ts';

export type OpenOptions = {
  /** PowerShell executable: a name on PATH, or a path. */
  readonly engine: string;
  readonly connection: ExchangeConnection;
  /** The bot's environment; the engine gets a part of it (environment.ts). */
  readonly environment: Environment;
  readonly ids: Ids;
  /** Milliseconds for the handshake (default 30 s), and for the connection (default 120 s). */
  readonly startMs?: number;
  readonly connectMs?: number;
  /** Gives the attempt up. */
  readonly signal?: AbortSignal;
  /** Told before the connection is tried. */
  readonly onHello?: (hello: Hello) => void;
};

/** What the engine told about itself and about this Exchange, when the session was connected. */
export type ConnectedSession = {
  readonly session: PowershellSession;
  readonly hello: Hello;
  readonly capabilities: Capabilities;
  /** `ExchangeOnlineManagement 3.9.0` */
  readonly modules: readonly string[];
  /** The engine's clock as it answered. */
  readonly now: Date;
};

const Description = z.object({
  cmdlets: z.record(z.string(), z.array(z.string())),
  builds: z.array(z.string()),
  modules: z.array(z.string()),
  now: z.iso.datetime(),
});

/** Throws SessionError, ExchangeError or CmdletFailure; nothing is left running then. */
export async function openSession(options: OpenOptions): Promise<ConnectedSession> {
  const scripts = scriptsOf(options.connection);
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const session = await startSession({
    executable: options.engine,
    environment: engineEnvironment(options.environment, scripts.environment),
    boot: bootLine({ allowed: allowedCmdlets, probed: probedCmdlets, ...scripts }),
    ids: options.ids,
    deadlineMs: options.startMs ?? 30_000,
    ...signal,
  });
  options.onHello?.(session.hello);
  try {
    const connect = { op: 'connect', settings: scripts.settings } as const;
    const answer = await session.request(connect, { deadlineMs: options.connectMs ?? 120_000, ...signal });
    if (answer.error !== null) throw errorOf(answer.error, 'connecting', 'read');
    const { cmdlets, builds, modules, now } = Description.parse(answer.rows[0]);
    const capabilities = capabilitiesOf(options.connection, cmdlets, builds);
    return { session, hello: session.hello, capabilities, modules, now: new Date(now) };
  } catch (error) {
    await session.kill();
    throw error;
  }
}

function capabilitiesOf(
  connection: ExchangeConnection,
  cmdlets: Readonly<Record<string, readonly string[]>>,
  builds: readonly string[],
): Capabilities {
  const online = connection.kind === 'online' || Object.hasOwn(cmdlets, 'Get-EXOMobileDeviceStatistics');
  const version = online ? 'online' : versionOf(builds);
  return {
    version,
    accountOnly: cmdlets['Clear-MobileDevice']?.includes('AccountOnly') ?? false,
    reportsWipes: version !== 'online',
    cmdlets,
    simulation: Object.hasOwn(cmdlets, 'Get-MislaidSimulation'),
  };
}

/**
 * `Version 15.2 (Build 2562.17)` as Get-ExchangeServer prints it; the oldest server decides, because any may answer.
 * SE is 15.2 like 2019, from build 2562 on (RTM of July 2025).
 */
function versionOf(builds: readonly string[]): Capabilities['version'] {
  const found = builds.flatMap((text) => {
    const match = /(\d+)\.(\d+)\D+(\d+)/.exec(text);
    return match === null ? [] : [{ major: Number(match[1]), minor: Number(match[2]), build: Number(match[3]) }];
  });
  const oldest = found.toSorted((a, b) => a.minor - b.minor || a.build - b.build)[0];
  if (oldest === undefined || oldest.major !== 15) return 'unknown';
  if (oldest.minor === 0) return '2013';
  if (oldest.minor === 1) return '2016';
  return oldest.build >= 2562 ? 'SE' : '2019';
}
