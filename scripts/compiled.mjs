// Runs a TypeScript program of the tests (benchmarks, fault runs): Node 20 runs no TypeScript, so it is compiled first.
// usage: node scripts/compiled.mjs test/bench/main.ts [arguments]
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const top = fileURLToPath(new URL('..', import.meta.url));
const [program, ...rest] = process.argv.slice(2);
if (program === undefined) throw new Error('usage: node scripts/compiled.mjs <program.ts> [arguments]');
const out = `${top}node_modules/.cache/mislaid/compiled`;
mkdirSync(out, { recursive: true });
const project = `${out}.tsconfig.json`;
writeFileSync(
  project,
  JSON.stringify({
    extends: `${top}tsconfig.json`,
    compilerOptions: {
      noEmit: false,
      // Types are checked by `npm run typecheck`, once.
      noCheck: true,
      outDir: out,
      rootDir: top,
      sourceMap: true,
      incremental: true,
      tsBuildInfoFile: `${out}/.tsbuildinfo`,
    },
    include: [`${top}src`, `${top}adapters`, `${top}jobs`, `${top}test`, `${top}scripts`],
  }),
);
const tsc = spawnSync(process.execPath, [`${top}node_modules/typescript/bin/tsc`, '-p', project], {
  stdio: 'inherit',
  cwd: top,
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);
writeFileSync(`${out}/package.json`, '{"type":"module"}\n');
const run = spawnSync(
  process.execPath,
  ['--enable-source-maps', `${out}/${program.replace(/\.ts$/, '.js')}`, ...rest],
  { stdio: 'inherit', cwd: top },
);
process.exit(run.status ?? 1);
