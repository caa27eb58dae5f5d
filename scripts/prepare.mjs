// Runs in `npm ci`: compiles once, so that no start pays for it. Skipped where the compiler is not installed (a runtime image).

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const tsc = new URL('../node_modules/typescript/bin/tsc', import.meta.url);
if (!existsSync(tsc)) process.exit(0);
const { status } = spawnSync(process.execPath, [tsc.pathname, '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
  cwd: new URL('..', import.meta.url),
});
process.exit(status ?? 1);
