/**
 * What a pooled call costs: against a bare `invoke` of node-powershell that does the same work in a shell of its own,
 * against starting PowerShell for each call, with more sessions, and over many calls.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PowerShell } from 'node-powershell';
import { getMailbox } from '../../src/exchange/cmdlets/get-mailbox.ts';
import { engineEnvironment } from '../../src/exchange/powershell/environment.ts';
import { createPowershellTransport } from '../../src/exchange/powershell/transport.ts';
import { watchLoop } from '../exchange/powershell/loop.ts';
import { countingIds, engine, hasEngine, silentLog } from '../powershell/engine.ts';
import { type BenchResult, quantile, rounded } from './result.ts';

const run = promisify(execFile);

const script = `
function global:Get-Mailbox {
  [CmdletBinding()] param($Identity)
  [pscustomobject]@{ ExchangeGuid = [guid]'11111111-1111-4111-8111-111111111111'; Guid = [guid]'22222222-2222-4222-8222-222222222222'; DisplayName = $Identity; Alias = 'a'; UserPrincipalName = 'a@b.example'; PrimarySmtpAddress = 'a@b.example'; EmailAddresses = @('SMTP:a@b.example'); RecipientTypeDetails = 'UserMailbox'; AccountDisabled = $false; ServerName = 'ex01' }
}
`;
const select = getMailbox.select;
const bare = `Get-Mailbox -Identity 'Alice Ng' | Select-Object -Property ${select.join(',')} | ConvertTo-Json -Compress -Depth 4`;

type Bench = { calls?: number; manyCalls?: number };

/** `calls` a series (default 400), `manyCalls` for memory (default 10,000). Empty where there is no engine. */
export async function benchPowershell({ calls = 400, manyCalls = 10_000 }: Bench = {}): Promise<BenchResult[]> {
  if (!hasEngine) return [];
  const folder = mkdtempSync(join(tmpdir(), 'mislaid-bench-'));
  const initScript = join(folder, 'bench.ps1');
  writeFileSync(initScript, script);
  try {
    const { pooledMs, bareMs } = await inTurns(initScript, calls);
    const spawnMs = await spawnSeries(initScript, 8);
    const overhead = quantile(pooledMs, 0.5) - quantile(bareMs, 0.5);
    const results: BenchResult[] = [
      {
        name: 'powershell: pooled call over a bare node-powershell invoke',
        figures: {
          'pooled p50 ms': rounded(quantile(pooledMs, 0.5)),
          'pooled p99 ms': rounded(quantile(pooledMs, 0.99)),
          'bare p50 ms': rounded(quantile(bareMs, 0.5)),
          'overhead p50 ms': rounded(overhead),
        },
        bar: 'overhead p50 under 2 ms',
        pass: overhead < 2,
      },
      {
        name: 'powershell: a PowerShell for each call',
        figures: {
          'p50 ms': rounded(quantile(spawnMs, 0.5)),
          'times slower': rounded(quantile(spawnMs, 0.5) / quantile(pooledMs, 0.5)),
        },
      },
    ];
    const throughput: Record<string, number> = {};
    for (const size of [1, 2, 4]) {
      const name = size === 1 ? 'calls/s, 1 session' : `calls/s, ${size} sessions`;
      throughput[name] = rounded(await perSecond(initScript, size, calls * size));
    }
    results.push({ name: 'powershell: throughput', figures: throughput });
    results.push(await memory(initScript, manyCalls));
    return results;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function open(initScript: string, size: number) {
  const pids: number[] = [];
  const transport = createPowershellTransport({
    engine,
    connection: { kind: 'custom', initScript },
    environment: process.env,
    ids: countingIds(),
    size,
    log: {
      ...silentLog,
      info: (fields) => {
        if ('pid' in fields && 'exchange' in fields && typeof fields.pid === 'number') pids.push(fields.pid);
      },
    },
  });
  const call = () =>
    transport.call(
      { id: getMailbox.id, name: getMailbox.name, effect: 'read', select, simulate: async () => [] },
      { Identity: 'Alice Ng' },
      { deadlineMs: 60_000 },
    );
  return { transport, call, pids };
}

async function perSecond(initScript: string, size: number, calls: number): Promise<number> {
  const { transport, call } = open(initScript, size);
  try {
    // Warm: every session has run the cmdlet some dozen times before anything is counted.
    await Promise.all(Array.from({ length: 60 * size }, call));
    let left = calls;
    const worker = async () => {
      while (left > 0) {
        left -= 1;
        await call();
      }
    };
    const started = performance.now();
    await Promise.all(Array.from({ length: size }, worker));
    return (calls / (performance.now() - started)) * 1000;
  } finally {
    await transport.close();
  }
}

/** A pooled call and a bare invoke in turns, so that whatever else the machine does falls on both alike. */
async function inTurns(initScript: string, calls: number) {
  const { transport, call } = open(initScript, 1);
  const shell = new PowerShell({
    executable: engine,
    executableOptions: { '-NoProfile': true, '-NonInteractive': true },
    spawnOptions: { env: engineEnvironment(process.env) },
  });
  const pooledMs: number[] = [];
  const bareMs: number[] = [];
  try {
    await shell.invoke(`. '${initScript}'`);
    // Both engines compile as they run: they are settled after some hundred calls.
    for (let turn = -500; turn < calls; turn += 1) {
      const at = performance.now();
      await call();
      const between = performance.now();
      await shell.invoke(bare);
      if (turn < 0) continue;
      pooledMs.push(between - at);
      bareMs.push(performance.now() - between);
    }
    return { pooledMs, bareMs };
  } finally {
    await shell.dispose();
    await transport.close();
  }
}

async function spawnSeries(initScript: string, calls: number): Promise<number[]> {
  const ms: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    const at = performance.now();
    await run(engine, ['-NoProfile', '-NonInteractive', '-Command', `. '${initScript}'; ${bare}`], {
      env: engineEnvironment(process.env),
    });
    ms.push(performance.now() - at);
  }
  return ms;
}

/** Flat: the second half needs no more than the first, within what a garbage collector leaves lying. */
async function memory(initScript: string, calls: number): Promise<BenchResult> {
  const { transport, call, pids } = open(initScript, 2);
  const loop = watchLoop();
  const ours: number[] = [];
  const theirs: number[] = [];
  try {
    const step = Math.max(1, Math.floor(calls / 20));
    for (let done = 0; done < calls; done += step) {
      await Promise.all(Array.from({ length: step }, call));
      ours.push(process.memoryUsage().heapUsed / 1e6);
      theirs.push(Math.max(...pids.map(residentMb)));
    }
  } finally {
    await transport.close();
  }
  // The lowest of each half: what is left right after a collection.
  const heldMs = loop.stop();
  const half = Math.floor(ours.length / 2);
  const early = Math.min(...ours.slice(1, half));
  const late = Math.min(...ours.slice(half));
  return {
    name: `powershell: memory over ${calls} calls`,
    figures: {
      'heap MB, first half': rounded(early),
      'heap MB, second half': rounded(late),
      'largest engine MB, first half': rounded(Math.max(...theirs.slice(0, half))),
      'largest engine MB, second half': rounded(Math.max(...theirs.slice(half))),
      'engines used': pids.length,
      'event loop held at most ms': rounded(heldMs),
    },
    bar: 'heap grows by less than 10 MB, event loop held under 50 ms',
    pass: late - early < 10 && heldMs < 50,
  };
}

function residentMb(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) / 1000;
  } catch {
    return 0;
  }
}
