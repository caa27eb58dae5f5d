import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of the project. */
export const top = fileURLToPath(new URL('../../', import.meta.url));

export type Import = { from: string; to: string; typeOnly: boolean };

/** Every source file of the product, as paths from the top. */
export function sourceFiles(): string[] {
  const found: string[] = [];
  for (const folder of ['src', 'adapters', 'jobs', 'scripts']) found.push(...filesBelow(folder));
  return found.sort();
}

export function filesBelow(folder: string, ending = '.ts'): string[] {
  return readdirSync(join(top, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith(ending));
}

export function textOf(path: string): string {
  return readFileSync(join(top, path), 'utf8');
}

/** Imports of one file: relative ones as paths from the top, packages by name. */
export function importsOf(path: string): Import[] {
  const pattern = /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)';?$/gms;
  return [...textOf(path).matchAll(pattern)].map(([, type, target = '']) => ({
    from: path,
    to: target.startsWith('.') ? normalize(join(dirname(path), target)).replaceAll('\\', '/') : packageOf(target),
    typeOnly: type !== undefined,
  }));
}

function packageOf(target: string): string {
  return target.startsWith('@') ? target.split('/').slice(0, 2).join('/') : (target.split('/')[0] ?? target);
}
