import { randomBytes } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { canonicalHash } from '../../ground/canonical.ts';

/**
 * The audit's entries carry a salted commitment to what they say, with the readable data beside it, which may be taken away later:
 * from now on the hash covers the commitment. Entries of before keep the hash over their data. They get commitments, too, and one new
 * entry of the chain vouches for these: it is signed with the next checkpoint.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
  await convert(db);
}

const statements = [
  `alter table audit add column covers text not null default 'data' check (covers in ('data', 'commitment')),
    add column salt text, add column commitment text, alter column data drop not null`,
  `create or replace function audit_is_append_only() returns trigger language plpgsql as $$
    declare allowed audit%rowtype;
    begin
      if tg_op = 'UPDATE' then
        allowed := old;
        if old.commitment is null and new.commitment is not null then
          allowed.commitment := new.commitment;
          allowed.salt := new.salt;
        elsif old.commitment is not null and new.data is null and new.salt is null then
          allowed.data := null;
          allowed.salt := null;
        end if;
        if new is distinct from old and new is not distinct from allowed then return new; end if;
      end if;
      raise exception 'the audit is append-only';
    end $$`,
];

type Row = {
  seq: number;
  at: string;
  actorGuid: string | null;
  actorIdentity: string | null;
  action: string;
  subject: string;
  incidentNumber: number | null;
  data: string;
  prevHash: string;
  hash: string;
};

async function convert(db: Kysely<unknown>): Promise<void> {
  let digest = '0'.repeat(64);
  let last: Row | undefined;
  let entries = 0;
  for (;;) {
    const { rows } = await sql<Row>`
      select seq, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as at, actor_guid as "actorGuid",
        actor_identity as "actorIdentity", action, subject, incident_number as "incidentNumber", data::text as data,
        prev_hash as "prevHash", hash
      from audit where seq > ${last?.seq ?? -2_147_483_648} order by seq limit 1000`.execute(db);
    for (const row of rows) {
      const { seq, actorGuid, actorIdentity, action, subject, incidentNumber, prevHash, hash } = row;
      const salt = randomBytes(16).toString('hex');
      const commitment = canonicalHash({ salt, data: JSON.parse(row.data) });
      const at = instant(row.at);
      const record = { seq, at, actorGuid, actorIdentity, action, subject, incidentNumber, commitment, prevHash, hash };
      digest = canonicalHash([digest, record]);
      await sql`update audit set salt = ${salt}, commitment = ${commitment} where seq = ${seq}`.execute(db);
      last = row;
      entries += 1;
    }
    if (rows.length < 1000) break;
  }
  if (last !== undefined) await vouch(db, last, { entries, upTo: last.seq, digest });
}

/** The entry that says what was converted; hashed as all from now on. */
async function vouch(db: Kysely<unknown>, last: Row, data: Record<string, unknown>): Promise<void> {
  const now = new Date();
  const salt = randomBytes(16).toString('hex');
  const commitment = canonicalHash({ salt, data });
  const chained = { seq: last.seq + 1, action: 'audit.converted', subject: 'audit', commitment, prevHash: last.hash };
  const nobody = { actorGuid: null, actorIdentity: null, incidentNumber: null };
  const hash = canonicalHash({ ...chained, ...nobody, at: now.toISOString() });
  await sql`
    insert into audit (seq, at, action, subject, data, covers, salt, commitment, prev_hash, hash)
    values (${chained.seq}, ${now}, ${chained.action}, ${chained.subject}, ${JSON.stringify(data)}, 'commitment', ${salt},
      ${commitment}, ${chained.prevHash}, ${hash})`.execute(db);
}

function instant(text: string): string {
  return `${text.replace(/000$/, '')}Z`;
}
