/**
 * What the store remembers of an Exchange, for commands, which never wait for it: its capabilities as last probed by a job,
 * and since when it does not answer.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Organisation } from '../ground/identifiers.ts';
import type { Change } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import { readSetting, storeSetting } from '../store/settings.ts';
import type { Capabilities } from './port.ts';

const Known = z.object({
  version: z.enum(['2013', '2016', '2019', 'SE', 'online', 'unknown']),
  accountOnly: z.boolean(),
  reportsWipes: z.boolean(),
  cmdlets: z.record(z.string(), z.array(z.string())),
  simulation: z.boolean(),
});

/** undefined until a job has reached this Exchange once. */
export async function loadCapabilities(
  db: Kysely<Database>,
  organisation: Organisation,
): Promise<Capabilities | undefined> {
  return Known.optional().parse(await readSetting(db, `capabilities:${organisation}`));
}

export async function storeCapabilities(
  change: Change,
  organisation: Organisation,
  capabilities: Capabilities,
): Promise<void> {
  // They change with Exchange's version, and a row that is written is locked until the change is over.
  if (isDeepStrictEqual(await loadCapabilities(change.tx, organisation), capabilities)) return;
  await storeSetting(change.tx, `capabilities:${organisation}`, capabilities);
}

/** Whether this Exchange is Online; undefined where its version is not known. */
export function isOnline(capabilities: Pick<Capabilities, 'version'> | undefined): boolean | undefined {
  if (capabilities === undefined || capabilities.version === 'unknown') return undefined;
  return capabilities.version === 'online';
}
