/** What an administrator's init script sets, and what its cmdlets print, never changes what a call does or what is believed of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { clearMobileDevice } from '../../../src/exchange/cmdlets/clear-mobile-device.ts';
import { getCasMailbox } from '../../../src/exchange/cmdlets/get-cas-mailbox.ts';
import { getMobileDeviceStatistics } from '../../../src/exchange/cmdlets/get-mobile-device-statistics.ts';
import { setCasMailbox } from '../../../src/exchange/cmdlets/set-cas-mailbox.ts';
import { guidFrom } from '../../../src/exchange/lab/guids.ts';
import { labMailboxGuid } from '../../../src/exchange/lab/seed.ts';
import type { Exchange } from '../../../src/exchange/port.ts';
import { exchangeDoctor } from '../../../src/exchange/powershell/doctor.ts';
import { createPowershellTransport } from '../../../src/exchange/powershell/transport.ts';
import { createExchange } from '../../../src/exchange/run.ts';
import { countingIds, engine, fakeExchange, hasEngine, patient, silentLog } from '../../powershell/engine.ts';
import { sampled } from '../../setup/runs.ts';

const alice = labMailboxGuid('alice.ng');
const phone = guidFrom('contoso phone 2 partnership');
const fakeScript = fileURLToPath(new URL('../../powershell/fake-exchange.ps1', import.meta.url));

type Fake = ReturnType<typeof fakeExchange>;

/** An init script of these lines around the fake's own. */
function scripted(before: string, after = ''): { fake: Fake; connection: { kind: 'custom'; initScript: string } } {
  const fake = fakeExchange();
  const initScript = join(fake.folder, 'init.ps1');
  writeFileSync(initScript, `${before}\n. '${fakeScript}'\n${after}\n`);
  return { fake, connection: { kind: 'custom', initScript } };
}

async function withExchange(
  script: readonly [before: string, after: string | undefined],
  run: (exchange: Exchange, fake: Fake) => Promise<void>,
): Promise<void> {
  const { fake, connection } = scripted(...script);
  const transport = createPowershellTransport({
    ...patient,
    engine,
    connection,
    environment: fake.environment,
    ids: countingIds(),
    size: 1,
    log: silentLog,
  });
  try {
    await run(createExchange({ organisation: 'real', transport }), fake);
  } finally {
    await transport.close();
    fake.remove();
  }
}

const wipes = (fake: Fake) => fake.ledger().filter(({ cmdlet }) => cmdlet === 'Clear-MobileDevice');

/** Wraps a cmdlet of the fake in one that does something else beside it. */
function around(cmdlet: string, parameters: string, body: string, rest = ''): string {
  return `function global:${cmdlet} {
  [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')] param(${parameters})
  ${body}
  FakeExchange\\${cmdlet} @PSBoundParameters
  ${rest}
}`;
}
const clear = (body: string, rest?: string) =>
  around(
    'Clear-MobileDevice',
    '$Identity, [switch]$AccountOnly, [switch]$Cancel, $NotificationEmailAddresses',
    body,
    rest,
  );
const statistics = (body: string, rest?: string) =>
  around(
    'Get-MobileDeviceStatistics',
    '$Identity, $Mailbox',
    `[void]$PSBoundParameters.Remove('WhatIf'); ${body}`,
    rest,
  );
const both = (body: string, rest?: string) => `${clear(body, rest)}\n${statistics(body, rest)}`;

describe.skipIf(!hasEngine)('a session whose init script', () => {
  it.each(
    sampled<[string, string, string?]>(4, [
      ['sets the strict mode', 'Set-StrictMode -Version Latest'],
      ['sets the strict mode at its end', '', 'Set-StrictMode -Version Latest'],
      ['makes everything a rehearsal by default', "$PSDefaultParameterValues['*:WhatIf'] = $true"],
      ['makes its own cmdlets a rehearsal by default', '', "$PSDefaultParameterValues['Clear-*:WhatIf'] = $true"],
      [
        'makes a cmdlet of a module a rehearsal by default',
        '',
        "$PSDefaultParameterValues['FakeExchange\\Clear-MobileDevice:wi'] = $true",
      ],
      ['prefers rehearsals', '$WhatIfPreference = $true'],
      ['prefers rehearsals everywhere', '$global:WhatIfPreference = $true', '$global:WhatIfPreference = $true'],
      ['asks before everything', "$PSDefaultParameterValues['*:Confirm'] = $true; $ConfirmPreference = 'Low'"],
      [
        'hides errors',
        "$PSDefaultParameterValues['*:ErrorAction'] = 'SilentlyContinue'; $ErrorActionPreference = 'SilentlyContinue'",
      ],
      [
        'stops at errors',
        "$PSDefaultParameterValues['*:ErrorAction'] = 'Stop'; $ErrorActionPreference = 'Stop'; $WarningPreference = 'Stop'",
      ],
      [
        'is loud',
        "$PSDefaultParameterValues['*:Verbose'] = $true; $PSDefaultParameterValues['*:Debug'] = $true; $VerbosePreference = 'Continue'; $DebugPreference = 'Continue'; $InformationPreference = 'Continue'",
      ],
      [
        'keeps what cmdlets print',
        "$PSDefaultParameterValues['*:OutVariable'] = 'kept'; $PSDefaultParameterValues['Out-Default:OutVariable'] = 'lastOutput'",
      ],
      ['takes wipes back by default', '', "$PSDefaultParameterValues['Clear-MobileDevice:Cancel'] = $true"],
      ['wipes only accounts by default', '', "$PSDefaultParameterValues['Clear-Mobile*:AccountOnly'] = $true"],
      [
        'changes how JSON is written',
        "$PSDefaultParameterValues['ConvertTo-Json:Depth'] = 1; $PSDefaultParameterValues['ConvertTo-Json:AsArray'] = $true; $PSDefaultParameterValues['ConvertFrom-Json:AsHashtable'] = $true",
      ],
      [
        'prints UTF-16',
        '$OutputEncoding = [Text.Encoding]::Unicode; [Console]::OutputEncoding = [Text.Encoding]::Unicode',
      ],
      [
        'prints elsewhere',
        '',
        '[Console]::SetOut((New-Object IO.StringWriter)); [Console]::SetError((New-Object IO.StringWriter))',
      ],
      [
        'speaks Turkish',
        "[Threading.Thread]::CurrentThread.CurrentCulture = 'tr-TR'; [Threading.Thread]::CurrentThread.CurrentUICulture = 'tr-TR'; [cultureinfo]::DefaultThreadCurrentCulture = 'tr-TR'",
      ],
      [
        'counts years otherwise',
        "[Threading.Thread]::CurrentThread.CurrentCulture = 'ar-SA'; [cultureinfo]::DefaultThreadCurrentCulture = 'ar-SA'",
      ],
      ['lets programs write errors', '', both("/bin/sh -c 'echo banner >&2; echo notice'")],
      ['lets programs fail in between', '', both("/bin/sh -c 'exit 3'; /bin/sh -c 'echo 1 >&2'")],
      [
        'takes the end of programs for an error',
        '$PSNativeCommandUseErrorActionPreference = $true',
        both("/bin/sh -c 'exit 3'; /bin/sh -c 'exit 0'"),
      ],
      [
        'prints to people',
        '',
        both(
          "Write-Host 'a'; Write-Information 'b'; Write-Progress -Activity 'c' -Status 'd'; Write-Output 'e'; [Console]::Error.WriteLine('f'); [Console]::Out.WriteLine('g')",
        ),
      ],
      ['prints after its work', '', both('', "/bin/sh -c 'echo done >&2'; Write-Host 'h'; 'i'")],
    ]),
  )('%s asks for a wipe once, and the reading shows it', async (_, before, after) => {
    await withExchange([before, after], async (exchange, fake) => {
      await exchange.run(clearMobileDevice, { Identity: phone });

      expect(wipes(fake)).toHaveLength(1);
      expect(Object.keys(wipes(fake)[0]?.arguments ?? {})).not.toEqual(
        expect.arrayContaining(['Cancel', 'AccountOnly']),
      );
      const [device] = await exchange.run(getMobileDeviceStatistics, { Identity: phone });
      expect(device?.wipeRequestTime).toBeInstanceOf(Date);
      expect(device?.accountWipeRequestTime).toBeNull();
      await exchange.run(setCasMailbox, { Identity: alice, ActiveSyncBlockedDeviceIDs: { Add: ['LOST0002'] } });
      const [mailbox] = await exchange.run(getCasMailbox, { Identity: alice });
      expect(mailbox?.blockedDeviceIds).toContain('LOST0002');
    });
  });

  it('runs a program that fails has failed: a wipe is in doubt, and no phones are not believed', async () => {
    const script = both('', "/bin/sh -c 'echo away >&2; exit 255'");
    await withExchange(['', script], async (exchange, fake) => {
      await expect(exchange.run(clearMobileDevice, { Identity: phone })).rejects.toMatchObject({ reached: 'perhaps' });
      expect(wipes(fake)).toHaveLength(1);
      await expect(exchange.run(getMobileDeviceStatistics, { Mailbox: alice })).rejects.toMatchObject({
        code: 'exchange-refused',
        reached: 'no',
        message: expect.stringContaining('255'),
      });
    });
  });

  it('keeps its own default parameter values for its own commands', async () => {
    const script = `$PSDefaultParameterValues['Get-Where:Place'] = 'ex02'
function global:Get-Where { [CmdletBinding()] param($Place) $Place }
${statistics("[IO.File]::WriteAllText((Join-Path $env:INIT_SCRIPT_FAKE_FOLDER 'where.txt'), (Get-Where))")}`;
    await withExchange(['', script], async (exchange, fake) => {
      await exchange.run(getMobileDeviceStatistics, { Identity: phone });
      expect(readFileSync(join(fake.folder, 'where.txt'), 'utf8')).toBe('ex02');
    });
  });
});

describe.skipIf(!hasEngine)('doctor', () => {
  async function rowsOf(before: string, after = ''): Promise<Awaited<ReturnType<typeof exchangeDoctor>>> {
    const { fake, connection } = scripted(before, after);
    const rows = await exchangeDoctor({
      ...patient,
      ids: countingIds(),
      now: () => new Date(),
      engine,
      connection,
      environment: fake.environment,
      answerMs: 30_000,
    });
    fake.remove();
    return rows.filter((row) => !row.ok);
  }

  it('refuses an init script after which every call would be a rehearsal', async () => {
    expect(
      await rowsOf('', 'Set-Variable -Name WhatIfPreference -Value $true -Scope Global -Option Constant -Force'),
    ).toMatchObject([{ check: 'connection to Exchange', found: expect.stringContaining('WhatIfPreference') }]);
  });

  it('names cmdlets whose errors nobody could see', async () => {
    const simple = 'function global:Get-User($Identity, $ResultSize) { FakeExchange\\Get-User @PSBoundParameters }';
    expect(await rowsOf('', simple)).toMatchObject([
      { check: 'Get-User', remedy: expect.stringContaining('[CmdletBinding()]') },
    ]);
  });

  it('names what cannot be read of its answers, and of nobody in particular', async () => {
    const oddly = `function global:Get-MobileDeviceStatistics {
  [CmdletBinding()] param($Identity, $Mailbox)
  FakeExchange\\Get-MobileDeviceStatistics @PSBoundParameters | ForEach-Object { $_.LastSuccessSync = 'gestern'; $_ }
}`;
    expect(await rowsOf('', oddly)).toMatchObject([
      { check: 'odd rows: Get-MobileDeviceStatistics LastSuccessSync', found: expect.stringMatching(/^10 of/) },
    ]);
  });

  it('names a cmdlet that takes the input of the session, or fails', async () => {
    const reads = around('Get-ActiveSyncOrganizationSettings', '$Identity', '/bin/cat');
    expect(await rowsOf('', reads)).toMatchObject([
      { check: 'answer of Get-ActiveSyncOrganizationSettings', remedy: expect.stringContaining('standard input') },
    ]);
  });
});
