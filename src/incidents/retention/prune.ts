/**
 * What is emptied or deleted by age (policy's `retention`). Never what something still rests on: keys of events and deliveries stay
 * (the same one is never taken or sent twice), used buttons stay (their effect happens once), and nothing goes of an incident that is
 * open, whose wipe is not over, or whose request Exchange still holds. The audit is not touched.
 */
import { type Kysely, sql } from 'kysely';
import { after, day } from '../../ground/durations.ts';
import type { Policy } from '../../policy.ts';
import type { Database } from '../../store/schema.ts';

/** Rows by what was emptied or deleted. */
export type Pruned = { inbox: number; deliveries: number; actions: number; evidence: number; work: number };

/**
 * Rows at a time, the oldest first: a year that was never pruned must not be one transaction, and a few in the order of an index are
 * looked for in that index.
 */
const batch = 500;

export async function prune(db: Kysely<Database>, retention: Policy['retention'], now: Date): Promise<Pruned> {
  const before = (days: number) => after(now, -days * day);
  const inbox = before(retention.inboxDays);
  const deliveries = before(retention.deliveriesDays);
  const actions = before(retention.actionsDays);
  const evidence = before(retention.evidenceDays);
  return {
    inbox: await inBatches(
      db,
      () => sql`
      update inbox set incoming = '{}' where id = any(array(
        select id from inbox where state <> 'stored' and received_at < ${inbox} and incoming <> '{}'
        order by received_at limit ${batch}))`,
    ),
    deliveries: await inBatches(
      db,
      () => sql`
      update delivery set draft = null where id = any(array(
        select id from delivery where state <> 'waiting' and created_at < ${deliveries} and draft is not null
        order by created_at limit ${batch}))`,
    ),
    actions: await inBatches(
      db,
      () => sql`
      delete from stored_action where id = any(array(
        select stored.id from stored_action stored
        left join incident on incident.number = ${numberOf('incident')}
        left join approval on approval.id = ${numberOf('approval')}
        where stored.used_at is null and stored.created_at < ${actions} and (stored.subject like 'answer:%'
          or approval.closed_at < ${actions} or (incident.closed_at < ${actions} and incident.number not in (${unfinished})))
        order by stored.created_at limit ${batch}))`,
    ),
    evidence: await inBatches(
      db,
      () => sql`
      update wipe_transition set evidence = null where id = any(array(
        select transition.id from wipe_transition transition join wipe on wipe.id = transition.wipe_id
        join incident on incident.number = wipe.incident_number
        where transition.evidence is not null and incident.closed_at < ${evidence} and incident.number not in (${unfinished})
        order by transition.wipe_id limit ${batch}))`,
    ),
    work: await inBatches(
      db,
      () => sql`
      delete from work where id = any(array(select id from work where state <> 'waiting' and done_at < ${inbox}
        order by done_at limit ${batch}))`,
    ),
  };
}

/** The number in a button's subject, where it is of this kind: incidents and approvals are then found by it, and not each looked through. */
function numberOf(kind: 'incident' | 'approval') {
  return sql`case when stored.subject like ${sql.lit(`${kind}:%`)} then split_part(stored.subject, ':', 2)::integer end`;
}

/** Incidents that something still goes on about, whether they are closed or not. */
const unfinished = sql`
  select incident_number from wipe where exchange_holds
    or state in ('awaiting-approval', 'approved', 'issuing', 'requested', 'sent', 'refused-by-device')
  union select incident_number from wipe_review where closed_at is null
  union select number from incident where state = 'open'`;

async function inBatches(db: Kysely<Database>, statement: () => ReturnType<typeof sql>): Promise<number> {
  for (let sum = 0; ; ) {
    const { numAffectedRows = 0n } = await statement().execute(db);
    sum += Number(numAffectedRows);
    if (numAffectedRows < batch) return sum;
  }
}
