import type { Environment } from '../../ground/environment.ts';

/**
 * The engine's environment: only what a PowerShell, .NET, Kerberos and a proxy need, never the bot's own secrets
 * (tokens, database addresses). `INIT_SCRIPT_…` is the administrator's own and reaches his init script.
 */
const passed = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'TEMP',
  'TMP',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'PSMODULEPATH',
  'DOTNET_ROOT',
  'DOTNET_SYSTEM_GLOBALIZATION_INVARIANT',
  'SSL_CERT_DIR',
  'SSL_CERT_FILE',
  'KRB5_CONFIG',
  'KRB5CCNAME',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  // Windows
  'SYSTEMROOT',
  'SYSTEMDRIVE',
  'WINDIR',
  'COMSPEC',
  'PATHEXT',
  'USERNAME',
  'USERDOMAIN',
  'USERDNSDOMAIN',
  'USERPROFILE',
  'COMPUTERNAME',
  'APPDATA',
  'LOCALAPPDATA',
  'PROGRAMDATA',
  'PROGRAMFILES',
  'PROGRAMFILES(X86)',
  'PROCESSOR_ARCHITECTURE',
]);

/**
 * NO_COLOR: colour codes would stand in answers. Telemetry and the look for updates would call home. The diagnostics of
 * PowerShell and of .NET open a door for debuggers into each process, which holds a session to Exchange, and leave its socket in
 * the temporary folder when the process is killed.
 * Source: github.com/MicrosoftDocs/PowerShell-Docs/issues/12403; learn.microsoft.com/dotnet/core/runtime-config/debugging-profiling.
 */
const fixed = {
  NO_COLOR: '1',
  POWERSHELL_TELEMETRY_OPTOUT: '1',
  POWERSHELL_UPDATECHECK: 'Off',
  POWERSHELL_DIAGNOSTICS_OPTOUT: '1',
  DOTNET_EnableDiagnostics: '0',
};

export function engineEnvironment(from: Environment, added: Environment = {}): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(from)) {
    if (value === undefined) continue;
    if (passed.has(name.toUpperCase()) || name.startsWith('INIT_SCRIPT_')) environment[name] = value;
  }
  for (const [name, value] of Object.entries({ ...fixed, ...added }))
    if (value !== undefined) environment[name] = value;
  return environment;
}
