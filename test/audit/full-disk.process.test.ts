/** A disk that is really full, under the audit alone and under the whole database; test/incidents/audit-away.test.ts imitates it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, describe, expect, it } from 'vitest';
import { verifyAudit } from '../../src/audit/verify.ts';
import { openDatabase, urlOf } from '../../src/store/connect.ts';
import { databaseUser } from '../../src/store/embedded/database-user.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { give } from '../../src/store/embedded/folders.ts';
import { codeOf } from '../../src/store/embedded/processes.ts';
import { migrate } from '../../src/store/migrate.ts';
import { approve, ask, asked, lost, wipeStates } from '../incidents/scenes.ts';
import { type TestBot, testBot } from '../setup/bot.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';
import { eventually } from '../setup/eventually.ts';
import { mountDisk, type SmallDisk, whyNoSmallDisk } from '../setup/small-disk.ts';

const reason = whyNoSmallDisk();
if (reason !== undefined) console.log(`full-disk.test.ts is left out: ${reason}`);

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
});

function smallDisk(megabytes: number): SmallDisk {
  const disk = mountDisk(megabytes * 1024 * 1024);
  closers.push(() => disk.close());
  return disk;
}

/** Takes the rest of the pages that the audit has already: what it is then asked for must fail. */
async function fillAudit(bot: TestBot): Promise<void> {
  const entry = () => bot.store.change(async (change) => change.audit({ action: 'x', subject: 'x', data: {} }));
  for (;;) {
    const error: unknown = await entry().then(
      () => undefined,
      (failed: unknown) => failed,
    );
    if (error === undefined) continue;
    expect(error).toMatchObject({ code: '53100' });
    return;
  }
}

async function expectWholeChain(bot: TestBot): Promise<void> {
  const verdict = await verifyAudit(bot.db);
  expect(verdict.problems).toEqual([]);
  expect(verdict.size).toBeGreaterThan(10);
}

const away = (bot: TestBot) =>
  bot.messagesIn('#security').filter((text) => text.includes('audit cannot be written since'));
const back = (bot: TestBot) =>
  bot.messagesIn('#security').filter((text) => text.includes('audit can be written again'));

describe.skipIf(reason !== undefined)('a full disk', () => {
  it('under the audit alone: nothing is proposed, approved or issued, security hears of it, and all goes on after it', async () => {
    const disk = smallDisk(2);
    const location = join(disk.folder, 'audit');
    mkdirSync(location, { mode: 0o700 });
    give(location, await databaseUser(location));
    const beside = await testDatabase();
    closers.push(() => beside.close());
    const space = `small_${process.pid}`;
    closers.push(() => sql`drop tablespace if exists ${sql.ref(space)}`.execute(beside.db));
    const bot = await testBot();
    closers.push(() => bot.close());
    await sql`create tablespace ${sql.ref(space)} location ${sql.lit(location)}`.execute(bot.db);
    await sql`alter table audit set tablespace ${sql.ref(space)}`.execute(bot.db);
    await sql`alter index audit_pkey set tablespace ${sql.ref(space)}`.execute(bot.db);

    await lost(bot, 'alice.ng');
    await lost(bot, 'bob');
    await ask(bot);
    await approve(bot, 'otto', 101, undefined, { settle: false });
    disk.fill();
    await fillAudit(bot);

    const sentence = 'The audit cannot be written now, and without it nothing is wiped';
    expect((await ask(bot, { incident: 102, scope: 'full' })).text).toContain(sentence);
    const glass = { by: 'sasha', command: 'break-glass', incident: 102, scope: 'full', reason: 'No one.' } as const;
    expect((await ask(bot, glass)).text).toContain(sentence);
    expect((await bot.type('hana', '#helpdesk', 'status INC-102')).text).toContain('Bob Tanaka');
    await bot.advance(2);
    expect(await asked(bot)).toBe(0);
    expect(await wipeStates(bot)).toEqual(['approved']);
    expect(bot.find('#helpdesk', 'Held:')).toContain('The audit cannot be written');
    expect(away(bot)).toHaveLength(1);
    expect(back(bot)).toEqual([]);

    disk.free();
    await bot.advance(1);
    expect(await asked(bot)).toBe(1);
    expect(away(bot)).toHaveLength(1);
    expect(back(bot)).toHaveLength(1);
    await expectWholeChain(bot);
  });

  it('under the whole database, which dies of it: the bot says so, and all goes on by itself when there is room', async () => {
    const disk = smallDisk(400);
    const said: string[] = [];
    const bot = await testBot({ database: await databaseOn(disk, said) });
    closers.push(() => bot.close());
    await lost(bot, 'alice.ng');
    await ask(bot);
    const before = await wipeStates(bot);
    expect(before).toEqual(['awaiting-approval']);

    disk.fill();
    await eventually(async () => {
      const heard = await bot.type('hana', '#helpdesk', 'status INC-101', { settle: false });
      expect(heard.text).toContain('The disk of the database is full. I could not store that, so nothing was done');
    });
    const refused = await bot.type('otto', '#approvals', 'approve INC-101', { settle: false });
    expect(refused.text).toContain('Tell an admin');
    expect(bot.auditAway.since()).toEqual(bot.clock.now());

    await fillWriteAheadLog(bot);
    await eventually(() => expect(said.join('\n')).toContain('its disk is full'));
    expect(await bot.type('otto', '#approvals', 'approve INC-101', { settle: false })).toMatchObject({
      kind: 'not-stored',
    });

    disk.free();
    await eventually(() => expect(said.join('\n')).toContain('the database runs again'));
    await eventually(async () => expect(await wipeStates(bot)).toEqual(before));
    expect(await asked(bot)).toBe(0);
    await bot.advance(1);
    expect(back(bot)).toHaveLength(1);
    await approve(bot, 'otto');
    await bot.advance(1);
    expect(await asked(bot)).toBe(1);
    await expectWholeChain(bot);
  });
});

/** An embedded server whose data, write-ahead log and own log lie on the small disk, as a bot's do in its data folder. */
async function databaseOn(disk: SmallDisk, said: string[]): Promise<TestDatabase> {
  const log = (_: unknown, line?: string) => said.push(line ?? '');
  const postgres = await startEmbeddedPostgres({
    dataFolder: join(disk.folder, 'data'),
    log: { info: log, warn: log, error: log },
    // Small, so that the end comes soon, and no vacuum that makes room again meanwhile; fsync and full pages as in production.
    settings: { min_wal_size: '32MB', max_wal_size: '48MB', wal_recycle: 'off', autovacuum: 'off' },
  });
  closers.push(() => postgres.stop());
  const { connection } = postgres;
  if ('connectionString' in connection) throw new Error('the embedded server is reached by its socket');
  const { db, close } = openDatabase(connection, { poolSize: 5 });
  await migrate(db);
  return { db, connection, url: urlOf(connection), close };
}

/** Writes until the write-ahead log has no room for its next segment: then PostgreSQL panics. */
async function fillWriteAheadLog(bot: TestBot): Promise<void> {
  const message = sql`select pg_logical_emit_message(true, 'full disk', repeat('x', 1000000))`;
  for (let written = 0; written < 100; written += 1) {
    const code = await message.execute(bot.db).then(
      () => 'written',
      (error: unknown) => codeOf(error) ?? 'lost',
    );
    if (code !== 'written' && code !== '53100') return;
  }
  throw new Error('the write-ahead log still has room');
}
