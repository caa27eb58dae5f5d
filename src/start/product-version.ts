import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The version of package.json, which stands above `dist/src/start` and above `src/start`. */
export function productVersion(): string {
  for (const path of ['../../package.json', '../../../package.json', '../../../../package.json']) {
    try {
      return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')))
        .version;
    } catch {
      // Not here: one folder further up.
    }
  }
  return 'unknown';
}
