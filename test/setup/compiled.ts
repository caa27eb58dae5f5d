import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..');

/** A script of test/ and all that it imports, as JavaScript that `node` runs in a process of its own. */
export async function compiled(entry: string): Promise<{ script: string; remove(): void }> {
  // Inside the project, so that its node_modules are found.
  const parent = join(root, '.mislaid-test');
  mkdirSync(parent, { recursive: true, mode: 0o755 });
  const folder = mkdtempSync(join(parent, 'compiled-'));
  const config = join(folder, 'tsconfig.json');
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { noEmit: false, noCheck: true, outDir: folder, rootDir: root },
      include: [],
      files: [join(root, entry)],
    }),
  );
  await promisify(execFile)(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config], {
    cwd: root,
  });
  const script = join(folder, dirname(entry), `${entry.split('/').at(-1)?.replace(/\.ts$/, '.js')}`);
  return { script, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
