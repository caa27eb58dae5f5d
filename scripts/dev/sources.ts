import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';

/** What the bot is made of; scripts/ is not: the loop itself would have to be started again. */
const folders = ['src', 'adapters', 'jobs'];
/** Editors write in several steps. */
const quietMs = 40;

/** Paths from the top; a new file is a changed one. */
export type Changes = { readonly changed: readonly string[]; readonly removed: readonly string[] };

/** Calls back when source files, or one of `beside` (policy.yaml), were saved; answers how to stop. */
export function watchSources(input: {
  top: string;
  beside: readonly string[];
  onChange: (changes: Changes) => void;
}): () => void {
  const { top, beside, onChange } = input;
  const watchers = new Map<string, FSWatcher>();
  let known = look();
  let timer: NodeJS.Timeout | undefined;

  function look(): Map<string, string> {
    const found = new Map<string, string>();
    for (const path of [...folders.flatMap((folder) => sourcesBelow(top, folder)), ...beside]) {
      const stat = statSync(join(top, path), { throwIfNoEntry: false });
      if (stat !== undefined) found.set(path, `${stat.mtimeMs} ${stat.size} ${stat.ino}`);
    }
    return found;
  }

  function heard(): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const before = known;
      known = look();
      watchFolders();
      const changed = [...known].flatMap(([path, mark]) => (before.get(path) === mark ? [] : [path]));
      const removed = [...before.keys()].filter((path) => !known.has(path));
      if (changed.length + removed.length > 0) onChange({ changed, removed });
    }, quietMs);
  }

  /** One watcher for each folder: the recursive one of Node 20 misses files that are replaced. */
  function watchFolders(): void {
    const wanted = new Set([...known.keys()].map((path) => join(top, dirname(path))));
    for (const folder of wanted) {
      if (watchers.has(folder)) continue;
      const watcher = watch(folder, heard);
      watcher.on('error', () => {
        watcher.close();
        watchers.delete(folder);
        heard();
      });
      watchers.set(folder, watcher);
    }
  }

  watchFolders();
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
  };
}

function sourcesBelow(top: string, folder: string): string[] {
  return readdirSync(join(top, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => path.endsWith('.ts'));
}
