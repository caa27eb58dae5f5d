import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

/**
 * Finds, or installs, the PowerShell of this run (scripts/powershell.mjs), and hands it to every worker as POWERSHELL_PATH. Where there
 * is none the suites that need one are left out, and the run says why; in CI it fails.
 */
export default function setup({ config }: TestProject): void {
  const found = spawnSync(process.execPath, [join(config.root, 'scripts/powershell.mjs')], { encoding: 'utf8' });
  if (found.status === 0) {
    process.env.POWERSHELL_PATH = found.stdout.trim();
    return;
  }
  if (process.env.CI === 'true') throw new Error(found.stderr);
  console.warn(`Suites of PowerShell are left out. ${found.stderr.trim().split('\n').at(-1)}`);
}
