import { dirname } from 'node:path';
import { sourceFiles, textOf } from '../architecture/sources.ts';

/**
 * Whether a kind stands in the sources as it is stored, or is put together there: `wipe.${state}` in a file whose folder names
 * the state. Migrations do not count: they speak of what there was.
 */
export function namesInSources(): (kind: string) => boolean {
  const quoted = new Set<string>();
  const quotedIn = new Map<string, Set<string>>();
  const beginnings: { folder: string; beginning: string }[] = [];
  for (const path of sourceFiles().filter((file) => !file.startsWith('src/store/migrations/'))) {
    const text = textOf(path);
    const folder = dirname(path);
    const here = quotedIn.get(folder) ?? new Set();
    quotedIn.set(folder, here);
    for (const [, name = ''] of text.matchAll(/'([a-z][a-z.-]*)'/g)) {
      quoted.add(name);
      here.add(name);
    }
    // What is a key needs no quotes where it is one word.
    for (const [, name = ''] of text.matchAll(/^\s+([a-z]+):/gm)) here.add(name);
    for (const [, beginning = ''] of text.matchAll(/`([a-z][a-z-]*\.)\$\{/g)) beginnings.push({ folder, beginning });
  }
  return (kind) =>
    quoted.has(kind) ||
    beginnings.some(
      ({ folder, beginning }) =>
        kind.startsWith(beginning) && quotedIn.get(folder)?.has(kind.slice(beginning.length)) === true,
    );
}
