/** The connection scripts, run by the engine against fake Connect-ExchangeOnline and New-PSSession: no live Exchange yet. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { allowedCmdlets, probedCmdlets } from '../../../src/exchange/powershell/allowed.ts';
import { type ExchangeConnection, scriptsOf } from '../../../src/exchange/powershell/connection.ts';
import { engineEnvironment } from '../../../src/exchange/powershell/environment.ts';
import { type ConnectedSession, openSession } from '../../../src/exchange/powershell/open-session.ts';
import { bootLine } from '../../../src/exchange/powershell/script.ts';
import { countingIds, engine, fakeExchange, hasEngine, patient } from '../../powershell/engine.ts';

const folder = mkdtempSync(join(tmpdir(), 'mislaid-connect-'));
afterAll(() => rmSync(folder, { recursive: true }));

const tell = `
function Write-Told($Name, $Bound) {
  $told = @{}
  foreach ($key in $Bound.Keys) {
    $value = $Bound[$key]
    if ($value -is [Security.SecureString]) { $value = 'secure: ' + (New-Object System.Net.NetworkCredential -ArgumentList '', $value).Password }
    elseif ($value -is [Management.Automation.PSCredential]) { $value = $value.UserName + ' / ' + $value.GetNetworkCredential().Password }
    elseif ($value -is [switch]) { $value = [bool]$value }
    $told[$key] = $value
  }
  [IO.File]::WriteAllText((Join-Path '${folder}' ($Name + '.json')), (ConvertTo-Json -InputObject $told -Depth 3))
}
`;

function told(name: string): unknown {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
}

/** A stand-in for the module, found by its name on PSModulePath, with the parameters of the real cmdlet that we bind. */
function fakeOnlineModule(): string {
  const module = join(folder, 'modules', 'ExchangeOnlineManagement');
  mkdirSync(module, { recursive: true });
  const functions = [
    'Connect-ExchangeOnline',
    'Disconnect-ExchangeOnline',
    'Get-ConnectionInformation',
    'Get-EXOMobileDeviceStatistics',
  ];
  writeFileSync(
    join(module, 'ExchangeOnlineManagement.psd1'),
    `@{ ModuleVersion = '3.9.0'; RootModule = 'ExchangeOnlineManagement.psm1'; FunctionsToExport = @('*'); GUID = '44444444-4444-4444-8444-444444444444' }`,
  );
  writeFileSync(
    join(module, 'ExchangeOnlineManagement.psm1'),
    `${tell}
function Connect-ExchangeOnline {
  [CmdletBinding()] param([string]$AppId, [string]$Organization, [bool]$ShowBanner, [switch]$SkipLoadingFormatData, [string[]]$CommandName,
    [string]$CertificateFilePath, [securestring]$CertificatePassword, [string]$CertificateThumbprint)
  if ($AppId -eq 'refused') { throw (New-Object System.UnauthorizedAccessException -ArgumentList 'AADSTS700016') }
  Write-Told 'connect' $PSBoundParameters
  # The real one imports a temporary module with the cmdlets that RBAC leaves.
  New-Module -Name tmpEXO -ScriptBlock {
    function Get-MobileDevice { [CmdletBinding()] param($Identity, $Mailbox) [pscustomobject]@{ Guid = [guid]::Empty; FirstSyncTime = (New-Object DateTime -ArgumentList 2026, 3, 1, 12, 0, 0) } }
    function Clear-MobileDevice { [CmdletBinding(SupportsShouldProcess = $true)] param($Identity, [switch]$AccountOnly, [switch]$Cancel) }
    Export-ModuleMember -Function Get-MobileDevice, Clear-MobileDevice
  } | Import-Module -Global
}
function Disconnect-ExchangeOnline { [CmdletBinding(SupportsShouldProcess = $true)] param() [IO.File]::WriteAllText('${folder}/bye', [string]$ConfirmPreference) }
function Get-ConnectionInformation { [pscustomobject]@{ State = 'Connected'; TokenStatus = 'Active' } }
function Get-EXOMobileDeviceStatistics { [CmdletBinding()] param($Identity, $Mailbox) }
Export-ModuleMember -Function ${functions.join(', ')}`,
  );
  return join(folder, 'modules');
}

async function connect(
  connection: ExchangeConnection,
  environment: Record<string, string | undefined> = {},
): Promise<ConnectedSession> {
  return openSession({
    ...patient,
    engine,
    connection,
    environment: { ...process.env, ...environment },
    ids: countingIds(),
  });
}

describe.runIf(hasEngine)('connections', () => {
  it('online: app-only with a certificate file, its password from a file, only the cmdlets that are needed', async () => {
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, 'p’w $(1)\r\n');
    const { session, capabilities, modules } = await connect(
      {
        kind: 'online',
        appId: '55555555-5555-4555-8555-555555555555',
        organization: 'contoso.onmicrosoft.com',
        certificateFile: '/etc/mislaid/exchange.pfx',
        certificatePasswordFile: passwordFile,
      },
      { PSModulePath: fakeOnlineModule() },
    );
    try {
      expect(told('connect')).toMatchObject({
        AppId: '55555555-5555-4555-8555-555555555555',
        Organization: 'contoso.onmicrosoft.com',
        CertificateFilePath: '/etc/mislaid/exchange.pfx',
        CertificatePassword: 'secure: p’w $(1)',
        ShowBanner: false,
        SkipLoadingFormatData: true,
        CommandName: expect.arrayContaining(['Clear-MobileDevice', 'Get-MobileDeviceStatistics']),
      });
      expect(capabilities).toMatchObject({
        version: 'online',
        accountOnly: true,
        reportsWipes: false,
        simulation: false,
      });
      expect(capabilities.cmdlets['Remove-MobileDevice']).toBeUndefined();
      expect(modules).toContain('ExchangeOnlineManagement 3.9.0');
      expect((await session.request({ op: 'ping' }, { deadlineMs: 60_000 })).rows).toEqual([true]);
      // A date without a zone is UTC there.
      const body = { op: 'call', cmdlet: 'Get-MobileDevice', args: [], select: ['FirstSyncTime'] } as const;
      const answer = await session.request(body, { deadlineMs: 60_000 });
      expect(answer.rows).toEqual([{ FirstSyncTime: '2026-03-01T12:00:00.0000000Z' }]);
      expect((await session.request({ op: 'bye' }, { deadlineMs: 60_000 })).ok).toBe(true);
      expect(readFileSync(join(folder, 'bye'), 'utf8')).not.toBe('');
    } finally {
      await session.kill();
    }
  });

  it('online: a password given as such reaches the engine by its environment alone', async () => {
    const { session } = await connect(
      {
        kind: 'online',
        appId: 'a',
        organization: 'contoso.onmicrosoft.com',
        certificateFile: 'x.pfx',
        certificatePassword: 'open sesame',
      },
      { PSModulePath: fakeOnlineModule() },
    );
    expect(told('connect')).toMatchObject({ CertificatePassword: 'secure: open sesame' });
    const commandLine = readFileSync(`/proc/${session.hello.pid}/cmdline`, 'utf8');
    await session.kill();
    expect(commandLine).not.toContain('sesame');
  });

  it('online: a thumbprint needs no file; a refusal says what was refused', async () => {
    const thumbprint = 'AB'.repeat(20);
    const environment = { PSModulePath: fakeOnlineModule() };
    const common = { kind: 'online', organization: 'contoso.onmicrosoft.com', thumbprint } as const;
    const { session } = await connect({ ...common, appId: 'a' }, environment);
    await session.kill();
    expect(told('connect')).toMatchObject({ CertificateThumbprint: thumbprint });
    await expect(connect({ ...common, appId: 'refused' }, environment)).rejects.toMatchObject({
      type: 'UnauthorizedAccessException',
      message: 'AADSTS700016',
    });
  });

  it('online: a missing module is named', async () => {
    const missing = connect(
      { kind: 'online', appId: 'a', organization: 'b', thumbprint: 'c' },
      { PSModulePath: join(folder, 'nothing') },
    );
    await expect(missing).rejects.toMatchObject({ message: expect.stringContaining('ExchangeOnlineManagement') });
  });

  it.each([
    ['the service account itself', {}],
    ['a named account', { userName: 'CONTOSO\\svc-mislaid', passwordFile: join(folder, 'onprem-password') }],
  ])('onprem: Kerberos to one named server, as %s', async (_, account) => {
    writeFileSync(join(folder, 'onprem-password'), 'secret\n');
    const { connect: script, settings } = scriptsOf({ kind: 'onprem', server: 'ex01.contoso.example', ...account });
    const given = Object.entries(settings).map(
      ([name, value]) =>
        `$Mislaid.Settings['${name}'] = @(${[value]
          .flat()
          .map((one) => `'${one}'`)
          .join(',')})`,
    );
    const initScript = join(folder, 'onprem.ps1');
    writeFileSync(
      initScript,
      `${tell}
function New-PSSession { [CmdletBinding()] param($ConfigurationName, $ConnectionUri, $Authentication, $Credential) Write-Told 'session' $PSBoundParameters; [pscustomobject]@{ State = 'Opened' } }
function Import-PSSession {
  [CmdletBinding()] param($Session, [string[]]$CommandName, [switch]$DisableNameChecking, [switch]$AllowClobber)
  Write-Told 'import' @{ CommandName = $CommandName }
  New-Module -Name tmp_remote -ScriptBlock {
    function Get-MobileDevice { [CmdletBinding()] param($Identity, $Mailbox) }
    function Get-ExchangeServer { [CmdletBinding()] param($Identity) [pscustomobject]@{ AdminDisplayVersion = 'Version 15.1 (Build 2507.6)' } }
  }
}
${given.join('\n')}
${script}`,
    );
    const { session, capabilities } = await connect({ kind: 'custom', initScript });
    await session.kill();
    expect(told('session')).toEqual({
      ConfigurationName: 'Microsoft.Exchange',
      ConnectionUri: 'http://ex01.contoso.example/PowerShell/',
      Authentication: 'Kerberos',
      ...('userName' in account ? { Credential: 'CONTOSO\\svc-mislaid / secret' } : {}),
    });
    expect(told('import')).toMatchObject({ CommandName: expect.arrayContaining(Object.keys(allowedCmdlets)) });
    expect(capabilities).toMatchObject({ version: '2016', accountOnly: false, reportsWipes: true, simulation: false });
    expect(capabilities.cmdlets['Get-MobileDevice']).toEqual(expect.arrayContaining(['Identity', 'Mailbox']));
  });

  it('custom: tells what this organisation and this account can do', async () => {
    const old = fakeExchange({ version: '2013', without: ['Remove-MobileDevice'] });
    const { session, capabilities } = await connect(old.connection, old.environment);
    await session.kill();
    old.remove();
    expect(capabilities).toMatchObject({ version: '2013', accountOnly: false, reportsWipes: true, simulation: true });
    expect(capabilities.cmdlets['Remove-MobileDevice']).toBeUndefined();
    expect(capabilities.cmdlets['Clear-MobileDevice']).not.toContain('AccountOnly');
  });

  it('custom: a script that fails is told, and leaves no engine behind', async () => {
    const initScript = join(folder, 'broken.ps1');
    writeFileSync(initScript, `throw 'the jump host is closed'`);
    await expect(connect({ kind: 'custom', initScript })).rejects.toMatchObject({ message: 'the jump host is closed' });
  });
});

describe('scripts', () => {
  const connections: ExchangeConnection[] = [
    { kind: 'online', appId: 'secret-id', organization: 'b', thumbprint: 'c' },
    { kind: 'onprem', server: 'secret-server' },
    { kind: 'custom', initScript: 'secret-script' },
  ];

  it.each(connections)('$kind: constant, and without what Windows PowerShell 5.1 cannot parse', (connection) => {
    const line = bootLine({ allowed: allowedCmdlets, probed: probedCmdlets, ...scriptsOf(connection) });
    expect(line).not.toMatch(/[\r\n]/);
    const script = Buffer.from(/FromBase64String\('([^']+)'/.exec(line)?.[1] ?? '', 'base64').toString('utf8');
    expect(script).toContain('$Mislaid.Run');
    expect(script).not.toContain('secret');
    // Ternary, null-coalescing, null-conditional, pipeline chains, and parameters of PowerShell 6 and later.
    expect(script).not.toMatch(
      /\?\?|\?\.|&&|\|\||\s\?\s|-AsHashtable|-NoEnumerate|-AsArray|-SkipHttpErrorCheck|\[u?(short|ulong)\]/,
    );
    // Every byte is ASCII: 5.1 reads a script without a mark in the system's code page.
    expect(script).toMatch(/^[\n\x20-\x7e]*$/);
  });

  it('gives the engine no secret of the bot', () => {
    const environment = engineEnvironment(
      {
        PATH: '/bin',
        SLACK_BOT_TOKEN: 'xoxb',
        DATABASE_URL: 'postgresql://',
        INIT_SCRIPT_HOST: 'jump',
        NODE_OPTIONS: 'x',
      },
      { EXTRA: '1' },
    );
    expect(environment).toEqual({
      PATH: '/bin',
      INIT_SCRIPT_HOST: 'jump',
      EXTRA: '1',
      NO_COLOR: '1',
      POWERSHELL_TELEMETRY_OPTOUT: '1',
      POWERSHELL_UPDATECHECK: 'Off',
      POWERSHELL_DIAGNOSTICS_OPTOUT: '1',
      DOTNET_EnableDiagnostics: '0',
    });
  });
});
