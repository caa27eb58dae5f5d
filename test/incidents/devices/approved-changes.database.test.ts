/** A phone is removed or blocked with a second person's word only as long as that word stands, and ends no wipe that they were not shown. */
import { afterEach, describe, expect, it } from 'vitest';
import { setLabAvailable } from '../../../src/exchange/lab/operations.ts';
import { type TestBot, type TestBotOptions, testBot } from '../../setup/bot.ts';
import { approve, ask, asked, lost, pressed, wipeStates } from '../scenes.ts';

let bot: TestBot;
afterEach(() => bot.close());

type Read = NonNullable<TestBotOptions['onRead']>;

/** Alice's phones, which stay away, so that only what people and Exchange do matters. */
async function open(options: TestBotOptions = {}): Promise<void> {
  bot = await testBot(options);
  await lost(bot, 'alice.ng');
  await bot.db.updateTable('labDevice').set({ nextContactAt: null }).execute();
}

/** Asked for by Hana, approved by Otto. */
async function approved(what: 'remove' | 'block'): Promise<void> {
  await bot.type('hana', '#helpdesk', `${what} device INC-101 1`);
  await pressed(bot, 'otto', bot.action('#approvals', 'otto', 'Approve'));
}

async function changesMade(): Promise<string[]> {
  const rows = await bot.db
    .selectFrom('labLedger')
    .select('cmdlet')
    .where('outcome', '=', 'done')
    .orderBy('id')
    .execute();
  return rows.map((row) => row.cmdlet);
}

describe.each(['remove', 'block'] as const)('an approval to %s a phone', (what) => {
  it('is not carried out after its time, however late Exchange is back', async () => {
    await open();
    await setLabAvailable(bot.db, false);
    await approved(what);
    await bot.advance(40);
    await setLabAvailable(bot.db, true);
    await bot.advance(60);

    expect(await changesMade()).toEqual([]);
    expect(bot.messagesIn('#helpdesk').join()).toContain('was approved and not carried out in time');
  });

  it('whose answer was lost is not called "not carried out" when its time is over', async () => {
    let lose = true;
    await open({
      onChange: async (cmdlet, moment) => {
        if (!lose || cmdlet === 'clear-mobile-device' || moment !== 'after') return;
        await setLabAvailable(bot.db, false);
        throw new Error('The connection was closed.');
      },
    });
    await approved(what);
    lose = false;
    await bot.advance(40);
    await setLabAvailable(bot.db, true);
    await bot.advance(60);

    expect((await changesMade()).length).toBe(1);
    const said = [...bot.messagesIn('#helpdesk'), ...bot.messagesIn('#approvals')].join();
    expect(said).toContain('whether it was done is not known');
    expect(said).not.toContain('not carried out');
  });

  it('does not stop a wipe that somebody else approved since', async () => {
    let busy = true;
    await open({
      onChange: async (cmdlet, moment) => {
        const other = cmdlet !== 'clear-mobile-device';
        if (busy && other && moment === 'before') throw new Error('The server is busy.');
      },
    });
    await approved(what);
    await bot.advance(1);
    await ask(bot);
    await approve(bot, 'ada');
    busy = false;
    await bot.advance(10);

    expect(await changesMade()).toEqual(['clear-mobile-device']);
    expect(await wipeStates(bot)).toEqual(['requested']);
    expect(bot.messagesIn('#helpdesk').join()).toMatch(
      /phone 1 .* is not known\. I do not ask again: The wipe of this phone on INC-101 is/,
    );
  });

  it('is void once who gave it holds the role no more', async () => {
    await open();
    await setLabAvailable(bot.db, false);
    await approved(what);
    await lost(bot, 'otto', 'hugo');
    await setLabAvailable(bot.db, true);
    await bot.advance(10);

    expect(await changesMade()).toEqual([]);
  });
});

describe('a removal', () => {
  it('that was approved ends no wipe that another administrator asks for since', async () => {
    let busy = true;
    let other: Date | undefined;
    const read: Read = (cmdlet, rows) =>
      other === undefined || cmdlet !== 'get-mobile-device-statistics'
        ? rows
        : rows.map((row) => ({
            ...(row as object),
            DeviceWipeRequestTime: other,
            LastDeviceWipeRequestor: 'sam@x.example',
          }));
    await open({
      onRead: read,
      onChange: async (_cmdlet, moment) => {
        if (busy && moment === 'before') throw new Error('The server is busy.');
      },
    });
    await approved('remove');
    other = new Date(bot.clock.now().getTime() + 1_000);
    busy = false;
    await bot.advance(10);

    expect(await changesMade()).toEqual([]);
    expect(bot.messagesIn('#helpdesk').join()).toContain(
      'sam@x.example asked Exchange for a wipe of this phone (full)',
    );
  });

  it('after an acknowledgement needs a second person while Exchange holds another wipe of the phone', async () => {
    const read: Read = (cmdlet, rows) =>
      cmdlet !== 'get-mobile-device-statistics'
        ? rows
        : rows.map((row) => {
            const acknowledged = (row as Record<string, unknown>).AccountOnlyDeviceWipeAckTime;
            return acknowledged === null ? row : { ...(row as object), DeviceWipeRequestTime: acknowledged };
          });
    bot = await testBot({ onRead: read });
    await lost(bot, 'alice.ng');
    await ask(bot);
    await approve(bot, 'otto');
    await bot.until(async () => (await wipeStates(bot))[0] === 'acknowledged', 60);

    expect((await bot.type('hana', '#helpdesk', 'remove device INC-101 1')).text).toContain(
      'a second person must approve',
    );
    expect(await changesMade()).toEqual(['clear-mobile-device']);
    expect(await asked(bot)).toBe(1);
  });
});

describe('a block', () => {
  it.each([
    ['cannot be read', [{ Id: { Value: 'X' } }]],
    ['is that of another mailbox', undefined],
  ])('is not said to be there, or gone, where the list %s', async (_what, ids) => {
    let odd = false;
    await open({
      onRead: (cmdlet, rows) =>
        !odd || cmdlet !== 'get-cas-mailbox'
          ? rows
          : rows.map((row) => ({
              ...(row as object),
              ...(ids === undefined
                ? { Guid: '11111111-2222-4333-8444-555555555555' }
                : { ActiveSyncBlockedDeviceIDs: ids }),
            })),
    });
    await approved('block');
    odd = true;
    await bot.type('hana', '#helpdesk', 'unblock device INC-101 1');
    await bot.advance(1);
    expect(bot.messagesIn('#helpdesk').join()).not.toContain('off the block list');
    odd = false;
    await bot.advance(5);
    expect(bot.messagesIn('#helpdesk').join()).toContain('Phone 1 is off the block list of its mailbox.');
  });
});
