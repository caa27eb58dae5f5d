/**
 * Whoever can write to the database, as its administrator can, leaves traces: the end of the audit, its checkpoints and its key lie
 * outside of it, and copies lie in the audit channel.
 */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditHash, commitmentTo } from '../../../src/audit/chain.ts';
import { type AuditSeal, openSeal } from '../../../src/audit/checkpoint.ts';
import { readAudit } from '../../../src/audit/read.ts';
import { type TestBot, testPair } from '../../setup/bot.ts';
import { approve, ask, deny, lost } from '../scenes.ts';

let folder: string;
let seal: AuditSeal;
let bot: TestBot;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mislaid-abuse-'));
  seal = await openSeal({ folder });
  bot = await testPair({ seal });
  await lost(bot, 'alice.ng');
  await seal.checkpoint(bot.db, bot.clock.now());
});
afterEach(async () => {
  await bot.close();
  await rm(folder, { recursive: true });
});

/** What a superuser of the database can do. */
async function tamper(...statements: string[]): Promise<void> {
  await sql`alter table audit disable trigger all`.execute(bot.db);
  for (const statement of statements) await sql.raw(statement).execute(bot.db);
  await sql`alter table audit enable trigger all`.execute(bot.db);
}

async function size(): Promise<number> {
  const { seq } = await bot.db.selectFrom('audit').select('seq').orderBy('seq', 'desc').executeTakeFirstOrThrow();
  return seq;
}

async function verify(copy = ''): Promise<string> {
  await bot.type('sasha', '#security', `audit verify ${copy}`.trim());
  return bot.messagesIn('sasha').at(-1) ?? '';
}

/** The last checkpoint that the audit channel shows. */
function channelCopy(): string {
  return bot.find('#audit', 'Audit checkpoint').match(/\{.*\}/s)?.[0] ?? '';
}

/** A chain that fits itself: this entry left out, and all after it hashed anew. */
async function forgeWithout(seq: number): Promise<void> {
  const records = [];
  for await (const record of readAudit(bot.db)) records.push(record);
  let prevHash = records[seq - 2]?.hash ?? '0'.repeat(64);
  await tamper(`delete from audit where seq >= ${seq}`);
  for (const record of records.slice(seq)) {
    const moved = { ...record, seq: record.seq - 1, prevHash };
    prevHash = auditHash(moved);
    await bot.db
      .insertInto('audit')
      .values({ ...moved, at: new Date(moved.at), data: JSON.stringify(moved.data), hash: prevHash })
      .execute();
  }
}

describe('an administrator of the database', () => {
  it('who cuts off the tail after the last checkpoint is found out', async () => {
    await seal.remember(bot.db, bot.clock.now());
    const all = await size();
    await tamper(`delete from audit where seq > ${all - 2}`);

    const said = await verify();
    expect(said).toContain('The audit was tampered with');
    expect(said).toContain(`Entry ${all - 1} truncated`);
    expect(bot.find('#security', 'The audit was tampered with')).toContain('truncated');
  });

  it('who cuts off the tail and lets it grow again is found out, and the alarm comes by itself', async () => {
    await seal.remember(bot.db, bot.clock.now());
    const all = await size();
    await tamper(`delete from audit where seq > ${all - 2}`);
    await bot.type('hana', '#helpdesk', 'lost device bob');
    expect(await size()).toBeGreaterThan(all);

    expect(await seal.remember(bot.db, bot.clock.now())).toMatchObject({ size: all });
    expect(await verify()).toContain('rewritten');
  });

  it('who leaves out one entry and hashes all others anew is found out', async () => {
    await seal.remember(bot.db, bot.clock.now());
    await forgeWithout(2);

    expect(await verify()).toContain('The audit was tampered with');
  });

  it('who takes away what an entry says, as if it had been forgotten, is found out', async () => {
    await tamper('update audit set data = null, salt = null where seq = 2');

    expect(await verify()).toContain('What entry 2 said is gone, and no erasure in the audit names it.');
  });

  it('who writes other words into an entry, with a commitment to these, is found out', async () => {
    const salt = 'a'.repeat(32);
    const commitment = commitmentTo(salt, { reason: 'nothing' });
    await tamper(
      `update audit set data = '{"reason": "nothing"}', salt = '${salt}', commitment = '${commitment}' where seq = 2`,
    );

    expect(await verify()).toContain('Entry 2 edited');
  });

  it('who empties the audit is found out', async () => {
    await seal.remember(bot.db, bot.clock.now());
    await tamper('delete from audit');

    expect(await verify()).toContain('Entry 1 truncated');
  });

  it('who puts back the database of an hour ago is found out', async () => {
    const before = await size();
    await ask(bot);
    await seal.remember(bot.db, bot.clock.now());
    await tamper(`delete from audit where seq > ${before}`);

    expect(await verify()).toContain(`Entry ${before + 1} truncated`);
  });
});

describe('somebody with the data folder', () => {
  it('who deletes the checkpoints makes the audit one that nobody vouches for', async () => {
    await ask(bot);
    await rm(seal.file);
    await rm(join(folder, 'audit-end.json'), { force: true });

    const said = await verify();
    expect(said).toContain('The audit cannot be vouched for');
    expect(said).toContain('checkpoints-missing');
  });

  it.each([
    ['which the bot reads', true],
    ['which somebody pastes', false],
  ])('who deletes the newest checkpoints is found out by a copy in the audit channel, %s', async (_how, readable) => {
    const old = await readFile(seal.file, 'utf8');
    await ask(bot);
    await approve(bot, 'otto');
    const copy = readable ? '' : channelCopy();
    for (const post of readable ? [] : bot.adapter.posted)
      if (post.target === 'console:#audit') post.target = 'console:#old';
    const all = await size();
    await writeFile(seal.file, old.split('\n').slice(0, 1).join('\n'));
    await tamper(`delete from audit where seq > ${all - 3}`);

    expect(await verify(copy)).toContain('truncated');
  });

  it('who puts back an old end changes nothing: the checkpoints say more', async () => {
    await seal.remember(bot.db, bot.clock.now());
    await copyFile(join(folder, 'audit-end.json'), join(folder, 'old'));
    await ask(bot);
    await approve(bot, 'otto');
    await copyFile(join(folder, 'old'), join(folder, 'audit-end.json'));
    const all = await size();
    await tamper(`delete from audit where seq > ${all - 4}`);

    expect(await verify()).toContain('truncated');
  });

  it('who adds a public key and checkpoints of their own is found out', async () => {
    const own = await mkdtemp(join(tmpdir(), 'mislaid-own-'));
    const other = await openSeal({ folder: own });
    await rm(seal.file);
    await forgeWithout(3);
    const { text } = await other.checkpoint(bot.db, bot.clock.now());
    await writeFile(seal.file, `${text}\n`);
    await copyFile(join(own, `audit-public-${other.keyId}.pem`), join(folder, `audit-public-${other.keyId}.pem`));
    await rm(own, { recursive: true });

    const said = await verify();
    expect(said).toContain('neither ours nor named in MISLAID_AUDIT_OLD_KEYS');
    expect(said).toContain('checkpoints-missing');
  });
});

it('what was found whole is not read again, and that is said; with `all` it is', async () => {
  await ask(bot);
  await approve(bot, 'otto');
  expect(await verify()).toContain('The audit is whole');
  const again = await verify();
  expect(again).toContain('What is new in the audit is whole');
  expect(again).toMatch(/Those \d+ entries were not read again, .*audit verify all.* reads every one/);
  const all = await verify('all');
  expect(all).toContain('The audit is whole');
  expect(all).not.toContain('not read again');
});

describe('a copy from the audit channel', () => {
  it('is compared, and it is said that it fits', async () => {
    await ask(bot);
    await approve(bot, 'otto');

    const said = await verify(channelCopy());
    expect(said).toContain('The audit is whole');
    expect(said).toMatch(/Your copy is signed by me: \d+ entries.* It fits\./);
  });

  it('that was changed, or is none, is said to be so', async () => {
    await ask(bot);
    await approve(bot, 'otto');
    const forged = channelCopy().replace(/"size":\d+/, '"size":3');

    expect(await verify(forged)).toContain('does not fit its signature');
    expect(await verify('what I remember')).toContain('is no checkpoint');
  });
});

describe('a checkpoint', () => {
  it('follows every decision and every wipe that is issued', async () => {
    await ask(bot);
    await approve(bot, 'otto');
    const { checkpoints } = await seal.read();
    const decisive = await bot.db
      .selectFrom('audit')
      .select('seq')
      .where('action', 'in', ['approval.approved', 'wipe.approved', 'wipe.issuing', 'wipe.requested'])
      .execute();
    const vouched = Math.max(...checkpoints.map((checkpoint) => checkpoint.size));

    expect(decisive.length).toBeGreaterThan(2);
    expect(decisive.filter(({ seq }) => seq > vouched)).toEqual([]);
  });

  it('follows a change of the policy', async () => {
    const before = (await seal.read()).checkpoints.length;
    await bot.setPolicy({ ...bot.policy.current, vip: [] });
    await bot.runner.settle();

    expect((await seal.read()).checkpoints.length).toBeGreaterThan(before);
  });

  it('follows each of these within a second of the bot’s own clock, also while the hour’s one is far away', async () => {
    await ask(bot);
    await bot.advance(1);
    await approve(bot, 'otto');
    await bot.advance(1);
    await bot.setPolicy({ ...bot.policy.current, vip: [] });
    await bot.advance(1);
    await bot.type('sasha', '#security', 'lock wipes because of a test');
    await bot.advance(1);
    await ask(bot, { device: 3, scope: 'full' });
    await deny(bot, 'otto', 101);
    await bot.advance(1);
    const { checkpoints } = await seal.read();
    const entries = await bot.db.selectFrom('audit').select(['seq', 'at', 'action']).orderBy('seq').execute();
    for (const action of [
      'approval.approved',
      'wipe.issuing',
      'wipe.requested',
      'policy.changed',
      'wipes.locked',
      'approval.denied',
    ]) {
      const entry = entries.findLast((each) => each.action === action);
      const follows = checkpoints.find(({ size }) => size >= (entry?.seq ?? Number.POSITIVE_INFINITY));
      expect(Date.parse(follows?.at ?? '') - (entry?.at.getTime() ?? 0), action).toBeLessThanOrEqual(1_000);
    }
  });

  it('does not follow what decides nothing', async () => {
    const before = (await seal.read()).checkpoints.length;
    await bot.store.change(async (change) =>
      change.audit({ action: 'report.scheduled', subject: 'report:1', data: {} }),
    );
    await bot.runner.settle();

    expect((await seal.read()).checkpoints).toHaveLength(before);
  });
});
