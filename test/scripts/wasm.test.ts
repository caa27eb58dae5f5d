import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { linesWasm } from '../../scripts/wasm.ts';

it('what is committed of the WebAssembly is what its source says (npm run wasm)', async () => {
  expect(await linesWasm()).toBe(readFileSync('src/activesync/reader/lines-wasm.ts', 'utf8'));
});
