/** No one person alone keeps a colleague's wipe from its decision: what would stop it, or make it void, asks for the approver's word, or waits. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { labMailboxGuid } from '../../../src/exchange/lab/seed.ts';
import { type TestBot, testPair } from '../../setup/bot.ts';
import { approve, ask, deny, lost, pressed, resetAnyway, wipeStates } from '../scenes.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testPair();
  await lost(bot, 'alice.ng');
  // Her phones stay away, so that only what people and Exchange do matters.
  await bot.db.updateTable('labDevice').set({ nextContactAt: null }).execute();
});
afterEach(() => bot.close());

async function changesMade(): Promise<string[]> {
  const rows = await bot.db
    .selectFrom('labLedger')
    .select('cmdlet')
    .where('outcome', '=', 'done')
    .orderBy('id')
    .execute();
  return rows.map((row) => row.cmdlet);
}

async function readAgain(): Promise<void> {
  await bot.advance(1);
  await bot.type('hana', '#helpdesk', 'lost device alice.ng');
}

async function blockInExchange(): Promise<void> {
  const { deviceId } = await bot.db
    .selectFrom('labDevice')
    .select('deviceId')
    .where('mailboxGuid', '=', labMailboxGuid('alice.ng'))
    .where('friendlyName', '=', 'iPhone 15')
    .executeTakeFirstOrThrow();
  await bot.db
    .updateTable('labMailbox')
    .set({ blockedIds: JSON.stringify([deviceId]) })
    .where('exchangeGuid', '=', labMailboxGuid('alice.ng'))
    .execute();
  await readAgain();
}

describe('somebody of the helpdesk who would stop a wipe that waits', () => {
  it('closes the hold and blocks the phone: the block asks for an approver, who reads which wipe it stops', async () => {
    await ask(bot);
    await resetAnyway(bot, 'hugo');
    const said = await bot.type('hugo', '#helpdesk', 'block device INC-101 1');

    expect(said.text).toContain('I have asked for an approval');
    expect(await changesMade()).toEqual([]);
    const card = bot.find('#approvals', 'block phone 1');
    expect(card).toContain('asked for by Hana');
    expect(card).toContain('waits for approval');
    const choice = await bot.type('otto', '#approvals', 'approve INC-101');
    expect(choice.text).toContain('block phone 1');
    await pressed(bot, 'otto', bot.action('#approvals', 'otto', 'Deny…'));
    await bot.submit('otto', '#approvals', { reason: 'It must hear of its wipe.' });
    await approve(bot, 'otto');
    expect(await wipeStates(bot)).toEqual(['requested']);
  });

  it('unblocks the phone, so that what the approver was shown is true no more: refused until Exchange was asked', async () => {
    await blockInExchange();
    await ask(bot);
    const said = await bot.type('hugo', '#helpdesk', 'unblock device INC-101 1');

    expect(said.text).toContain('would make it void');
    await approve(bot, 'otto');
    expect(await wipeStates(bot)).toEqual(['requested']);
    await bot.type('hugo', '#helpdesk', 'unblock device INC-101 1');
    expect(await changesMade()).toEqual(['clear-mobile-device', 'set-cas-mailbox']);
  });

  it.each(['block', 'unblock'])('has said %s before the wipe was asked for, and Exchange was away', async (verb) => {
    let away = true;
    await bot.close();
    bot = await testPair({
      onChange: async (cmdlet, moment) => {
        if (away && cmdlet === 'set-cas-mailbox' && moment === 'before') throw new Error('The server is busy.');
      },
    });
    await lost(bot, 'alice.ng');
    await bot.db.updateTable('labDevice').set({ nextContactAt: null }).execute();
    if (verb === 'unblock') await blockInExchange();
    await resetAnyway(bot, 'hugo');
    await bot.type('hugo', '#helpdesk', `${verb} device INC-101 1`);
    await ask(bot);
    away = false;
    await bot.advance(10);
    await approve(bot, 'otto');

    expect(await changesMade()).toEqual(['clear-mobile-device']);
    expect(bot.messagesIn('#helpdesk').join()).toContain(`Phone 1 was not ${verb}ed`);
  });
});

describe.each(['block', 'remove'])('a request to %s a phone that an approver was asked for', (verb) => {
  it('is void once somebody asks for a wipe of that phone, which its approver was not shown', async () => {
    await bot.type('hugo', '#helpdesk', `${verb} device INC-101 1`);
    const button = bot.action('#approvals', 'otto', 'Approve');
    await ask(bot);
    await pressed(bot, 'otto', button);

    expect(await changesMade()).toEqual([]);
    expect(await wipeStates(bot)).toEqual(['awaiting-approval']);
  });

  it('shows its approver the wipe that waits', async () => {
    await ask(bot);
    await bot.type('hugo', '#helpdesk', `${verb} device INC-101 1`);
    expect(bot.find('#approvals', `${verb} phone 1`)).toMatch(
      /the account-only wipe asked for by Hana|our wipe of this phone \(account-only, waits for approval\)/,
    );
  });
});

describe('a block that an approver was asked for', () => {
  it('is made where its approver read of the wipe that it stops', async () => {
    await ask(bot);
    await bot.type('hugo', '#helpdesk', 'block device INC-101 1');
    const block = bot.find('#approvals', 'block phone 1');
    expect(block).toContain('asked for by Hana');
    await deny(bot, 'otto', 101);
    await bot.type('hugo', '#helpdesk', 'block device INC-101 1');
    await pressed(bot, 'otto', bot.action('#approvals', 'otto', 'Approve'));
    expect(await changesMade()).toEqual(['set-cas-mailbox']);
  });

  it('is needed while Exchange holds a wipe that somebody else asked for, whatever became of the hold', async () => {
    await bot.db
      .updateTable('labDevice')
      .set({ wipeRequestTime: bot.clock.now(), wipeRequestor: 'sam@x.example' })
      .where('mailboxGuid', '=', labMailboxGuid('alice.ng'))
      .execute();
    await readAgain();
    await resetAnyway(bot, 'hugo');
    const said = await bot.type('hugo', '#helpdesk', 'block device INC-101 1');

    expect(said.text).toContain('I have asked for an approval');
    expect(await changesMade()).toEqual([]);
  });
});
