/** The PowerShell engine for tests, which test/setup/powershell.ts found; where there is none its suites are left out. */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { ExchangeConnection } from '../../src/exchange/powershell/connection.ts';
import { findEngine } from '../../src/exchange/powershell/transport.ts';
import type { Ids } from '../../src/ground/clock.ts';

const found = await findEngine(process.env);

/** false: nothing here can run. */
export const hasEngine = found !== undefined;
/** The executable; a name that cannot be started where there is none. */
export const engine = found ?? 'no-powershell-here';

export function countingIds(): Ids {
  let next = 0;
  return {
    token: () => `t${process.pid}x${++next}x${Math.round(performance.now() * 1000)}`,
    uuid: () => `00000000-0000-4000-8000-${String(++next).padStart(12, '0')}`,
  };
}

/** Longer than the product waits: beside others on a busy machine an engine starts in many times its usual 0.3 s. */
export const patient = { startMs: 120_000 } as const;

export const silentLog = { info: () => undefined, warn: () => undefined };

const LedgerLine = z.object({
  at: z.number(),
  cmdlet: z.string(),
  session: z.number(),
  arguments: z.record(z.string(), z.string()),
});

export type Fault = {
  /** PowerShell name, or `*`. */
  cmdlet: string;
  when: 'before' | 'inside' | 'after';
  what: string;
  times: number;
};

/** A fake Exchange of its own, in a folder that `remove` deletes. */
export function fakeExchange(
  options: { version?: string; without?: string[]; requestor?: string; zone?: string } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'mislaid-fake-'));
  const connection: ExchangeConnection = {
    kind: 'custom',
    initScript: fileURLToPath(new URL('./fake-exchange.ps1', import.meta.url)),
  };
  const environment: Record<string, string | undefined> = {
    ...process.env,
    INIT_SCRIPT_FAKE_FOLDER: folder,
    ...(options.version === undefined ? {} : { INIT_SCRIPT_FAKE_VERSION: options.version }),
    ...(options.without === undefined ? {} : { INIT_SCRIPT_FAKE_WITHOUT: options.without.join(',') }),
    ...(options.requestor === undefined ? {} : { INIT_SCRIPT_FAKE_REQUESTOR: options.requestor }),
    ...(options.zone === undefined ? {} : { TZ: options.zone }),
  };
  return {
    folder,
    connection,
    environment,
    /** Struck in order; each as often as it says, over all sessions. */
    faults: (...faults: Fault[]) => writeFileSync(join(folder, 'faults.json'), JSON.stringify(faults)),
    /** The fake's clock stands there from now on: phones make contact when it is set on, not while a call takes its time. */
    clock: (at: Date) => {
      writeFileSync(join(folder, 'clock.new'), `=${at.getTime()}`);
      renameSync(join(folder, 'clock.new'), join(folder, 'clock.txt'));
    },
    /** What changed something, in order. */
    ledger: () => {
      try {
        const lines = readFileSync(join(folder, 'ledger.jsonl'), 'utf8').trim().split('\n');
        return lines.map((line) => LedgerLine.parse(JSON.parse(line)));
      } catch {
        return [];
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
