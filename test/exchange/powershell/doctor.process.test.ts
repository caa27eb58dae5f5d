import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allowedCmdlets } from '../../../src/exchange/powershell/allowed.ts';
import { exchangeDoctor } from '../../../src/exchange/powershell/doctor.ts';
import { neededCmdlets } from '../../../src/exchange/powershell/needed.ts';
import { countingIds, engine, fakeExchange, hasEngine, patient } from '../../powershell/engine.ts';

const common = { ...patient, ids: countingIds(), now: () => new Date() };

describe.runIf(hasEngine)('doctor of Exchange', () => {
  it('finds nothing wrong with an Exchange that offers everything', async () => {
    const fake = fakeExchange();
    const rows = await exchangeDoctor({
      ...common,
      engine,
      connection: fake.connection,
      environment: fake.environment,
    });
    fake.remove();
    expect(rows.filter((row) => !row.ok)).toEqual([]);
    const checks = rows.map((row) => row.check);
    expect(checks).toEqual(
      expect.arrayContaining(['PowerShell', 'connection to Exchange', 'Clear-MobileDevice', 'clock of PowerShell']),
    );
  });

  it('names the cmdlet that is missing, its role, and what cannot be done', async () => {
    const fake = fakeExchange({ version: '2013', without: ['Remove-MobileDevice', 'New-ActiveSyncDeviceAccessRule'] });
    const rows = await exchangeDoctor({
      ...common,
      engine,
      connection: fake.connection,
      environment: fake.environment,
    });
    fake.remove();
    expect(rows.filter((row) => !row.ok)).toMatchObject([
      { check: 'Remove-MobileDevice', remedy: expect.stringContaining('Mail Recipients') },
      { check: 'New-ActiveSyncDeviceAccessRule', remedy: expect.stringContaining('Organization Client Access') },
    ]);
    expect(rows.find((row) => row.check.includes('AccountOnly'))).toMatchObject({
      ok: true,
      found: expect.stringContaining('full wipes only'),
    });
  });

  it('tells a clock that is wrong', async () => {
    const fake = fakeExchange();
    const started = performance.now();
    const rows = await exchangeDoctor({
      ...common,
      engine,
      connection: fake.connection,
      environment: fake.environment,
      now: () => new Date(Date.now() + 300_000),
    });
    const tookSeconds = (performance.now() - started) / 1000;
    fake.remove();
    const [row, ...others] = rows.filter((one) => !one.ok);
    expect(row?.check).toBe('clock of PowerShell');
    // What passes between the engine's look at its clock and ours counts as well.
    const seconds = Number(/^(\d+) s behind$/.exec(row?.found ?? '')?.[1]);
    expect(seconds).toBeGreaterThanOrEqual(300);
    expect(seconds).toBeLessThanOrEqual(301 + tookSeconds);
    expect(others).toEqual([]);
  });

  it('tells why there is no connection', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mislaid-doctor-'));
    const certificateFile = join(folder, 'exchange.pfx');
    writeFileSync(certificateFile, '');
    chmodSync(certificateFile, 0o644);
    const rows = await exchangeDoctor({
      ...common,
      engine,
      connection: { kind: 'online', appId: 'a', organization: 'b', certificateFile },
      environment: { ...process.env, PSModulePath: folder },
    });
    rmSync(folder, { recursive: true });
    expect(rows.filter((row) => !row.ok)).toMatchObject([
      { check: 'certificate file', remedy: expect.stringContaining('chmod 600') },
      { check: 'connection to Exchange', remedy: expect.stringContaining('Install-Module') },
    ]);
  });

  it('knows that remote PowerShell to Exchange needs Windows', async () => {
    const fake = fakeExchange();
    const rows = await exchangeDoctor({
      ...common,
      engine,
      connection: { kind: 'onprem', server: 'ex01.contoso.example' },
      environment: fake.environment,
      platform: 'linux',
      dateOf: async () => new Date(),
    });
    fake.remove();
    expect(rows.find((row) => row.check === 'PowerShell')).toMatchObject({
      ok: false,
      remedy: expect.stringContaining('jump host'),
    });
  });
});

it('says how to come by a PowerShell', async () => {
  const connection = { kind: 'custom', initScript: '/nowhere.ps1' } as const;
  for (const missing of [undefined, '/nowhere/pwsh']) {
    const rows = await exchangeDoctor({ ...common, engine: missing, connection, environment: {} });
    expect(rows).toMatchObject([
      { check: 'PowerShell', ok: false, remedy: expect.stringContaining('POWERSHELL_PATH') },
    ]);
  }
});

it('checks every cmdlet that the bot describes', async () => {
  const folder = new URL('../../../src/exchange/cmdlets/', import.meta.url);
  const needed = new Set(neededCmdlets.map(({ cmdlet }) => cmdlet));
  const described = new Set<unknown>();
  for (const file of readdirSync(folder)) {
    const exported: Record<string, unknown> = await import(new URL(file, folder).href);
    for (const value of Object.values(exported)) {
      if (typeof value === 'object' && value !== null && 'simulate' in value && 'name' in value)
        described.add(value.name);
    }
  }
  expect([...described].filter((name) => typeof name !== 'string' || !needed.has(name))).toEqual([]);
  for (const { cmdlet, parameters } of neededCmdlets)
    expect(allowedCmdlets[cmdlet]).toEqual(expect.arrayContaining([...parameters]));
});
