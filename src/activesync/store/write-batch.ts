import { type Kysely, sql, type Transaction } from 'kysely';
import type { Database } from '../../store/schema.ts';
import type { Batch } from '../reader/batch.ts';
import { given } from './arrays.ts';
import type { BatchOrigin } from './batch-origin.ts';
import { type ClientIds, withIds, writeClients } from './write-clients.ts';
import { writeGroups } from './write-groups.ts';
import { writeSeries } from './write-series.ts';

/** Samples kept per server and command: more than any HeartbeatSampleSize in use (Exchange's default is 200). */
const samplesKept = 1_000;

/**
 * Adds a batch to the roll-ups, in the caller's transaction of `db`. Everything adds up, so batches may come in any order, but each
 * must come once: the caller moves the file's position in the same transaction, which takes `writersLock` with it, and calls the answer
 * after its commit.
 */
export async function writeBatch(
  tx: Transaction<Database>,
  db: Kysely<Database>,
  { deletions, ...origin }: BatchOrigin & { deletions: number },
  batch: Batch,
): Promise<() => void> {
  await writeOddities(tx, origin, batch);
  if (batch.clients.length === 0) return () => undefined;
  const { ids, remember } = await writeClients(tx, { db, organisation: origin.organisation, deletions, batch });
  const series = await writeSeries(tx, { db, origin, deletions, batch });
  await writeGroups(tx, origin, batch, { clients: ids, series: series.ids });
  await deleteSpans(tx, origin, batch);
  await writeSamples(tx, origin, batch, ids);
  await writeSightings(tx, origin, batch, ids);
  return () => {
    remember();
    series.remember();
  };
}

/** Deletes what was summed up of hours that get rows now: sums never tell less than the rows. */
async function deleteSpans(
  tx: Transaction<Database>,
  { server, kind }: BatchOrigin,
  { heartbeats }: Batch,
): Promise<void> {
  if (heartbeats.length === 0 || kind !== 'backEnd') return;
  const first = heartbeats.reduce((least, { hour }) => Math.min(least, hour), Number.POSITIVE_INFINITY);
  const last = heartbeats.reduce((most, { hour }) => Math.max(most, hour), 0);
  await tx
    .deleteFrom('heartbeatSpan')
    .where('server', '=', server)
    .where('began', '<=', last)
    .where('ended', '>', first)
    .execute();
}

async function writeSamples(
  tx: Transaction<Database>,
  { organisation, server }: BatchOrigin,
  { samples }: Batch,
  ids: ClientIds,
): Promise<void> {
  if (samples.length === 0) return;
  await sql`
    insert into log_sample (organisation, server, command, started_at, asked, client_id)
    select ${organisation}, ${server}, command, to_timestamp(started_at), asked, client_id
    from ${given({ command: 'text', startedAt: 'float', asked: 'int', clientId: 'int' }, withIds(samples, ids))}`.execute(
    tx,
  );
  await sql`
    delete from log_sample where id in (
      select id from (select id, row_number() over (partition by command order by started_at desc, id desc) as place
        from log_sample where organisation = ${organisation} and server = ${server}) as placed
      where place > ${samplesKept})`.execute(tx);
}

async function writeSightings(
  tx: Transaction<Database>,
  { server }: BatchOrigin,
  { sightings }: Batch,
  ids: ClientIds,
): Promise<void> {
  if (sightings.length === 0) return;
  await sql`
    insert into log_sighting (client_id, server, at, what)
    select client_id, ${server}, to_timestamp(at), what
    from ${given({ clientId: 'int', at: 'int', what: 'text' }, withIds(sightings, ids))}
    on conflict do nothing`.execute(tx);
}

async function writeOddities(tx: Transaction<Database>, origin: BatchOrigin, { odd, lastEnd }: Batch): Promise<void> {
  if (odd.length === 0) return;
  const { organisation, server, kind } = origin;
  await sql`
    insert into log_oddity as known (organisation, server, kind, odd, text, requests, last_at)
    select ${organisation}, ${server}, ${kind}, given.kind, text, requests, to_timestamp(${lastEnd}::float8)
    from ${given({ kind: 'text', text: 'text', requests: 'int' }, odd)}
    order by given.kind, text
    on conflict (organisation, server, kind, odd, text) do update set
      requests = known.requests + excluded.requests, last_at = greatest(known.last_at, excluded.last_at)`.execute(tx);
}
