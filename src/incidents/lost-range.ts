/** What a restored backup lost: between two instants everything may have happened that the store knows nothing of. */
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Change } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import { readSetting, storeSetting } from '../store/settings.ts';

const key = 'restored';

const Stored = z.object({ ranges: z.array(z.object({ from: z.coerce.date(), until: z.coerce.date() })) });
export type LostRange = z.infer<typeof Stored>['ranges'][number];

/** In the order of the restores. */
export async function lostRanges(db: Kysely<Database>): Promise<readonly LostRange[]> {
  return Stored.safeParse(await readSetting(db, key)).data?.ranges ?? [];
}

export async function addLostRange(change: Change, range: LostRange): Promise<void> {
  await storeSetting(change.tx, key, { ranges: [...(await lostRanges(change.tx)), range] });
}

/** The range in which something of this instant may have been done by Mislaid itself. */
export async function lostRangeAt(db: Kysely<Database>, at: Date): Promise<LostRange | undefined> {
  return (await lostRanges(db)).find(({ from, until }) => at >= from && at <= until);
}
