// Compiles the AssemblyScript of the log reader into a module that every build and thread finds: npm run wasm.
// A test compiles it again and compares, so what is committed is what its source says.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const reader = new URL('../src/activesync/reader/', import.meta.url);

/** The text of lines-wasm.ts as its source stands now. */
export async function compiledLines() {
  let binary;
  const { error, stderr } = await asc.main(
    [
      'lines.ts',
      ...['--outFile', 'lines.wasm', '--runtime', 'stub', '-O3', '--noAssert', '--enable', 'simd,bulk-memory'],
      // 640 pages of 64 KB, never more: a memory that grows would be another one for every view of it.
      ...['--initialMemory', '640', '--maximumMemory', '640', '--use', 'abort='],
    ],
    {
      readFile: (name) => (name === 'lines.ts' ? readFileSync(new URL('assembly/lines.ts', reader), 'utf8') : null),
      writeFile: (_name, contents) => {
        binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || binary === undefined) throw new Error(`lines.ts does not compile: ${stderr.toString()}`);
  return [
    '// Made of assembly/lines.ts by `npm run wasm`; not written by hand.',
    `export const LINES_WASM =\n  '${Buffer.from(binary).toString('base64')}';`,
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('lines-wasm.ts', reader), await compiledLines());
}
