/** A pool of PowerShell sessions that know our functions; the pool and its sessions are those of Exchange. */

import type { Capabilities, Effect } from '../../exchange/port.ts';
import { errorOf } from '../../exchange/powershell/answer.ts';
import { engineEnvironment } from '../../exchange/powershell/environment.ts';
import type { ConnectedSession } from '../../exchange/powershell/open-session.ts';
import { createPool, type PowershellPool } from '../../exchange/powershell/pool.ts';
import type { CallBody } from '../../exchange/powershell/request.ts';
import { bootLine } from '../../exchange/powershell/script.ts';
import { startSession } from '../../exchange/powershell/session.ts';
import type { SessionLog } from '../../exchange/powershell/warm-sessions.ts';
import type { Ids } from '../../ground/clock.ts';
import { minute, second } from '../../ground/durations.ts';
import type { Environment } from '../../ground/environment.ts';
import { winrmFunctions, winrmScripts } from './script.ts';

export type WinrmOptions = {
  /** PowerShell executable. */
  engine: string;
  environment: Environment;
  ids: Ids;
  log: SessionLog;
  /** Run at the end of the connection: shadows in tests, session options of an administrator. */
  initScript?: string;
};

export type WinrmCall = {
  name: keyof typeof winrmFunctions & string;
  args: Readonly<Record<string, string | number | Date>>;
  select: readonly string[];
  effect: Exclude<Effect, 'destroy'>;
  deadlineMs: number;
};

export type WinrmPool = { call(call: WinrmCall): Promise<readonly unknown[]>; close(): Promise<void> };

export function openWinrmPool(options: WinrmOptions): WinrmPool {
  const pool: PowershellPool = createPool({ open: (signal) => connect(options, signal), size: 1, log: options.log });
  return {
    call: ({ name, args, select, effect, deadlineMs }) =>
      pool.run({
        body: bodyOf(name, args, select),
        label: name,
        effect,
        deadlineMs,
        sent: Object.values(args).filter((value) => typeof value === 'string'),
      }),
    close: () => pool.close(),
  };
}

function bodyOf(name: string, args: WinrmCall['args'], select: readonly string[]): CallBody {
  return {
    op: 'call',
    cmdlet: name,
    select,
    args: Object.entries(args).map(([parameter, value]) => {
      if (typeof value === 'number') return { name: parameter, type: 'integer', value };
      if (value instanceof Date) return { name: parameter, type: 'date', value: value.getTime() };
      return { name: parameter, type: 'text', value: Buffer.from(value, 'utf8').toString('base64') };
    }),
  };
}

/** The pool asks every session what its Exchange offers; these have none. */
const noExchange: Capabilities = {
  version: 'unknown',
  accountOnly: false,
  reportsWipes: false,
  cmdlets: {},
  simulation: false,
};

async function connect(
  { engine, environment, ids, initScript }: WinrmOptions,
  signal: AbortSignal,
): Promise<ConnectedSession> {
  const session = await startSession({
    executable: engine,
    environment: engineEnvironment(environment),
    boot: bootLine({ allowed: winrmFunctions, probed: [], ...winrmScripts }),
    ids,
    deadlineMs: 30 * second,
    signal,
  });
  try {
    const settings: Record<string, string> = initScript === undefined ? {} : { initScript };
    const answer = await session.request({ op: 'connect', settings }, { deadlineMs: minute, signal });
    if (answer.error !== null) throw errorOf(answer.error, 'connecting', 'read');
    return { session, hello: session.hello, capabilities: noExchange, modules: [], now: new Date() };
  } catch (error) {
    await session.kill();
    throw error;
  }
}
