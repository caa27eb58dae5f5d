import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DatabaseConnection } from '../connect.ts';
import { databaseRole } from './cluster.ts';
import { socketFile } from './folders.ts';
import { ownerOf } from './lock.ts';
import { namedPostmaster } from './postmaster.ts';

/** How to reach the embedded database of a bot that runs on this data folder; undefined where none runs, or this account may not. */
export function runningConnection(dataFolder: string): DatabaseConnection | undefined {
  if (ownerOf(dataFolder) === undefined) return undefined;
  try {
    const own = join(realpathSync(resolve(dataFolder)), 'postgres');
    const host = namedPostmaster(join(own, 'data'))?.socketFolder ?? '';
    if (host === '' || !existsSync(join(host, socketFile))) return undefined;
    const password = readFileSync(join(own, 'password'), 'utf8');
    return { host, port: 5432, user: databaseRole, password, database: databaseRole };
  } catch {
    return undefined;
  }
}
