// Prints the PowerShell that tests run on: POWERSHELL_PATH or NODE_POWERSHELL, else `pwsh` on PATH, else the complete PowerShell as a
// .NET tool of this project's own (.powershell/), installed at the first call where `dotnet` is. Ends with 1 and says why where
// there is none.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const version = '7.6.9';
const name = process.platform === 'win32' ? 'pwsh.exe' : 'pwsh';
const folder = fileURLToPath(new URL(`../.powershell/${version}`, import.meta.url));

function onPath() {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((path) => path !== '');
  return folders.map((path) => join(path, name)).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function ownTool() {
  const tool = join(folder, name);
  if (existsSync(tool)) return tool;
  // Beside its place first: what stands there is whole, also where two install it at once.
  const beside = `${folder}.${process.pid}`;
  mkdirSync(beside, { recursive: true });
  try {
    const { error, status } = spawnSync(
      'dotnet',
      ['tool', 'install', 'PowerShell', '--version', version, '--tool-path', beside],
      { stdio: ['ignore', 2, 2], env: { ...process.env, DOTNET_NOLOGO: '1', DOTNET_CLI_TELEMETRY_OPTOUT: '1' } },
    );
    if (error !== undefined)
      throw new Error('there is no POWERSHELL_PATH, no pwsh on PATH and no dotnet to install one');
    if (status !== 0) throw new Error(`dotnet could not install PowerShell ${version}`);
    const started = spawnSync(join(beside, name), ['-v']);
    if (started.status !== 0) throw new Error(`the PowerShell ${version} that dotnet installed does not start`);
    if (!existsSync(folder)) renameSync(beside, folder);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
  return tool;
}

try {
  console.log(process.env.POWERSHELL_PATH || process.env.NODE_POWERSHELL || onPath() || ownTool());
} catch (error) {
  console.error(`No PowerShell: ${error.message}.`);
  process.exit(1);
}
