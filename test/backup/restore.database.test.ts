/** What a restored store refuses, and what it says of itself. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyAudit } from '../../src/audit/verify.ts';
import { emptied } from '../../src/backup/after-restore.ts';
import { readManifest } from '../../src/backup/manifest.ts';
import { loadBackup } from '../../src/backup/restore-backup.ts';
import { canonicalHash } from '../../src/ground/canonical.ts';
import { forgottenList } from '../../src/incidents/retention/forgotten.ts';
import { storedGrants } from '../../src/incidents/roles/grants.ts';
import { paragraph } from '../../src/message/text.ts';
import { announceProcess } from '../../src/store/processes.ts';
import { endRestore, refuseUnfinishedRestore } from '../../src/store/unfinished-restore.ts';
import { approvals, lost, propose, security } from '../flow/scene.ts';
import type { TestBot } from '../setup/bot.ts';
import { emptyDatabase, testDatabase } from '../setup/database.ts';
import { beforeDisaster, type Disaster } from './restored.ts';

let disaster: Disaster;
let bot: TestBot;
let alice: string;
let button: string;

beforeAll(async () => {
  disaster = await beforeDisaster();
  const { bot: before, seal } = disaster;
  await lost(before, 'otto', 'hana');
  await before.type('sasha', security, 'restore otto because it was in his coat');
  const n = await lost(before, 'alice.ng');
  ({ personGuid: alice } = await before.db
    .selectFrom('incident')
    .select('personGuid')
    .where('number', '=', n)
    .executeTakeFirstOrThrow());
  await propose(before, n, 1, 'account-only');
  button = before.action(approvals, 'otto', 'Approve');
  await before.advance(1);
  const late = { tone: 'neutral', blocks: [paragraph('Said too late')] } as const;
  await before.store.change((change) => change.privately('console:hana', late));
  await disaster.backup('taken');
  await before.advance(30);
  await lost(before, 'bob');
  await seal.checkpoint(before.db, before.clock.now());
  await seal.remember(before.db, before.clock.now());
  bot = await disaster.restore('taken');
});
afterAll(() => disaster.close());

async function load(
  into: Awaited<ReturnType<typeof emptyDatabase>>,
  manifest?: (text: string) => string,
): Promise<void> {
  const folder = disaster.folderOf('taken');
  const taken = await readManifest(folder);
  const changed = manifest === undefined ? taken : JSON.parse(manifest(JSON.stringify(taken)));
  await loadBackup({ folder, manifest: changed, connection: into.connection, db: into.db });
}

describe('a restore', () => {
  it('never goes over rows that are there', async () => {
    const used = await testDatabase();
    await used.db.insertInto('setting').values({ key: 'policy:real', value: '{}' }).execute();
    await expect(load(used)).rejects.toMatchObject({ code: 'restore-used' });
    expect(await used.db.selectFrom('person').select('guid').execute()).toEqual([]);
    await used.close();
  });

  it('never goes under a process that lives', async () => {
    const living = await testDatabase();
    await announceProcess(living.db, 'one', canonicalHash({}));
    await expect(load(living)).rejects.toMatchObject({ code: 'restore-living' });
    await living.close();
  });

  it('refuses a manifest that does not fit, and leaves nothing', async () => {
    const fresh = await emptyDatabase();
    await expect(load(fresh, (text) => text.replace('"name":"wipe"', '"name":"wype"'))).rejects.toMatchObject({
      code: 'backup-damaged',
    });
    await expect(
      load(fresh, (text) => text.replace(/"sha256":"[0-9a-f]{8}/g, '"sha256":"00000000')),
    ).rejects.toMatchObject({ code: 'backup-damaged' });
    expect(await fresh.db.selectFrom('setting').select('key').execute()).toEqual([]);
    await fresh.close();
  });

  it('refuses what a newer version wrote', async () => {
    const fresh = await emptyDatabase();
    const newer = (text: string) => text.replace('"migrations":[', '"migrations":["0000-of-tomorrow",');
    await expect(load(fresh, newer)).rejects.toMatchObject({ code: 'backup-newer' });
    await fresh.close();
  });

  it('lets no bot start before it is finished', async () => {
    const fresh = await emptyDatabase();
    await load(fresh);
    await expect(refuseUnfinishedRestore(fresh.db)).rejects.toMatchObject({ code: 'restore-unfinished' });
    await endRestore(fresh.db);
    await refuseUnfinishedRestore(fresh.db);
    await fresh.close();
  });
});

describe('a restored store', () => {
  it('has every row, and gives no number twice', async () => {
    const { rows } = await sql<{ number: number }>`insert into incident
      (organisation, drill, kind, person_guid, by_owner, opened_at, state, hold)
      values ('real', false, 'lost', ${alice}, false, now(), 'closed', 'closed') returning number`.execute(bot.db);
    expect(rows[0]?.number).toBeGreaterThan(1_100);
    const kept = await bot.db.selectFrom('incident').select('number').where('number', '<', 1_000).execute();
    expect(kept).toHaveLength(2);
  });

  it('lets nobody press a button of then, and nobody decide', async () => {
    const turn = await bot.press('otto', '#approvals', button);
    expect(turn.text).not.toBe('');
    const { state } = await bot.db
      .selectFrom('approval')
      .select('state')
      .where('subjectKind', '=', 'wipe')
      .executeTakeFirstOrThrow();
    expect(state).toBe('voided');
    expect(await bot.db.selectFrom('approvalDecision').selectAll().execute()).toEqual([]);
  });

  it('empties what hands out rights for a time, whoever adds a table of it', async () => {
    const { rows } = await sql<{ name: string }>`select relname as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind = 'r'`.execute(bot.db);
    const handedOut = rows
      .map(({ name }) => name)
      .filter((name) => /session|code|link|token|ticket|challenge/.test(name));
    expect(handedOut).toContain('approval_code');
    expect(handedOut.filter((name) => !emptied.some((table) => table === name))).toEqual([]);
  });

  it('has every grant cool off anew, and suspends whose open incident suspended them before', async () => {
    const grants = await storedGrants(bot.db, 'real');
    expect(grants.length).toBeGreaterThan(3);
    for (const { grantedAt } of grants) expect(grantedAt).toEqual(disaster.bot.clock.now());
    const suspended = await bot.db
      .selectFrom('suspension')
      .innerJoin('person', 'person.guid', 'suspension.personGuid')
      .select('person.displayName')
      .where('suspension.state', '=', 'active')
      .orderBy('suspension.id')
      .execute();
    expect(suspended.map(({ displayName }) => displayName)).toContain('Otto Lindqvist');
  });

  it('tells everybody of security, every admin and the channels', () => {
    for (const place of [security, '#helpdesk', '#approvals', 'sasha'])
      expect(bot.find(place, 'A backup was restored')).toContain('report and ask again what came in that time');
  });

  it('sends nothing of then', async () => {
    const late = bot.db
      .selectFrom('delivery')
      .select(['state', 'draft'])
      .where('problem', '=', 'a backup was restored');
    expect(await late.execute()).toEqual([{ state: 'dropped', draft: null }]);
    const posted = bot.adapter.posted.slice(disaster.bot.adapter.posted.length);
    expect(posted.length).toBeGreaterThan(0);
    expect(JSON.stringify(posted)).not.toContain('Said too late');
  });
});

describe('the audit of a restored store', () => {
  it('has a gap that is known, and is never called whole', async () => {
    const [checkpoints, publicKeys] = [await disaster.seal.read(), await disaster.seal.publicKeys()];
    const verdict = await verifyAudit(bot.db, { checkpoints, publicKeys, now: bot.clock.now() });
    expect(verdict.problems).toEqual([]);
    expect(verdict.gaps).toHaveLength(1);
    expect(verdict.gaps[0]?.known).toBeGreaterThan(verdict.gaps[0]?.kept ?? 0);
    expect(verdict.vouchedUpTo).toBeGreaterThan(verdict.gaps[0]?.next ?? 0);
    await bot.type('ada', '#security', 'audit verify');
    expect(bot.find('ada', 'but for what 1 restore lost')).toContain('are lost');
  });

  it('has a hole where nobody of us signed for it', async () => {
    const checkpoints = await disaster.seal.read();
    const verdict = await verifyAudit(bot.db, { checkpoints, publicKeys: [], now: bot.clock.now() });
    expect(verdict.problems.map(({ kind }) => kind)).toContain('deleted');
  });

  it('is no alarm in a data folder that still remembers what was lost', async () => {
    const before = disaster.folderOf('data');
    await writeFile(join(before, 'audit-end.json'), (await lastLineBefore()) ?? '');
    expect(await disaster.seal.remember(bot.db, bot.clock.now())).toBeUndefined();
  });
});

/** The newest checkpoint of before the restore: its entry is lost. */
async function lastLineBefore(): Promise<string | undefined> {
  const { checkpoints } = await disaster.seal.read();
  const lostOnes = checkpoints.filter(({ size }) => size < 1_000);
  return JSON.stringify(lostOnes.at(-1));
}

describe('who was forgotten after the backup', () => {
  it('is forgotten again', async () => {
    await forgottenList(disaster.data).add(alice, disaster.bot.clock.now());
    const again = await disaster.restore('taken');
    const person = await again.db.selectFrom('person').select('alias').where('guid', '=', alice).executeTakeFirst();
    // The directory knows them by now again; what was said of their case is gone.
    expect(person).toBeDefined();
    const wipe = await again.db.selectFrom('wipe').select('reason').executeTakeFirstOrThrow();
    expect(wipe.reason).toBe('erased');
  });
});
