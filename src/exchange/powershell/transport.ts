/** The Transport over PowerShell: what createExchange (../run.ts) is given for a real Exchange, or for the fake one. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Environment } from '../../ground/environment.ts';
import type { CmdletArgument, CmdletArguments } from '../port.ts';
import type { Transport } from '../transport.ts';
import { type OpenOptions, openSession } from './open-session.ts';
import { createPool, type PoolOptions, type PowershellPool } from './pool.ts';
import { callBody } from './request.ts';

export type PowershellTransport = Transport & {
  readonly pool: PowershellPool;
  /** Connects ahead of the first call; failures are logged and tried again. */
  warm(): void;
  /** Settles every call and ends every engine. */
  close(): Promise<void>;
};

export function createPowershellTransport(options: OpenOptions & Omit<PoolOptions, 'open'>): PowershellTransport {
  const pool = createPool({ ...options, open: (signal) => openSession({ ...options, signal }) });
  return { pool, ...transportOver(pool), warm: () => pool.warm(), close: () => pool.close() };
}

export function transportOver(pool: PowershellPool): Transport {
  return {
    call: async (cmdlet, args, { deadlineMs, signal, notAfter, inBackground, pages }) => {
      const body = callBody(cmdlet, args, notAfter);
      return pool.run({
        body,
        label: cmdlet.name,
        effect: cmdlet.effect,
        deadlineMs,
        sent: textsOf(args),
        ...(signal === undefined ? {} : { signal }),
        ...(pages === undefined ? {} : { pages }),
        ...(inBackground === true ? { inBackground } : {}),
      });
    },
    capabilities: () => pool.capabilities(),
  };
}

function textsOf(args: CmdletArguments): string[] {
  return Object.values(args).flatMap((value) => textsIn(value));
}

function textsIn(value: CmdletArgument | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value instanceof Date) return [];
  if ('Add' in value) return value.Add;
  return 'Remove' in value ? value.Remove : value;
}

/**
 * The PowerShell executable: POWERSHELL_PATH, else NODE_POWERSHELL, else `pwsh` (Windows: then `powershell`) on PATH.
 * undefined where there is none.
 */
export async function findEngine(environment: Environment, platform = process.platform): Promise<string | undefined> {
  const named = environment.POWERSHELL_PATH || environment.NODE_POWERSHELL;
  if (named) return named;
  const folders = (environment.PATH ?? environment.Path ?? '').split(delimiter).filter((folder) => folder !== '');
  const names = platform === 'win32' ? ['pwsh.exe', 'powershell.exe'] : ['pwsh'];
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      const there = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (there) return path;
    }
  }
  return undefined;
}
