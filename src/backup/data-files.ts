/** What a backup brings back into the data folder: never over something that is there, which is newer. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failureCode } from '../ground/failure.ts';
import type { SignedManifest } from './manifest.ts';

/** Answers which files were there and are others than the backup's. */
export async function restoreFiles(input: {
  folder: string;
  manifest: SignedManifest;
  dataFolder: string;
  policyFile: string;
}): Promise<string[]> {
  const { folder, manifest, dataFolder, policyFile } = input;
  const others: string[] = [];
  for (const { file } of manifest.files) {
    const content = await readFile(join(folder, file));
    const path = file === 'policy.yaml' ? policyFile : join(dataFolder, file);
    const there = await bytesOf(path);
    if (file === 'forgotten.jsonl' && there !== undefined) {
      // Who was forgotten stays so, whichever list knows of it.
      await writeFile(path, joined(there.toString('utf8'), content.toString('utf8')), { mode: 0o600 });
    } else if (there === undefined) {
      await writeFile(path, content, { mode: 0o600, flag: 'wx' });
    } else if (!there.equals(content)) {
      others.push(path);
    }
  }
  return others;
}

function joined(...texts: string[]): string {
  const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line !== '');
  return [...new Set(lines)].map((line) => `${line}\n`).join('');
}

async function bytesOf(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (failureCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
