import { type Kysely, sql, type Transaction } from 'kysely';
import type { Database } from '../../store/schema.ts';
import type { Batch, Group } from '../reader/batch.ts';
import { given } from './arrays.ts';
import type { BatchOrigin } from './batch-origin.ts';

type Series = Pick<Group, 'command' | 'http' | 'substatus' | 'status' | 'error' | 'access'>;
/** A series as it stands in the store, or older: others only add hours. */
type StoredSeries = { id: number; lastHour: number };

const memories = new WeakMap<Kysely<Database>, { deletions: number; series: Map<string, StoredSeries> }>();
const mostRemembered = 20_000;

const columns = {
  command: 'text',
  http: 'int',
  substatus: 'int',
  status: 'int',
  error: 'text',
  access: 'text',
  lastHour: 'int',
} as const;

/** The ids of the groups' series, which are added to the store where they are new; under `writersLock`, as clients are. */
export async function writeSeries(
  tx: Transaction<Database>,
  input: { db: Kysely<Database>; origin: BatchOrigin; deletions: number; batch: Batch },
): Promise<{ ids: number[] /** To be called once the transaction is committed. */; remember(): void }> {
  const { db, origin, deletions, batch } = input;
  const { server, kind } = origin;
  const keyOf = ({ command, http, substatus, status, error, access }: Series) =>
    `${server}\n${kind}\n${command}\n${http}\n${substatus}\n${status}\n${error}\n${access}`;
  const kept = memories.get(db);
  const memory = kept?.deletions === deletions ? kept : { deletions, series: new Map<string, StoredSeries>() };
  const fresh = new Map<string, Series & { lastHour: number }>();
  const keys = batch.groups.map((group) => {
    const key = keyOf(group);
    const hour = Math.max(memory.series.get(key)?.lastHour ?? 0, fresh.get(key)?.lastHour ?? 0);
    if (group.hour > hour) fresh.set(key, { ...group, lastHour: group.hour });
    return key;
  });
  const stored = new Map<string, StoredSeries>();
  if (fresh.size > 0) {
    const { rows } = await sql<Series & StoredSeries>`
      insert into log_series as known (server, kind, command, http, substatus, status, error, access, last_hour)
      select ${server}, ${kind}, command, http, substatus, status, error, access, last_hour
      from ${given(columns, [...fresh.values()])}
      on conflict (server, kind, command, http, substatus, status, error, access)
        do update set last_hour = greatest(known.last_hour, excluded.last_hour)
      returning id, command, http, substatus, status, error, access, last_hour`.execute(tx);
    for (const row of rows) stored.set(keyOf(row), { id: row.id, lastHour: row.lastHour });
  }
  return {
    ids: keys.map((key) => (stored.get(key) ?? memory.series.get(key))?.id ?? 0),
    remember: () => {
      if (memory.series.size + stored.size > mostRemembered) memory.series.clear();
      for (const [key, row] of stored) memory.series.set(key, row);
      memories.set(db, memory);
    },
  };
}
