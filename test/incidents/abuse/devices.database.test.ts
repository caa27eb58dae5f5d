/** A device is its GUID in its mailbox; whatever else changes about it, no other phone is wiped in its place. */
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { labCapabilities } from '../../../src/exchange/lab/capabilities.ts';
import { labMailboxGuid } from '../../../src/exchange/lab/seed.ts';
import { type TestBot, testPair } from '../../setup/bot.ts';
import { approve, ask, asked, lost, wipeStates } from '../scenes.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testPair();
  await lost(bot, 'alice.ng');
});
afterEach(() => bot.close());

const alice = labMailboxGuid('alice.ng');

async function iphone() {
  return bot.db
    .selectFrom('labDevice')
    .selectAll()
    .where('mailboxGuid', '=', alice)
    .where('friendlyName', '=', 'iPhone 15')
    .executeTakeFirstOrThrow();
}

describe('a renamed device', () => {
  it('is not confirmed by the name that it had', async () => {
    const opened = await bot.type('hana', '#helpdesk', 'wipe INC-101 1');
    const field = opened.answer.form?.fields.find((each) => each.kind === 'typed');
    const { id } = await iphone();
    await bot.db.updateTable('labDevice').set({ friendlyName: 'Galaxy S9' }).where('id', '=', id).execute();
    await bot.advance(1);
    await bot.type('hana', '#helpdesk', 'lost device alice.ng');
    const refused = await bot.submit('hana', '#helpdesk', {
      scope: 'full',
      reason: 'Lost.',
      how: 'manager',
      told: true,
      typed: field?.show ?? '',
    });
    expect(refused.answer.fieldErrors?.typed).toContain('Galaxy S9');
    expect(await wipeStates(bot)).toEqual([]);
  });

  it('with the name of another phone is still the one that was approved', async () => {
    await ask(bot, { scope: 'account-only' });
    const phone = await iphone();
    await bot.db
      .updateTable('labDevice')
      .set({ friendlyName: 'iPhone 15' })
      .where('mailboxGuid', '=', alice)
      .where('id', '!=', phone.id)
      .execute();
    await approve(bot, 'otto');
    const targets = await bot.db.selectFrom('labLedger').select('target').execute();
    expect(targets).toEqual([{ target: phone.guid }]);
  });
});

describe('a re-enrolled device', () => {
  it('voids what was approved for the partnership before', async () => {
    await ask(bot);
    const { id } = await iphone();
    await bot.db.updateTable('labDevice').set({ firstSyncTime: bot.clock.now() }).where('id', '=', id).execute();
    await approve(bot, 'otto');
    expect(await asked(bot)).toBe(0);
    expect(await wipeStates(bot)).toEqual(['voided']);
    expect(bot.find('#approvals', 'This approval is void')).toContain('synced under a new partnership');
  });
});

describe('a device list that was renumbered', () => {
  it('moves no number: a new phone gets the next one', async () => {
    const phone = await iphone();
    const { id: _id, ...copy } = phone;
    await bot.db
      .insertInto('labDevice')
      .values({
        ...copy,
        id: 900,
        guid: '11111111-0000-4000-8000-000000000900',
        deviceId: 'NEW900ABCD',
        friendlyName: 'New phone',
        lastSuccessSync: bot.clock.now(),
        lastSyncAttempt: bot.clock.now(),
        notify: '[]',
      })
      .execute();
    await bot.advance(1);
    await bot.type('hana', '#helpdesk', 'lost device alice.ng');
    expect(bot.find('#helpdesk', 'INC-101')).toMatch(/1 · iPhone 15[\s\S]*4 · New phone/);
    await ask(bot, { device: 1 });
    await approve(bot, 'otto');
    expect(await bot.db.selectFrom('labLedger').select('target').execute()).toEqual([{ target: phone.guid }]);
  });
});

describe('a device moved to another mailbox', () => {
  it('is not wiped, because it is no longer hers', async () => {
    await ask(bot);
    const { id } = await iphone();
    await sql`update lab_device set mailbox_guid = ${labMailboxGuid('bob')} where id = ${id}`.execute(bot.db);
    await approve(bot, 'otto');
    await bot.advance(14);
    expect(await asked(bot)).toBe(0);
    expect(await wipeStates(bot)).toEqual(['voided']);
    expect(bot.find('#approvals', 'This approval is void')).toContain('no longer has this partnership in that mailbox');
  });
});

const withoutAccountOnly = {
  accountOnly: false,
  cmdlets: {
    ...labCapabilities.cmdlets,
    'Clear-MobileDevice': ['Identity', 'Cancel', 'NotificationEmailAddresses', 'Confirm'],
  },
};

describe('an account-only wipe on an Exchange without -AccountOnly', () => {
  it('is not offered, and not taken when it is submitted all the same', async () => {
    await bot.close();
    bot = await testPair({ capabilities: withoutAccountOnly });
    await lost(bot, 'alice.ng');
    expect((await ask(bot, { scope: 'account-only' })).answer.fieldErrors?.scope).toBeDefined();
    expect(await wipeStates(bot)).toEqual([]);
  });

  it('is refused unsent where that is found out only then, and never becomes a full wipe', async () => {
    await bot.close();
    // The store remembers that it was offered; the account has lost it since.
    const capabilities: { accountOnly?: boolean; cmdlets?: Record<string, string[]> } = {};
    bot = await testPair({ capabilities });
    await lost(bot, 'alice.ng');
    await ask(bot, { scope: 'account-only' });
    const lab = await bot.exchange().capabilities();
    const refusing = { ...lab, ...withoutAccountOnly };
    Object.assign(lab, refusing);
    await approve(bot, 'otto');
    await bot.advance(1);
    expect(await asked(bot)).toBe(0);
    expect(await wipeStates(bot)).toEqual(['not-asked']);
    expect(bot.messagesIn('#helpdesk').join('\n')).toContain('Exchange was not asked for the wipe.');
  });
});
