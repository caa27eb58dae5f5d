import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { labMailboxGuid } from '../../../src/exchange/lab/seed.ts';
import { type TestBot, testBot } from '../../setup/bot.ts';
import { approve, ask, asked, lost, wipeStates } from '../scenes.ts';

let bot: TestBot;

/** The phone never comes. */
async function silent(person: string): Promise<void> {
  await bot.db
    .updateTable('labDevice')
    .set({ nextContactAt: null })
    .where('mailboxGuid', '=', labMailboxGuid(person))
    .execute();
}

/** The clock jumps, and what is due then runs once. */
async function later(minutes: number): Promise<void> {
  bot.clock.advance(minutes * 60_000);
  await bot.runner.settle();
}

const raised = () => bot.messagesIn('#security').filter((text) => text.includes('not reached for'));

describe('Plan B', () => {
  beforeAll(async () => {
    bot = await testBot();
    await lost(bot, 'alice.ng');
    await silent('alice.ng');
    await ask(bot);
    await approve(bot, 'otto');
    await bot.until(async () => (await wipeStates(bot))[0] === 'requested', 2);
  });
  afterAll(() => bot.close());

  it('comes when the longest wait is over, with what each rung costs, and again while nobody answers', async () => {
    await later(29);
    expect(raised()).toEqual([]);
    await later(3);
    expect(raised()).toHaveLength(1);
    const card = bot.find('#helpdesk', 'INC-101 ·');
    expect(card).toContain('Not reached');
    const rungs = ['Wait — ', 'Give up the wipe — ', 'Block the phone', 'Revoke sessions', 'carrier to suspend'];
    expect(rungs.map((rung) => card.indexOf(rung))).toEqual(
      [...rungs.map((rung) => card.indexOf(rung))].sort((a, b) => a - b),
    );
    expect(card).toContain('ends the chance of a wipe');
    await later(31);
    expect(raised()).toHaveLength(2);
    expect(raised()[1]).toContain('nobody has answered');
  });

  it('keeps quiet for as long as somebody keeps waiting', async () => {
    await bot.click('hana', '#helpdesk', 'Keep waiting 4 h');
    await later(3 * 60);
    expect(raised()).toHaveLength(2);
    await later(62);
    expect(raised()).toHaveLength(3);
    expect((await bot.type('hana', '#helpdesk', 'keep waiting INC-101 1h')).text).toContain('I keep waiting until');
  });

  it('giving up cancels in Exchange and reads it back before anything else is allowed', async () => {
    expect((await bot.type('hana', '#helpdesk', 'block device INC-101 1')).text).toContain('Give the wipe up first');
    await bot.type('hana', '#helpdesk', 'give up INC-101');
    await bot.submit('hana', '#helpdesk', { reason: 'Nobody knows where it is.', how: 'by her manager' });
    expect(await wipeStates(bot)).toEqual(['cancelled']);
    expect(bot.messagesIn('#helpdesk').join('\n')).toContain('it holds no request for this phone any more');
    const incident = await bot.db.selectFrom('incident').select('hold').executeTakeFirstOrThrow();
    expect(incident.hold).toBe('closed');
    await later(60);
    expect(raised()).toHaveLength(3);
  });
});

describe('giving up what Exchange no longer takes back', () => {
  beforeEach(async () => {
    bot = await testBot();
    // Mei's phone answers a wipe with "could not".
    await lost(bot, 'mei');
    await ask(bot, { scope: 'full' });
    await approve(bot, 'otto');
    await bot.until(async () => ['sent', 'refused-by-device'].includes((await wipeStates(bot))[0] ?? ''));
  });
  afterEach(() => bot.close());

  it('says that the phone will still be erased, closes only with that tick, and goes on watching', async () => {
    await bot.type('hana', '#helpdesk', 'give up INC-101');
    await bot.submit('hana', '#helpdesk', { reason: 'It refuses.', how: 'in person' });
    expect(await wipeStates(bot)).toEqual(['given-up']);
    expect(bot.messagesIn('#helpdesk').join('\n')).toContain('will still be erased if it connects');
    expect((await bot.type('hana', '#helpdesk', 'close INC-101')).answer.form?.id).toBe('close');
    await bot.submit('hana', '#helpdesk', { stillErased: true, reason: '' });
    await bot.db.updateTable('labDevice').set({ refusesWipe: false }).execute();
    await bot.until(async () => (await wipeStates(bot))[0] === 'acknowledged', 240);
  });
});

describe('a full wipe where account-only was asked', () => {
  let takenBack = true;
  beforeEach(async () => {
    bot = await testBot({
      onChange: async (cmdlet, moment) => {
        if (moment !== 'after') return;
        const alice = labMailboxGuid('alice.ng');
        if (cmdlet === 'clear-mobile-device') {
          await sql`update lab_device set wipe_request_time = account_wipe_request_time, wipe_requestor = account_wipe_requestor,
            account_wipe_request_time = null where mailbox_guid = ${alice} and account_wipe_request_time is not null`.execute(
            bot.db,
          );
        }
        if (cmdlet === 'cancel-mobile-device-wipe' && !takenBack) {
          await sql`update lab_device set wipe_request_time = wipe_sent_time where mailbox_guid = ${alice} and wipe_sent_time is not null`.execute(
            bot.db,
          );
        }
      },
    });
    await lost(bot, 'alice.ng');
    await silent('alice.ng');
  });
  afterEach(() => bot.close());

  async function cancels(): Promise<number> {
    const rows = await bot.db
      .selectFrom('labLedger')
      .select('id')
      .where('cmdlet', '=', 'cancel-mobile-device-wipe')
      .execute();
    return rows.length;
  }

  it('is taken back at once, read back, and ends as not asked', async () => {
    await ask(bot, { scope: 'account-only' });
    await approve(bot, 'otto');
    await bot.advance(1);
    expect(await wipeStates(bot)).toEqual(['not-asked']);
    expect(await cancels()).toBe(1);
    expect(await asked(bot)).toBe(1);
    expect(bot.messagesIn('#security').filter((text) => text.includes('FULL wipe'))).toHaveLength(1);
    expect(bot.messagesIn('#helpdesk').join('\n')).toContain('a read shows it no more');
    const phone = await bot.db
      .selectFrom('labDevice')
      .select('wipeRequestTime')
      .where('friendlyName', '=', 'iPhone 15')
      .executeTakeFirstOrThrow();
    expect(phone.wipeRequestTime).toBeNull();
  });

  it('is cancelled a few times at most where Exchange keeps it, and said as what it is', async () => {
    takenBack = false;
    await ask(bot, { scope: 'account-only' });
    await approve(bot, 'otto', 101, undefined, { settle: false });
    await bot.runner.runOne((due) => due.find((row) => row.job === 'issue-wipe'));
    // The phone has heard of it: too late.
    await bot.db
      .updateTable('labDevice')
      .set((eb) => ({ wipeSentTime: eb.ref('wipeRequestTime') }))
      .where('wipeRequestTime', 'is not', null)
      .execute();
    await bot.advance(2);
    expect(await cancels()).toBe(3);
    expect(await wipeStates(bot)).toEqual(['not-asked']);
    const wipe = await bot.db.selectFrom('wipe').select('exchangeHolds').executeTakeFirstOrThrow();
    expect(wipe.exchangeHolds).toBe(true);
    expect(bot.messagesIn('#helpdesk').join('\n')).toContain('did not take it back');
    expect(bot.messagesIn('#security').filter((text) => text.includes('FULL wipe'))).toHaveLength(1);
    expect((await bot.type('hana', '#helpdesk', 'close INC-101')).answer.form?.id).toBe('close');
    await later(30);
    expect(await cancels()).toBe(3);
  });
});
