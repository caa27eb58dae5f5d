import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { readArguments } from '../../src/start/arguments.ts';
import { version } from '../../src/start/version.ts';

it('is what package.json says', () => {
  const manifest = z.object({ version: z.string() }).parse(JSON.parse(readFileSync('package.json', 'utf8')));

  expect(version()).toBe(manifest.version);
});

it.each(['--version', '-v'])('is asked for by %s', (argument) => {
  expect(readArguments([argument]).version).toBe(true);
  expect(readArguments([]).version).toBe(false);
});
