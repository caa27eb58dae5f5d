/**
 * `npm run wasm`: compiles the AssemblyScript of the log reader into src/activesync/reader/lines-wasm.ts, a module that every build and
 * thread finds. A test compiles it again and compares, so what is committed is what its source says.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const reader = join('src', 'activesync', 'reader');
const sources = new Set(['lines.ts', 'memory.ts', 'rows.ts', 'w3c.ts']);

/** The text of lines-wasm.ts as its sources stand now. */
export async function linesWasm(): Promise<string> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      'lines.ts',
      ...['--outFile', 'lines.wasm', '--runtime', 'stub', '-O3', '--noAssert', '--enable', 'simd,bulk-memory'],
      // 640 pages of 64 KB, never more: a memory that grows would be another one for every view of it.
      ...['--initialMemory', '640', '--maximumMemory', '640', '--use', 'abort='],
    ],
    {
      readFile: (name) => (sources.has(name) ? readFileSync(join(reader, 'assembly', name), 'utf8') : null),
      writeFile: (_name, contents) => {
        if (typeof contents !== 'string') binary = contents;
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

if (process.argv[1]?.endsWith('wasm.js') === true) writeFileSync(join(reader, 'lines-wasm.ts'), await linesWasm());
