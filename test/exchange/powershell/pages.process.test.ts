/** Large answers: a big organisation's mailboxes come in pages, one frame may be nearly 3 MB, and the loop stays free. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPowershellTransport, type PowershellTransport } from '../../../src/exchange/powershell/transport.ts';
import { countingIds, engine, hasEngine, patient, silentLog } from '../../powershell/engine.ts';
import { watchLoop } from './loop.ts';

const script = `
function global:Get-Mailbox {
  [CmdletBinding()] param($Identity, $ResultSize)
  for ($i = 0; $i -lt [int]$ResultSize; $i++) { [pscustomobject]@{ Alias = [string]$i; DisplayName = 'x' * [int]$Identity } }
}
`;

describe.runIf(hasEngine)('large answers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mislaid-pages-'));
  let transport: PowershellTransport;

  beforeAll(() => {
    const initScript = join(folder, 'pages.ps1');
    writeFileSync(initScript, script);
    const connection = { kind: 'custom', initScript } as const;
    transport = createPowershellTransport({
      ...patient,
      engine,
      connection,
      environment: process.env,
      ids: countingIds(),
      size: 1,
      // What large answers leave in the engine's memory must not have it replaced between two calls.
      recycle: { calls: 500, ageMs: 3_600_000, bytes: Number.MAX_SAFE_INTEGER },
      log: silentLog,
    });
  });
  afterAll(async () => {
    await transport?.close();
    rmSync(folder, { recursive: true });
  });

  const ask = (rows: number, width: number) =>
    transport.call(
      { id: 'pages', name: 'Get-Mailbox', effect: 'read', select: ['Alias', 'DisplayName'], simulate: async () => [] },
      { Identity: String(width), ResultSize: rows },
      { deadlineMs: 100_000 },
    );

  /** Milliseconds. Far above what pages take on a busy machine; the benchmark measures the true figure. */
  const heldTooLong = 200;

  it('brings 5,000 rows, 5 MB in all, in order and once', async () => {
    await ask(1, 1);
    const loop = watchLoop();
    const rows = await ask(5_000, 1_000);
    expect(loop.stop()).toBeLessThan(heldTooLong);
    expect(rows).toHaveLength(5_000);
    expect(rows.map((row) => JSON.stringify(row).slice(0, 20)).at(4_321)).toBe('{"Alias":"4321","Dis');
    expect(await ask(3, 1)).toHaveLength(3);
  });

  it('brings one row of nearly 3 MB without holding up the event loop', async () => {
    const loop = watchLoop();
    const [row] = await ask(1, 2_800_000);
    expect(loop.stop()).toBeLessThan(heldTooLong);
    expect(JSON.stringify(row).length).toBeGreaterThan(2_800_000);
  });

  it('says so when one page is too large, and goes on with the same session', async () => {
    const before = (await transport.pool.connected()).hello.pid;
    await expect(ask(1, 3_000_000)).rejects.toMatchObject({ code: 'exchange-bad-answer', reached: 'no' });
    expect(await ask(2, 1)).toHaveLength(2);
    expect((await transport.pool.connected()).hello.pid).toBe(before);
  });
});
