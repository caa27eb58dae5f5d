// Runs in `npm ci`: compiles once, so that no start pays for it. Skipped where the compiler is not installed (a runtime image).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const top = fileURLToPath(new URL('..', import.meta.url));
const tsc = `${top}node_modules/typescript/bin/tsc`;
if (!existsSync(tsc)) process.exit(0);
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit', cwd: top });
process.exit(status ?? 1);
