import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendAudit } from '../../src/audit/chain.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import { auditOwner, auditRole, separateAuditOwner } from '../../src/store/audit-owner.ts';
import { type OpenDatabase, openDatabase } from '../../src/store/connect.ts';
import { migrate } from '../../src/store/migrate.ts';
import { entry, noon } from '../audit/entries.ts';
import { emptyDatabase, type TestDatabase } from '../setup/database.ts';

let root: TestDatabase;
let bot: OpenDatabase;
let user: string;

/** A database that belongs to the bot's user, as an administrator would make it. */
beforeEach(async () => {
  root = await emptyDatabase();
  user = `bot_${randomBytes(4).toString('hex')}`;
  await sql`create role ${sql.id(user)} login password 'secret'`.execute(root.db);
  await sql`alter database ${sql.id(root.connection.database)} owner to ${sql.id(user)}`.execute(root.db);
  bot = openDatabase({ ...root.connection, user, password: 'secret' }, { poolSize: 2 });
  await migrate(bot.db);
});
afterEach(async () => {
  await bot.close();
  await sql`drop owned by ${sql.id(user)} cascade`.execute(root.db);
  await dropOwnedByRole();
  await root.close();
});

/** The role is one for the whole server: each test leaves none behind. */
async function dropOwnedByRole(): Promise<void> {
  const { rows } = await sql`select 1 from pg_roles where rolname = ${auditRole}`.execute(root.db);
  if (rows.length === 0) return;
  await sql`drop owned by ${sql.id(auditRole)} cascade`.execute(root.db);
  await sql`drop role ${sql.id(auditRole)}`.execute(root.db);
}

const asSuperuser = (statement: string) => sql.raw(statement).execute(root.db);

async function expectGuarded(): Promise<void> {
  await bot.db.transaction().execute((tx) => appendAudit(tx, noon, [entry(1), entry(2)]));
  for (const attack of [
    `update audit set action = 'x'`,
    `update audit set data = '{}'`,
    'delete from audit',
    'truncate audit',
    'alter table audit disable trigger all',
    'drop trigger audit_no_change on audit',
    `create or replace function audit_is_append_only() returns trigger language plpgsql as 'begin return new; end'`,
    `set role ${auditRole}`,
  ]) {
    await expect(sql.raw(attack).execute(bot.db), attack).rejects.toThrow();
  }
  expect(await verifyAudit(bot.db)).toMatchObject({ ok: true, size: 2 });
  await sql`update audit set data = null, salt = null where seq = 1`.execute(bot.db);
  expect(await verifyAudit(bot.db)).toMatchObject({ ok: false, problems: [{ seq: 1, kind: 'content-missing' }] });
}

describe('the table of the audit', () => {
  it('goes to a role of its own, when the user may make roles', async () => {
    await asSuperuser(`alter role ${user} createrole`);
    expect(await auditOwner(bot.db)).toBe('own');

    expect(await Promise.all([separateAuditOwner(bot.db), separateAuditOwner(bot.db)])).toEqual([
      'separate',
      'separate',
    ]);
    await expectGuarded();
  });

  it('goes to the role that an administrator made, who then takes the membership back', async () => {
    await asSuperuser(`create role ${auditRole} nologin`);
    await asSuperuser(`grant ${auditRole} to ${user}`);

    expect(await separateAuditOwner(bot.db)).toBe('member');
    await asSuperuser(`revoke ${auditRole} from ${user}`);
    expect(await separateAuditOwner(bot.db)).toBe('separate');
    await expectGuarded();
  });

  it('stays where it is when the user may arrange nothing', async () => {
    expect(await separateAuditOwner(bot.db)).toBe('own');
    await bot.db.transaction().execute((tx) => appendAudit(tx, noon, [entry(1)]));
    expect(await verifyAudit(bot.db)).toMatchObject({ ok: true, size: 1 });
  });

  it('stays where it is when the user is a superuser, from whom nothing can be kept', async () => {
    expect(await separateAuditOwner(root.db)).toBe('superuser');
  });
});
