/**
 * The ways to a real Exchange, and the constant scripts that take them. None of them has been tried on a live Exchange
 * yet: the engine parses and runs them against fakes (docs/exchange-online.md, docs/exchange-onprem.md say so).
 *
 * online   Connect-ExchangeOnline, app-only: a certificate file (Linux) or the thumbprint of an installed one (Windows)
 * onprem   remote PowerShell with Kerberos to one named server; from Windows, because PowerShell on Linux has no WSMan client
 * custom   an administrator's own script makes the cmdlets available: a jump host, a JEA endpoint, the fake of our tests.
 *          It may define Test-MislaidConnection (true while all is well) and Disconnect-MislaidConnection.
 */
import { resolve } from 'node:path';
import { allowedCmdlets, probedCmdlets } from './allowed.ts';

export type ExchangeConnection =
  | {
      readonly kind: 'online';
      /** Application (client) id of the app registration. */
      readonly appId: string;
      /** Primary onmicrosoft.com domain. */
      readonly organization: string;
      /** Path of a .pfx file. */
      readonly certificateFile?: string;
      /** Path of a file whose only line is the password of the .pfx. */
      readonly certificatePasswordFile?: string;
      /** The password itself; reaches the engine by its environment only, and is removed there once read. */
      readonly certificatePassword?: string;
      /** Windows: thumbprint of a certificate in the service account's store. */
      readonly thumbprint?: string;
    }
  | {
      readonly kind: 'onprem';
      /** Full name of one Exchange server; behind a load balancer's name Kerberos fails. */
      readonly server: string;
      /** Another account than the one the bot runs as. Without it Kerberos uses the service account itself, which is better. */
      readonly userName?: string;
      /** Path of a file whose only line is that account's password. */
      readonly passwordFile?: string;
    }
  | {
      readonly kind: 'custom';
      /** Path of the administrator's .ps1. Variables named INIT_SCRIPT_… reach it. */
      readonly initScript: string;
    };

export type ConnectionScripts = {
  readonly connect: string;
  readonly ping: string;
  readonly bye: string;
  readonly unspecifiedIsUtc: boolean;
  /** What `connect` finds in `$Mislaid.Settings`. */
  readonly settings: Readonly<Record<string, string | readonly string[]>>;
  /** Added to the engine's environment. */
  readonly environment: Readonly<Record<string, string>>;
};

/** Name under which a certificate's password reaches the engine. */
export const passwordVariable = 'MISLAID_CERTIFICATE_PASSWORD';

export function scriptsOf(connection: ExchangeConnection): ConnectionScripts {
  const commands = [...Object.keys(allowedCmdlets), ...probedCmdlets];
  switch (connection.kind) {
    case 'online': {
      const { kind: _, certificatePassword, ...settings } = connection;
      return {
        ...online,
        settings: { ...settings, commands: commands.filter((name) => !notOnline.includes(name)) },
        environment: certificatePassword === undefined ? {} : { [passwordVariable]: certificatePassword },
      };
    }
    case 'onprem': {
      const { kind: _, ...settings } = connection;
      return { ...onprem, settings: { ...settings, commands }, environment: {} };
    }
    case 'custom':
      return { ...custom, settings: { initScript: resolve(connection.initScript) }, environment: {} };
  }
}

/** Not to be asked of Online's module: what it never has, and what it brings without being asked. */
const notOnline = [
  'Get-ExchangeServer',
  'Get-ActiveSyncVirtualDirectory',
  'Get-ActiveSyncDeviceAutoblockThreshold',
  'Get-EXOMobileDeviceStatistics',
  'Get-EXOCasMailbox',
  'Get-MislaidSimulation',
];

const online = {
  unspecifiedIsUtc: true,
  connect: `
Import-Module ExchangeOnlineManagement -MinimumVersion 3.5.0
$Mislaid.Bind = @{
  AppId = $Mislaid.Settings.appId[0]; Organization = $Mislaid.Settings.organization[0]
  ShowBanner = $false; SkipLoadingFormatData = $true; CommandName = [string[]]$Mislaid.Settings.commands
}
if ($Mislaid.Settings.ContainsKey('thumbprint')) { $Mislaid.Bind.CertificateThumbprint = $Mislaid.Settings.thumbprint[0] }
else {
  $Mislaid.Bind.CertificateFilePath = $Mislaid.Settings.certificateFile[0]
  $Mislaid.Secret = $env:MISLAID_CERTIFICATE_PASSWORD
  if ($Mislaid.Settings.ContainsKey('certificatePasswordFile')) {
    $Mislaid.Secret = [IO.File]::ReadAllText($Mislaid.Settings.certificatePasswordFile[0]).TrimEnd([char]13, [char]10)
  }
  if ($Mislaid.Secret) {
    $Mislaid.Bind.CertificatePassword = New-Object System.Security.SecureString
    foreach ($MislaidOne in $Mislaid.Secret.ToCharArray()) { $Mislaid.Bind.CertificatePassword.AppendChar($MislaidOne) }
  }
}
try { . { param($Bind) Connect-ExchangeOnline @Bind } $Mislaid.Bind }
finally { $Mislaid.Remove('Secret'); $Mislaid.Remove('Bind'); $env:MISLAID_CERTIFICATE_PASSWORD = $null }
`,
  ping: `@(Get-ConnectionInformation | Where-Object { $_.State -eq 'Connected' }).Count -gt 0`,
  bye: 'Disconnect-ExchangeOnline -Confirm:$false',
};

const onprem = {
  unspecifiedIsUtc: false,
  connect: `
$Mislaid.Bind = @{
  ConfigurationName = 'Microsoft.Exchange'; Authentication = 'Kerberos'
  ConnectionUri = 'http://' + $Mislaid.Settings.server[0] + '/PowerShell/'
}
if ($Mislaid.Settings.ContainsKey('userName')) {
  $Mislaid.Secret = New-Object System.Security.SecureString
  foreach ($MislaidOne in [IO.File]::ReadAllText($Mislaid.Settings.passwordFile[0]).TrimEnd([char]13, [char]10).ToCharArray()) { $Mislaid.Secret.AppendChar($MislaidOne) }
  $Mislaid.Bind.Credential = New-Object System.Management.Automation.PSCredential -ArgumentList $Mislaid.Settings.userName[0], $Mislaid.Secret
}
try { . { param($Bind) $Mislaid.Remote = New-PSSession @Bind } $Mislaid.Bind }
finally { $Mislaid.Remove('Secret'); $Mislaid.Remove('Bind') }
. { param($Session, $Names)
  # Names that this account may not use are errors of their own; what is missing is told by what was imported.
  $module = Import-PSSession -Session $Session -CommandName $Names -DisableNameChecking -AllowClobber -ErrorAction SilentlyContinue
  if ($null -eq $module) { throw 'nothing could be imported from the Exchange server' }
  Import-Module $module -Global -DisableNameChecking
} $Mislaid.Remote ([string[]]$Mislaid.Settings.commands)
`,
  // A read keeps the session from being closed as idle after 15 minutes.
  ping: `
if ($Mislaid.Remote.State -ne 'Opened') { return $false }
if ($Mislaid.Commands.ContainsKey('Get-ActiveSyncOrganizationSettings')) { [void]@(& $Mislaid.Commands['Get-ActiveSyncOrganizationSettings']) }
$true
`,
  bye: 'Remove-PSSession -Session $Mislaid.Remote',
};

const custom = {
  unspecifiedIsUtc: false,
  connect: '. $Mislaid.Settings.initScript[0]',
  ping: 'if (Get-Command Test-MislaidConnection -ErrorAction SilentlyContinue) { Test-MislaidConnection } else { $true }',
  bye: 'if (Get-Command Disconnect-MislaidConnection -ErrorAction SilentlyContinue) { Disconnect-MislaidConnection }',
};
