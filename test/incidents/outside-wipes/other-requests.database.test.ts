/** What another administrator asked of Exchange is shown wherever somebody decides, and followed to its end. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cancelMobileDeviceWipe } from '../../../src/exchange/cmdlets/cancel-mobile-device-wipe.ts';
import { clearMobileDevice } from '../../../src/exchange/cmdlets/clear-mobile-device.ts';
import { openLab } from '../../../src/exchange/lab/index.ts';
import { labMailboxGuid } from '../../../src/exchange/lab/seed.ts';
import { type TestBot, testBot } from '../../setup/bot.ts';
import { approve, ask, asked, lost, wipeStates } from '../scenes.ts';

const elsewhere = 'it@contoso.example';

let bot: TestBot;
beforeEach(async () => {
  bot = await testBot();
  await bot.store.change((change) => change.enqueue('find-outside-wipes', { organisation: 'lab' }, { key: 'lab' }));
  await bot.runner.settle();
  bot.clock.advance(1_000);
});
afterEach(() => bot.close());

async function phoneOf(person: string): Promise<string> {
  const phone = await bot.db
    .selectFrom('labDevice')
    .select('guid')
    .where('mailboxGuid', '=', labMailboxGuid(person))
    .orderBy('lastSyncAttempt', 'desc')
    .executeTakeFirstOrThrow();
  return phone.guid;
}

async function askElsewhere(guid: string, accountOnly = false): Promise<void> {
  const lab = openLab({ db: bot.db, clock: bot.clock, requestor: elsewhere });
  await lab.run(clearMobileDevice, { Identity: guid, ...(accountOnly ? { AccountOnly: true as const } : {}) });
}

const card = () => bot.find('#helpdesk', 'Lost device');

describe('a wipe that another administrator asked for', () => {
  it('is on the card, in the list of devices and in what the helpdesk is refused with', async () => {
    await askElsewhere(await phoneOf('alice.ng'));
    await lost(bot, 'alice.ng');

    expect(card()).toContain(`Wipe in Exchange: Exchange holds a full wipe, asked for by ${elsewhere}, not by Mislaid`);
    await bot.type('hana', '#helpdesk', 'devices alice.ng');
    expect(bot.messagesIn('hana').join()).toContain(`asked for by ${elsewhere}`);

    const refused = await ask(bot, { incident: 101, device: 1 });
    expect(refused.text).toMatch(/already holds a (full )?wipe of this phone/);
    expect(await wipeStates(bot)).toEqual([]);
  });

  it('is not closed away: whoever closes ticks that the phone will still be erased, and its owner is not forgotten', async () => {
    await askElsewhere(await phoneOf('alice.ng'));
    await lost(bot, 'alice.ng');
    const form = await bot.type('hana', '#helpdesk', 'close INC-101');
    expect(form.text).toContain('will still be erased if it connects');
    expect((await bot.submit('hana', '#helpdesk', {})).text).toContain('Tick this');
    await bot.type('hana', '#helpdesk', 'close INC-101');
    await bot.submit('hana', '#helpdesk', { stillErased: true });
    expect((await bot.type('ada', '#security', 'forget alice.ng because she left')).text).toMatch(
      /cannot be forgotten now.*INC-101, by a request that did not come from Mislaid/,
    );
  });

  it('is shown to the approver where a full wipe goes beyond it', async () => {
    await askElsewhere(await phoneOf('alice.ng'), true);
    await lost(bot, 'alice.ng');
    await ask(bot, { incident: 101, device: 1, scope: 'full' });

    expect(bot.find('#approvals', 'Approve?')).toContain(
      `an account-only wipe, asked for by ${elsewhere}, not by Mislaid`,
    );
  });

  it('voids a proposal that it contradicts, before anybody approves it', async () => {
    await lost(bot, 'alice.ng');
    await ask(bot, { incident: 101, device: 1 });
    expect(bot.find('#approvals', 'Approve?')).toContain('nothing else was asked of this phone');

    await askElsewhere(await phoneOf('alice.ng'));
    await bot.until(async () => (await wipeStates(bot))[0] === 'voided', 5);

    expect(bot.messagesIn('#security').join()).toContain('did not come from Mislaid');
    expect((await approve(bot, 'otto')).text).not.toContain('Approved');
    expect(await asked(bot)).toBe(1);
  });

  it('is followed: its acknowledgement is said on the card and to security', async () => {
    await lost(bot, 'alice.ng');
    await askElsewhere(await phoneOf('alice.ng'));
    await bot.until(
      () => bot.messagesIn('#security').some((line) => /acknowledged the full wipe that it@/.test(line)),
      120,
    );

    expect(card()).toContain('It acknowledged a full wipe');
    expect(bot.messagesIn('#helpdesk').join()).toContain(`acknowledged the full wipe that ${elsewhere} asked for`);
  });

  it('opens the hold again when it comes after ours was acknowledged, and closes it with its own acknowledgement', async () => {
    await lost(bot, 'alice.ng');
    await ask(bot, { incident: 101, device: 1, scope: 'account-only' });
    await approve(bot, 'otto');
    await bot.until(() => card().includes("Alice's password may be reset now."), 120);

    const phone = await phoneOf('alice.ng');
    await bot.db.updateTable('labDevice').set({ nextContactAt: null }).where('guid', '=', phone).execute();
    await askElsewhere(phone);
    await bot.until(() => card().includes("Do not reset Alice's password"), 120);
    expect(bot.messagesIn('#helpdesk').join()).toContain(
      `The password must not be reset yet. Exchange holds a full wipe of phone 1, asked for by ${elsewhere}`,
    );

    await bot.db.updateTable('labDevice').set({ nextContactAt: bot.clock.now() }).where('guid', '=', phone).execute();
    await bot.until(() => card().includes("Alice's password may be reset now."), 120);
  });

  it('is called off the card when it was taken back', async () => {
    const phone = await phoneOf('alice.ng');
    await bot.db.updateTable('labDevice').set({ nextContactAt: null }).where('guid', '=', phone).execute();
    await askElsewhere(phone);
    await lost(bot, 'alice.ng');
    expect(card()).toContain('Wipe in Exchange');

    const lab = openLab({ db: bot.db, clock: bot.clock, requestor: elsewhere });
    await lab.run(cancelMobileDeviceWipe, { Identity: phone });
    await bot.until(() => !card().includes('Wipe in Exchange'), 10);
  });
});
