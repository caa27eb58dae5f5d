/**
 * Forgetting a person: what was said of them and their phones is erased; that something happened, when and who decided stays, under
 * keys that name nobody any more. The audit keeps its chain: the content of their incidents' entries goes, with its salt, and an entry
 * of its own says of which.
 */
import { type Kysely, sql } from 'kysely';
import { erasedAction } from '../../audit/content.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import { namesInList } from '../../message/words.ts';
import type { Change } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import { DeviceFacts } from '../devices/device.ts';
import { unfinishedOfOthers } from '../devices/held-requests.ts';
import { type By, guidOf } from '../incident/timeline.ts';
import { requestsOf } from '../incident/view.ts';
import { lockIncident, lockOwner } from '../lock-order.ts';

export const forgottenName = 'Somebody who was forgotten';

/** Why the human of these mailboxes cannot be forgotten now; undefined: they can. */
export async function whyNotForgotten(db: Kysely<Database>, guids: readonly PersonGuid[]): Promise<string | undefined> {
  const theirs = db.selectFrom('incident').select('number').where('personGuid', 'in', guids);
  const open = await theirs.where('state', '=', 'open').execute();
  if (open.length > 0)
    return `They have an open incident: ${listed(open.map(({ number }) => number))}. Close it first.`;
  const held = await db
    .selectFrom('wipe')
    .select('incidentNumber as number')
    .where('incidentNumber', 'in', theirs)
    .where((is) => is.or([is('exchangeHolds', '=', true), is('state', 'in', unfinished)]))
    .execute();
  if (held.length > 0)
    return `Exchange may still erase a phone of theirs by a request of ${listed(held.map(({ number }) => number))}. Its proof is needed until that is over.`;
  const elsewhere = await requestsOfOthers(db, guids);
  if (elsewhere.length > 0)
    return `Exchange may still erase a phone of theirs, as it was last read on ${listed(elsewhere)}, by a request that did not come from Mislaid. Open an incident to have it read again.`;
  const reviews = await db
    .selectFrom('wipeReview')
    .select('incidentNumber as number')
    .where('closedAt', 'is', null)
    .where((is) => is.or([is('actorGuid', 'in', guids), is('incidentNumber', 'in', theirs)]))
    .execute();
  if (reviews.length > 0)
    return `The review of a break-glass wipe is due that concerns them: ${listed(reviews.map(({ number }) => number))}. Review it first.`;
  return undefined;
}

/** The incidents on which a phone of theirs was last read with a request of others that it has not acknowledged. */
async function requestsOfOthers(db: Kysely<Database>, guids: readonly PersonGuid[]): Promise<number[]> {
  const rows = await db
    .selectFrom('incidentDevice')
    .innerJoin('incident', 'incident.number', 'incidentDevice.incidentNumber')
    .select(['deviceGuid', 'incidentNumber', 'present', 'facts'])
    .distinctOn('deviceGuid')
    .where('personGuid', 'in', guids)
    .orderBy('deviceGuid')
    .orderBy('readAt', 'desc')
    .execute();
  const { own } = await requestsOf(
    db,
    rows.map(({ deviceGuid }) => deviceGuid),
  );
  return rows.flatMap(({ deviceGuid, present, facts, incidentNumber }) => {
    const read = DeviceFacts.safeParse(facts);
    if (!present || !read.success) return [];
    return unfinishedOfOthers(read.data, own.get(deviceGuid)).length > 0 ? [incidentNumber] : [];
  });
}

const unfinished = ['awaiting-approval', 'approved', 'issuing', 'requested', 'sent', 'refused-by-device'] as const;

function listed(numbers: readonly number[]): string {
  return namesInList(
    [...new Set(numbers)].sort((a, b) => a - b).map((number) => `INC-${number}`),
    'and',
  );
}

/**
 * Erases what is known of the person from before `before`, and says so in the audit. Answers how many entries of the audit it was;
 * undefined where nothing was left. Run it again whenever: it erases what it finds.
 */
export async function forgetPerson(
  change: Change,
  { guid, before, by }: { guid: PersonGuid; before: Date; by: By },
): Promise<number | undefined> {
  const { tx } = change;
  await lockPersonAndIncidents(change, [guid]);
  const texts = await textsThatName(tx, guid);
  const incidents = await tx
    .selectFrom('incident')
    .select('number')
    .where('personGuid', '=', guid)
    .where('openedAt', '<=', before)
    .orderBy('number')
    .execute();
  const numbers = incidents.map(({ number }) => number);
  const runs = await eraseEntries(tx, { guid, numbers, before });
  const known = await tx
    .updateTable('person')
    .set({ displayName: forgottenName, alias: '', upn: '', primarySmtp: '', addresses: '[]', department: '' })
    .set({ phones: '[]', managerName: '', folded: null, gone: true })
    .where('guid', '=', guid)
    .where('displayName', '<>', forgottenName)
    // Who is still in Exchange is read from there again, and is not forgotten a second time for that.
    .where('refreshedAt', '<=', before)
    .executeTakeFirst();
  if (runs.length === 0 && known.numUpdatedRows === 0n) return undefined;
  if (known.numUpdatedRows > 0n) await tx.deleteFrom('personForm').where('personGuid', '=', guid).execute();
  await eraseChats(tx, { guid, texts, before });
  await eraseIncidents(tx, guid, numbers);
  change.audit({
    action: erasedAction,
    subject: `person:${guid}`,
    actor: { guid: guidOf(by), identity: by !== null && 'person' in by ? by.identity : null },
    data: { person: guid, entries: runs },
  });
  return runs.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}

/** Before the approval of the forgetting: the order of lock-order.ts. Nothing of theirs opens, moves or is decided meanwhile. */
export async function lockPersonAndIncidents(change: Change, guids: readonly PersonGuid[]): Promise<void> {
  for (const guid of [...guids].sort()) await lockOwner(change, guid);
  const theirs = change.tx.selectFrom('incident').select('number').where('personGuid', 'in', guids).orderBy('number');
  for (const { number } of await theirs.execute()) await lockIncident(change, number);
}

/** What stands for the person in a text, as SQL patterns: names and addresses, but nothing so short that it is in every text. */
async function textsThatName(db: Kysely<Database>, guid: PersonGuid): Promise<string[]> {
  const person = await db.selectFrom('person').selectAll().where('guid', '=', guid).executeTakeFirst();
  if (person === undefined || person.displayName === forgottenName) return [];
  const { displayName, alias, upn, primarySmtp, addresses } = person;
  const names = [displayName, alias, upn, primarySmtp, ...addresses, guid].filter((name) => name.length > 2);
  const said = (await saidOf(db, guid)).filter((text) => text.length >= shortestSaid);
  return [...new Set([...names, ...said])].map((text) => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`);
}

/** Shorter reasons ("lost it") are not only theirs. */
const shortestSaid = 10;

/** What people typed about their incidents, as it stands in JSON, too. */
async function saidOf(db: Kysely<Database>, guid: PersonGuid): Promise<string[]> {
  const { rows } = await sql<{ said: string | null }>`
    with theirs as (select * from incident where person_guid = ${guid})
    select unnest(array[remark, close_reason, hold_closed_why]) as said from theirs
    union select unnest(array[reason, verification ->> 'note']) from wipe where incident_number in (select number from theirs)
    union select reason from approval where incident_number in (select number from theirs)
    union select decision.reason from approval_decision decision join approval on approval.id = decision.approval_id
      where approval.incident_number in (select number from theirs)
    union select finding from wipe_review where incident_number in (select number from theirs)`.execute(db);
  return rows.flatMap(({ said }) => (said === null ? [] : [JSON.stringify(said).slice(1, -1)]));
}

/**
 * Their incidents' entries, but for those of decisions, which hold no words: who decided, on which hash. Answers runs of numbers.
 */
async function eraseEntries(
  db: Kysely<Database>,
  { guid, numbers, before }: { guid: PersonGuid; numbers: readonly number[]; before: Date },
): Promise<[from: number, to: number][]> {
  const { rows } = await sql<{ seq: number }>`
    update audit set data = null, salt = null
    where data is not null and commitment is not null and at <= ${before} and action not like 'approval.%' and action <> ${erasedAction}
      and (incident_number = any(${[...numbers]}::integer[]) or subject = ${`person:${guid}`}
        or subject in (select 'identity:' || identity from chat_identity where person_guid = ${guid}))
    returning seq`.execute(db);
  const runs: [from: number, to: number][] = [];
  for (const seq of rows.map((row) => row.seq).sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === seq - 1) last[1] = seq;
    else runs.push([seq, seq]);
  }
  return runs;
}

/** What was typed by them or names them, and what was delivered that does; keys stay. */
async function eraseChats(
  db: Kysely<Database>,
  { guid, texts, before }: { guid: PersonGuid; texts: readonly string[]; before: Date },
): Promise<void> {
  const named = (column: ReturnType<typeof sql.ref>) => sql`${column}::text ilike any(${[...texts]}::text[])`;
  await sql`
    update inbox set incoming = '{}' where state <> 'stored' and received_at <= ${before} and incoming <> '{}'
      and (${named(sql.ref('incoming'))} or identity in (select identity from chat_identity where person_guid = ${guid}))`.execute(
    db,
  );
  await sql`
    update delivery set draft = null where state <> 'waiting' and created_at <= ${before} and draft is not null
      and (${named(sql.ref('draft'))} or identity in (select identity from chat_identity where person_guid = ${guid}))`.execute(
    db,
  );
  await sql`delete from stored_action where used_at is null and (${named(sql.ref('label'))} or ${named(sql.ref('args'))})`.execute(
    db,
  );
  await sql`update stored_action set label = 'erased ' || id where ${named(sql.ref('label'))}`.execute(db);
  await sql`delete from work where state <> 'waiting' and ${named(sql.ref('payload'))}`.execute(db);
  await db
    .updateTable('chatIdentity')
    .set({ displayName: '', email: null, timeZone: null, address: null })
    .where('personGuid', '=', guid)
    .execute();
}

/** In the order of lock-order.ts. */
async function eraseIncidents(db: Kysely<Database>, guid: PersonGuid, numbers: readonly number[]): Promise<void> {
  const all = sql`any(${[...numbers]}::integer[])`;
  const gone = 'erased';
  await sql`update incident set remark = null, close_reason = null, hold_closed_why = null where number = ${all}`.execute(
    db,
  );
  await sql`update incident_event set data = '{}' where incident_number = ${all}`.execute(db);
  const content = { what: 'What was asked for was erased', lines: [], confirm: '' };
  const concerned = sql`(incident_number = ${all} or owner_guid = ${guid})`;
  await sql`
    update approval set reason = null, payload = (payload - 'asked') || ${JSON.stringify({ content })}::jsonb
      || case when payload ? 'label' then '{"label": ""}'::jsonb else '{}' end
      || case when payload ? 'reason' then '{"reason": ""}'::jsonb else '{}' end
    where ${concerned} and state not in ('waiting', 'approved')`.execute(db);
  await sql`
    update approval_decision set reason = null
    where approval_id in (select id from approval where ${concerned})`.execute(db);
  await sql`
    update wipe set reason = ${gone}, verification = ${JSON.stringify({ how: gone, note: '' })}, notify = '[]', before = null, held_because = null
    where incident_number = ${all}`.execute(db);
  await sql`
    update wipe_transition set why = null, evidence = null
    where wipe_id in (select id from wipe where incident_number = ${all})`.execute(db);
  await sql`update wipe_review set finding = ${gone} where incident_number = ${all} and finding is not null`.execute(
    db,
  );
  await sql`
    update incident_device set facts = facts || ${JSON.stringify({ name: gone, deviceId: '', model: '', type: '', userAgent: '', phoneHint: '' })}::jsonb
    where incident_number = ${all}`.execute(db);
}
