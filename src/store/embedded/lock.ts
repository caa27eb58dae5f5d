import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { hostError } from '../../ground/errors.ts';
import { birthOf, codeOf } from './processes.ts';

/** `token` tells apart two locks of one process. */
const Owner = z.object({ pid: z.number().int().positive(), birth: z.string(), token: z.string() });
type Owner = z.infer<typeof Owner>;

/**
 * Takes the data folder for this process alone; answers how to give it back.
 * Throws `already-running` when a living process has it. A lock whose owner died (kill -9, power) is taken over.
 */
export async function lockDataFolder(dataFolder: string): Promise<() => void> {
  const path = join(dataFolder, 'mislaid.lock');
  const token = randomBytes(8).toString('hex');
  const owner: Owner = { pid: process.pid, birth: birthOf(process.pid) ?? '', token };
  const mine = JSON.stringify(owner);
  const draft = `${path}.${token}`;
  writeFileSync(draft, mine, { mode: 0o600 });
  try {
    await take(path, draft, mine);
  } finally {
    rmSync(draft, { force: true });
  }
  return () => {
    if (textOf(path) === mine) rmSync(path, { force: true });
  };
}

/** The living owner of the data folder, if any. */
export function ownerOf(dataFolder: string): number | undefined {
  return livingOwner(textOf(join(dataFolder, 'mislaid.lock')));
}

async function take(path: string, draft: string, mine: string): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    if (link(draft, path)) {
      if (attempt === 0) return;
      // Another process that saw the same dead owner may be moving our new lock aside at this moment, and will put it back.
      await pause(50);
      if (textOf(path) === mine) return;
      continue;
    }
    const seen = textOf(path);
    const owner = livingOwner(seen);
    if (owner !== undefined) {
      const sentence = `Mislaid is already running (process ${owner}) on this data folder. Stop it first, or set MISLAID_DATA to another folder.`;
      throw hostError({ code: 'already-running', message: sentence });
    }
    if (seen !== undefined) moveAside(path, seen);
  }
  throw hostError({
    code: 'data-folder-contended',
    message: `Several processes try to take the lock ${path} at once. Start one of them.`,
  });
}

/** Removes a dead owner's lock, but never one that was put there since it was read. */
function moveAside(path: string, seen: string): void {
  const aside = `${path}.dead-${randomBytes(4).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (textOf(aside) !== seen) link(aside, path);
  rmSync(aside, { force: true });
}

/** Creates `path` with the draft's content in one step; false when it is there already. */
function link(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function livingOwner(text: string | undefined): number | undefined {
  const owner = parseOwner(text);
  if (owner === undefined) return undefined;
  return birthOf(owner.pid) === owner.birth ? owner.pid : undefined;
}

function parseOwner(text: string | undefined): Owner | undefined {
  try {
    return Owner.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
