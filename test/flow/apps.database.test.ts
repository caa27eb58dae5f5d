/** An app is seen, kept out, leaks, is kept out for good, and comes back: on the lab, whose logs follow its phones. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readServer } from '../../src/activesync/read-server.ts';
import { changeLabPassword, labLedger } from '../../src/exchange/lab/operations.ts';
import type { LabOrganisation } from '../../src/exchange/lab/organisation.ts';
import { labMailboxGuid } from '../../src/exchange/lab/seed.ts';
import { accessRules, changeMobileSettings, removeAccessRule } from '../../src/exchange/lab/settings.ts';
import { createFileServers } from '../../src/servers/files/index.ts';
import { headOf, lineOf } from '../fixtures/activesync-logs.ts';
import { type TestBot, testBot } from '../setup/bot.ts';
import { approvals, security } from './scene.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testBot();
  await bot.store.change(async (change) => {
    await change.enqueue('watch-apps', { organisation: 'lab' }, { key: 'start' });
  });
  await bot.runner.settle();
});
afterEach(() => bot.close());

const lab = (): LabOrganisation => ({ db: bot.db, clock: bot.clock, requestor: '' });
const card = () =>
  bot
    .messagesIn(security)
    .find((text) => /Block CloudMagic\?|Blocking CloudMagic|CloudMagic is|still get through/.test(text)) ?? '';

/** Time passes at once: the phones live through it, and what is due runs when it is over. */
async function later(minutes: number): Promise<void> {
  bot.clock.advance(minutes * 60_000);
  await bot.advance(0);
}

/** Asked by Sasha on the card, approved by Otto. */
async function staged(label: string): Promise<void> {
  await bot.click('sasha', security, label);
  await bot.click('otto', approvals, 'Approve');
}

async function cloudMagicId(alias: string): Promise<string> {
  const row = await bot.db
    .selectFrom('labDevice')
    .select('deviceId')
    .where('mailboxGuid', '=', labMailboxGuid(alias))
    .where('deviceType', '=', 'CloudMagic')
    .executeTakeFirstOrThrow();
  return row.deviceId;
}

describe('block app CloudMagic', () => {
  it('shows what a block would do, blocks after a second person agreed, proves it, and takes it back', async () => {
    expect((await bot.type('hana', '#helpdesk', 'block app CloudMagic')).text).toContain('security and admins');
    await bot.type('sasha', security, 'block app CloudMagic');
    expect(card()).toContain('3 people lose mail in that app on 3 phones; nobody has a wipe on its way there.');
    expect(card()).toContain('DeviceType `CloudMagic` (3 phones, none of others)');
    expect(await accessRules(lab())).toEqual([]);

    await staged('Block');
    expect(await accessRules(lab())).toMatchObject([{ Name: 'CloudMagic(DeviceType)', AccessLevel: 'Block' }]);
    expect(card()).toContain('Exchange shows DeviceType CloudMagic as blocked.');

    await later(45);
    expect(card()).toMatch(/CloudMagic is blocked[\s\S]*3 of 3 phones refused, 0 let in since/);
    expect(bot.find(security, 'CloudMagic is blocked: ')).toContain('3 of 3 phones refused');

    await bot.type('sasha', security, 'blocked apps');
    const answer = bot.find('sasha', 'Blocked apps and phones');
    expect(answer).toMatch(/CloudMagic\(DeviceType\).*blocks.*3/);
    expect(answer).toContain('3 blocked by a device access rule: Bob Tanaka, Gita Rao, Ines Duarte');

    await bot.type('sasha', security, 'unblock app CloudMagic');
    await bot.click('otto', approvals, 'Approve');
    expect(await accessRules(lab())).toEqual([]);
    expect(card()).toContain('CloudMagic is no longer blocked');
    await later(70);
    expect(bot.everything()).not.toContain('no longer lists');
  });

  it('says who still gets through and how, and stops them by a personal block', async () => {
    const id = await cloudMagicId('bob');
    await changeMobileSettings(lab(), {
      identity: labMailboxGuid('bob'),
      allowed: { Add: [id] },
      blocked: undefined,
      activeSyncEnabled: undefined,
    });
    await bot.type('sasha', security, 'block app CloudMagic');
    await staged('Block');
    await later(45);
    expect(card()).toContain('CloudMagic: 1 of 3 still get through');
    expect(card()).toContain("Bob Tanaka by the mailbox's own list of allowed devices");
    expect(bot.find(security, 'CloudMagic still gets through')).toContain('1 of 3 phones');

    await staged('Personal block');
    await later(45);
    expect(card()).toMatch(/CloudMagic is blocked[\s\S]*3 of 3 phones refused/);
  });

  it('tells security once when a rule is removed by somebody else', async () => {
    await bot.type('sasha', security, 'block app CloudMagic');
    await staged('Block');
    const [rule] = await accessRules(lab());
    await removeAccessRule(lab(), String(rule?.Guid));
    await later(30);
    const told = bot.messagesIn(security).filter((text) => text.includes('no longer lists'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('CloudMagic is no longer kept out by it');
    expect(card()).toContain('3 of 3 still get through');
  });

  it('quarantines first, blocks with the same rule, and puts nothing back that was not there', async () => {
    await bot.type('sasha', security, 'block app CloudMagic');
    await staged('Quarantine');
    expect(await accessRules(lab())).toMatchObject([{ AccessLevel: 'Quarantine' }]);
    await later(15);
    expect(card()).toContain('3 of 3 phones quarantined');
    await staged('Block');
    expect(await accessRules(lab())).toMatchObject([{ AccessLevel: 'Block' }]);
    await bot.type('sasha', security, 'unblock app CloudMagic');
    await bot.click('otto', approvals, 'Approve');
    expect(await accessRules(lab())).toEqual([]);
  });

  it('does nothing that is not approved, and nothing twice', async () => {
    await bot.type('sasha', security, 'block app CloudMagic');
    await bot.click('sasha', security, 'Block');
    expect((await bot.click('sasha', approvals, 'Approve')).text).toMatch(/someone else|approver/i);
    await later(31);
    expect(card()).toContain('expired: nobody decided in time');
    await staged('Block');
    const made = (await labLedger(bot.db)).filter(({ cmdlet }) => cmdlet === 'new-activesync-device-access-rule');
    expect(made).toHaveLength(1);
  });

  it('refuses while a wipe of one of the phones is on its way', async () => {
    await bot.type('sasha', security, 'block app CloudMagic');
    const guid = await bot.db
      .selectFrom('mobileDevice')
      .select('guid')
      .where('deviceType', '=', 'CloudMagic')
      .orderBy('guid')
      .executeTakeFirstOrThrow();
    await bot.click('sasha', security, 'Block');
    await bot.type('hana', '#helpdesk', 'lost device bob');
    const now = bot.clock.now();
    await bot.db
      .insertInto('wipe')
      .values({
        organisation: 'lab',
        drill: false,
        incidentNumber: 101,
        deviceNumber: 1,
        deviceGuid: guid.guid,
        mailboxGuid: labMailboxGuid('bob'),
        scope: 'full',
        state: 'requested',
        requestedBy: labMailboxGuid('hana'),
        reason: 'lost',
        verification: JSON.stringify({ how: 'manager', note: '' }),
        ownerInformed: true,
        notify: '[]',
        frozen: '{}',
        breakGlassBy: null,
        proposedAt: now,
        heldBecause: null,
        before: null,
        issuingAt: null,
        callDeadlineAt: null,
        requestedAt: now,
        sentAt: null,
        acknowledgedAt: null,
        endedAt: null,
      })
      .execute();
    await bot.click('otto', approvals, 'Approve');
    expect(await accessRules(lab())).toEqual([]);
    expect(card()).toContain('A wipe of one of these phones is on its way (INC-101)');
    expect((await bot.click('sasha', security, 'Block')).text).toContain('I will not block these phones now');
  });

  it('adds to the EWS block list, takes only its own entry back, and leaves an allow list alone', async () => {
    await bot.db
      .updateTable('labEws')
      .set({ blockList: JSON.stringify(['*Old*']), policy: 'EnforceBlockList' })
      .execute();
    await bot.type('sasha', security, 'block app CloudMagic');
    await staged('EWS too');
    const list = async () =>
      (await bot.db.selectFrom('labEws').select('blockList').executeTakeFirstOrThrow()).blockList;
    expect(await list()).toEqual(['*Old*', '*CloudMagic*']);
    await bot.type('sasha', security, 'unblock app CloudMagic');
    await bot.click('otto', approvals, 'Approve');
    expect(await list()).toEqual(['*Old*']);

    await bot.db.updateTable('labEws').set({ policy: 'EnforceAllowList' }).execute();
    await bot.type('sasha', security, 'block app CloudMagic');
    await staged('EWS too');
    expect(await list()).toEqual(['*Old*']);
    expect(bot.everything()).toContain('let in only what stands on an allow list');
  });

  it('edits a web.config only where that would work, restores it byte for byte, and notices when an update undoes it', async () => {
    await bot.type('sasha', security, 'block app CloudMagic');
    await bot.click('sasha', security, 'web.config…');
    expect(bot.find('sasha', 'CloudMagic in web.config')).toContain('RequestFilteringModule');
    expect(bot.find('sasha', 'CloudMagic in web.config')).not.toContain('[EX01 ActiveSync]');

    const { easConfig } = await bot.db
      .selectFrom('labServer')
      .select('easConfig')
      .where('name', '=', 'EX01')
      .executeTakeFirstOrThrow();
    const old = easConfig.replace(/\r\n *<remove name="RequestFilteringModule" \/>/, '');
    const set = (text: string) =>
      bot.db.updateTable('labServer').set({ easConfig: text }).where('name', '=', 'EX01').execute();
    const get = async () =>
      (await bot.db.selectFrom('labServer').select('easConfig').where('name', '=', 'EX01').executeTakeFirstOrThrow())
        .easConfig;
    await set(old);
    await bot.click('sasha', security, 'web.config…');
    await bot.click('sasha', undefined, 'EX01 ActiveSync');
    expect((await bot.click('otto', approvals, 'Approve')).text).toMatch(/admin/);
    await bot.click('ines', approvals, 'Approve');
    const edited = await get();
    expect(edited).toContain('<add string="CloudMagic" />');
    expect(card()).toContain('the web.config denies CloudMagic; backup lab/EX01');

    await set(old);
    await later(61);
    expect(bot.find(security, 'An edit of a web.config on EX01 was undone')).toContain('CloudMagic');
    await set(edited);

    await bot.type('sasha', security, 'unblock app CloudMagic');
    await bot.click('ines', approvals, 'Approve');
    expect(await get()).toBe(old);
  });

  it('tells the people privately where they are known in chat, and says who could not be told', async () => {
    await bot.type('sasha', security, 'block app CloudMagic');
    await staged('Tell them first');
    expect(bot.find('bob', 'kept out of our mail server')).toContain('CloudMagic');
    expect(card()).toContain('2 of 3 told privately. Not known in chat, so not told: Gita Rao.');
  });
});

describe('what is asked of logs', () => {
  it('apps, apps new and app', async () => {
    await bot.type('hana', '#helpdesk', 'apps');
    expect(bot.find('hana', 'Mail apps')).toMatch(/CloudMagic\s+3\s+3/);
    await bot.type('hana', '#helpdesk', 'app cloudmagic');
    expect(bot.find('hana', 'All requests came from one network')).toContain('198.51.100.0/24');
    await bot.db
      .updateTable('labDevice')
      .set({ deviceType: 'BlueMail', userAgent: 'BlueMail/1.9' })
      .where('mailboxGuid', '=', labMailboxGuid('hugo'))
      .where('friendlyName', '=', 'Pixel 7')
      .execute();
    await later(65);
    expect(bot.messagesIn(security).filter((text) => text.includes('New app: BlueMail'))).toHaveLength(1);
    expect(bot.everything()).not.toContain('New app: CloudMagic');
    await bot.type('hana', '#helpdesk', 'app nosuchthing');
    expect(bot.find('hana', 'nosuchthing')).toContain('No phone here comes with an app called');
  });

  it('last seen tells a refused password from a phone that is let in, and so does an incident card', async () => {
    await bot.type('hana', '#helpdesk', 'lost device alice.ng');
    await changeLabPassword(bot.db, bot.clock, labMailboxGuid('alice.ng'));
    await later(40);
    await bot.type('hana', '#helpdesk', 'last seen alice.ng');
    const answer = bot.find('hana', 'Last seen: Alice Ng');
    expect(answer).toContain('Turned away at the login: ');
    expect(answer).toContain(
      'somebody who gave its name: the phone with a wrong password, or anybody who knows its id',
    );
    expect(answer).toMatch(/\[picture: Requests per day of Alice Ng/);
    const card = bot.find('#helpdesk', 'INC-101');
    expect(card).toContain('somebody who gives its name. The phone itself, if its password is no longer right');
    expect(card).not.toContain('so a wipe cannot reach it');
  });

  it('a card says that a server handed the wipe over, also where the phone was let in again afterwards', async () => {
    const owner = labMailboxGuid('alice.ng');
    const phone = await bot.db
      .selectFrom('labDevice')
      .selectAll()
      .where('mailboxGuid', '=', owner)
      .executeTakeFirstOrThrow();
    const [handedOver, letIn] = [-300, -200].map((seconds) => bot.clock.now().getTime() / 1000 + seconds);
    const request = {
      takenMs: 90,
      account: 'alice.ng',
      deviceId: phone.deviceId,
      deviceType: phone.deviceType,
      agent: phone.userAgent,
      command: 'Sync',
      http: 200,
      heartbeat: 0,
      address: '203.0.113.9',
    };
    const lines = [
      headOf('backEnd2016'),
      lineOf('backEnd2016', { ...request, end: handedOver ?? 0, status: 140 }, 1),
      lineOf('backEnd2016', { ...request, end: letIn ?? 0, status: 1 }, 2),
    ];
    const folder = mkdtempSync(join(tmpdir(), 'mislaid-handed-over-'));
    try {
      writeFileSync(join(folder, 'u_ex.log'), lines.join(''));
      const servers = createFileServers([{ name: 'EX07', backEndLogs: folder }]);
      await readServer(servers, 'EX07', 'backEnd', { db: bot.db, organisation: 'lab', clock: bot.clock });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    await bot.type('hana', '#helpdesk', 'lost device alice.ng');
    expect(bot.find('#helpdesk', 'INC-101')).toMatch(
      /Logs: \**it was told to wipe itself\**, [^.]*, by EX07\. Logs: last let in [^.]*/,
    );
  });

  it('posts a report when it is due, once, and not after it was stopped', async () => {
    expect((await bot.type('sasha', undefined, 'report blocked apps every day at 10:30')).text).toContain(
      'Say this in the channel',
    );
    await bot.type('sasha', security, 'report blocked apps every day at 10:30');
    await later(60);
    const posted = () => bot.messagesIn(security).filter((text) => text.includes('Blocked apps and phones'));
    expect(posted()).toHaveLength(1);
    expect(posted()[0]).not.toContain('Gita');
    await bot.type('sasha', security, 'stop report 1');
    await later(24 * 60);
    expect(posted()).toHaveLength(1);
  });
});
