/**
 * The audit's table belongs to a database role of its own, where the bot's user may arrange that: then whoever has the password of
 * the bot can read, append and erase what an entry says, and neither change an entry nor take the triggers away. A superuser can do everything, and whoever
 * owns the database can drop the table as a whole: checkpoints show that.
 */
import { type Kysely, sql } from 'kysely';
import type { Database } from './schema.ts';

export const auditRole = 'mislaid_audit';

/**
 * `separate`: another role's, and the user is no member of it. `member`: another role's, but the user can act as that role.
 * `own`: the user's own, and it may not arrange anything else. `superuser`: nothing can be kept from this user.
 */
export type AuditOwner = 'separate' | 'member' | 'own' | 'superuser';

export async function auditOwner(db: Kysely<Database>): Promise<AuditOwner> {
  const { isSuperuser, isOwner, isMember } = await rights(db);
  if (isSuperuser) return 'superuser';
  if (isOwner) return 'own';
  return isMember ? 'member' : 'separate';
}

/**
 * Gives the table and what guards it to `mislaid_audit`, and steps back. The role may be there already (an administrator made the
 * user a member of it for the first start), or is made by a user that may. Several processes may call it at once.
 */
export async function separateAuditOwner(db: Kysely<Database>): Promise<AuditOwner> {
  const before = await rights(db);
  if (before.isSuperuser || !before.isOwner || !(before.isMember || before.mayCreateRoles)) return await auditOwner(db);
  await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(1835627372, 2)`.execute(tx);
    const { isOwner, isMember, roleExists } = await rights(tx);
    if (!isOwner) return;
    const role = sql.id(auditRole);
    if (!roleExists) await sql`create role ${role} nologin`.execute(tx);
    if (!isMember) await sql`grant ${role} to current_user`.execute(tx);
    await sql`grant create on schema public to ${role}`.execute(tx);
    await sql`alter table audit owner to ${role}`.execute(tx);
    await sql`alter function audit_is_append_only() owner to ${role}`.execute(tx);
    await sql`set local role ${role}`.execute(tx);
    await sql`grant select, insert, update (data, salt) on audit to session_user`.execute(tx);
    await sql`reset role`.execute(tx);
    await sql`revoke create on schema public from ${role}`.execute(tx);
    if (!isMember) await sql`revoke ${role} from current_user`.execute(tx);
  });
  return await auditOwner(db);
}

type Rights = {
  isSuperuser: boolean;
  mayCreateRoles: boolean;
  roleExists: boolean;
  /** Can act as the role: by SET ROLE or because it inherits its rights. */
  isMember: boolean;
  isOwner: boolean;
};

async function rights(db: Kysely<Database>): Promise<Rights> {
  const { rows } = await sql<Rights>`
    select me.rolsuper as "isSuperuser", me.rolcreaterole as "mayCreateRoles", role.oid is not null as "roleExists",
      coalesce(pg_has_role(me.oid, role.oid, 'USAGE'), false) as "isMember",
      (select relowner = me.oid from pg_class where oid = 'public.audit'::regclass) as "isOwner"
    from pg_roles me left join pg_roles role on role.rolname = ${auditRole}
    where me.rolname = current_user`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('the database does not know its own user');
  return row;
}
