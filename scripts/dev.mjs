// `npm run dev`: the bot on the lab, started again whenever a source file was saved. Compiled anew into .dev/ (types are checked
// later, beside the running bot) and carried on in scripts/dev/main.ts, so that dist/ stays what `npm run build` made.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const top = fileURLToPath(new URL('..', import.meta.url));
const out = `${top}.dev`;
rmSync(out, { recursive: true, force: true });
mkdirSync(out);
const project = `${out}/tsconfig.json`;
writeFileSync(
  project,
  JSON.stringify({
    extends: `${top}tsconfig.json`,
    compilerOptions: { noEmit: false, noCheck: true, outDir: out, rootDir: top, sourceMap: true },
    include: ['src', 'adapters', 'jobs', 'scripts'].map((folder) => `${top}${folder}`),
  }),
);
// What does not parse is shown here, and the bot starts with what there is.
spawnSync(process.execPath, [`${top}node_modules/typescript/bin/tsc`, '-p', project], { stdio: 'inherit', cwd: top });
const main = `${out}/scripts/dev/main.js`;
if (!existsSync(main)) process.exit(1);
await import(main);
