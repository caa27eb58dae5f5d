import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Changes } from './sources.ts';

const run = promisify(execFile);

/** The compiler's own program: the script before it would outlive its signals, and costs a tenth of a second. */
export function compiler(): string {
  const typescript = createRequire(import.meta.url).resolve('typescript/package.json');
  const platform = `@typescript/typescript-${process.platform}-${process.arch}/package.json`;
  return join(
    dirname(createRequire(typescript).resolve(platform)),
    'lib',
    process.platform === 'win32' ? 'tsc.exe' : 'tsc',
  );
}

/**
 * Writes the JavaScript of these files alone into .dev/: a tenth of a second, because nothing that they import is read. Rejects
 * when one of them does not parse.
 */
export async function compile(top: string, { changed, removed }: Changes): Promise<void> {
  removeOutputs(top, removed);
  if (changed.length === 0) return;
  const out = join(top, '.dev');
  const project = join(out, 'tsconfig.some.json');
  writeFileSync(
    project,
    JSON.stringify({
      extends: join(top, 'tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        noEmitOnError: true,
        noCheck: true,
        noResolve: true,
        // The smallest one that knows what an array is, which even a compiler that checks nothing asks for.
        lib: ['es5'],
        types: [],
        outDir: out,
        rootDir: top,
        sourceMap: true,
      },
      include: [],
      files: changed.map((file) => join(top, file)),
    }),
  );
  await run(compiler(), ['-p', project], { cwd: top });
}

function removeOutputs(top: string, files: readonly string[]): void {
  for (const file of files) {
    const output = join(top, '.dev', file.replace(/\.ts$/, '.js'));
    rmSync(output, { force: true });
    rmSync(`${output}.map`, { force: true });
  }
}
