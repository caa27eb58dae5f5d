import type { Ids } from '../../src/ground/clock.ts';
import type { AuditEntry, Store } from '../../src/store/port.ts';
import { createStore, type StoreParts } from '../../src/store/store.ts';
import type { TestClock } from './clock.ts';
import { countingIds, testClock } from './clock.ts';
import { type TestDatabase, testDatabase } from './database.ts';

export type TestStore = TestDatabase & {
  store: Store;
  clock: TestClock;
  ids: Ids;
  /** The hints of work due now, in order. */
  woken: number[][];
  /** The audit entries, where no `appendAudit` was given; those of rolled back changes too. */
  audited: AuditEntry[];
};

/** A store on a fresh database, with a clock that stands still and ids that count; every part can be replaced. */
export async function testStore(
  parts: Partial<Omit<StoreParts, 'db' | 'clock'>> = {},
  on?: TestDatabase,
  startAt?: Date,
): Promise<TestStore> {
  const database = on ?? (await testDatabase());
  const clock = testClock(startAt);
  const woken: number[][] = [];
  const audited: AuditEntry[] = [];
  const ids = parts.ids ?? countingIds();
  const store = createStore({
    db: database.db,
    laneOf: () => 'upkeep',
    appendAudit: async (_tx, _now, entries) => {
      audited.push(...entries);
    },
    wake: ({ work }) => {
      if (work.length > 0) woken.push(work);
    },
    ...parts,
    clock,
    ids,
  });
  return { ...database, store, clock, ids, woken, audited };
}
