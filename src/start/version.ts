import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The version that package.json names. It stands above `src/`, or a folder or two further up where the bot is compiled. */
export function version(): string {
  for (const above of ['../../package.json', '../../../package.json', '../../../../package.json']) {
    const found = read(new URL(above, import.meta.url));
    if (found !== undefined) return found;
  }
  return 'not known';
}

const Manifest = z.object({ name: z.literal('mislaid'), version: z.string() });

function read(url: URL): string | undefined {
  try {
    return Manifest.parse(JSON.parse(readFileSync(url, 'utf8'))).version;
  } catch {
    return undefined;
  }
}
