/** What people read of a phone while Exchange says little, late, or two things: true on the card, to the approver and in answers. */
import { afterEach, expect, it } from 'vitest';
import { ExchangeError } from '../../../src/exchange/port.ts';
import { type TestBot, type TestBotOptions, testBot } from '../../setup/bot.ts';
import { approve, ask, lost, wipeStates } from '../scenes.ts';

type Row = Record<string, unknown>;
type Read = NonNullable<TestBotOptions['onRead']>;

const statistics = 'get-mobile-device-statistics';
const lists = [statistics, 'get-mobile-device'];
const wipeTimes = ['Request', 'Sent', 'Ack'].flatMap((what) => [
  `DeviceWipe${what}Time`,
  `AccountOnlyDeviceWipe${what}Time`,
]);

let bot: TestBot;
let read: Read = (_cmdlet, rows) => rows;
afterEach(async () => {
  read = (_cmdlet, rows) => rows;
  await bot.close();
});

async function open(options: TestBotOptions = {}): Promise<void> {
  bot = await testBot({ ...options, onRead: (cmdlet, rows) => read(cmdlet, rows) });
  await lost(bot, 'alice.ng');
}
const bent =
  (change: (row: Row) => Row, of = [statistics]): Read =>
  (cmdlet, rows) =>
    of.includes(cmdlet) ? rows.map((row) => change({ ...(row as Row) })) : rows;
const clockOff = (seconds: number): Read =>
  bent((row) => ({
    ...row,
    ...Object.fromEntries(wipeTimes.map((name) => [name, row[name] === null ? null : moved(row[name], seconds)])),
  }));
const moved = (time: unknown, seconds: number) =>
  new Date(new Date(time instanceof Date ? time : String(time)).getTime() + seconds * 1_000).toISOString();
async function readNow(): Promise<void> {
  await bot.store.change((change) => change.enqueue('read-devices', { incident: 101 }, { key: '101' }));
  await bot.runner.settle();
}
const helpdesk = () => bot.messagesIn('#helpdesk').join('\n--\n');
const phonesAreOff = () => bot.db.updateTable('labDevice').set({ nextContactAt: null }).execute();

it('a clock of Exchange that is minutes behind leaves it open whose the request is, and later readings end that', async () => {
  await open();
  await phonesAreOff();
  read = clockOff(-120);
  await ask(bot);
  await approve(bot, 'otto');
  await bot.advance(3);

  expect(await wipeStates(bot)).toEqual(['issuing']);
  expect(helpdesk()).not.toContain('not by Mislaid');
  expect(helpdesk()).toContain("whether for Mislaid's own wipe is not known yet");
  expect(helpdesk()).not.toContain('Handed to the phone: when it next connects');
  expect((await bot.type('hana', '#helpdesk', 'cancel wipe INC-101 1')).text).toContain('It is not known yet whether');
  await bot.type('hana', '#helpdesk', 'devices alice.ng');
  expect(bot.messagesIn('hana').join()).not.toContain('not by Mislaid');

  await bot.advance(20);
  expect(await wipeStates(bot)).toEqual(['requested']);
  expect(bot.messagesIn('#security').join()).toContain('wipe of phone 1 asked of Exchange');
});

it('nor is the acknowledgement of such a phone lost', async () => {
  await open();
  read = clockOff(-120);
  await ask(bot);
  await approve(bot, 'otto');
  await bot.advance(30);

  expect(await wipeStates(bot)).toEqual(['acknowledged']);
});

it('a request that was seen before we asked is not taken for ours, however far the clocks are apart', async () => {
  await open();
  await phonesAreOff();
  await ask(bot);
  const mine = bot.policy.current.exchange.requestor;
  const old = moved(bot.clock.now(), -300);
  const device = await bot.db
    .selectFrom('incidentDevice')
    .select('deviceGuid')
    .where('number', '=', 1)
    .executeTakeFirstOrThrow();
  await bot.db
    .insertInto('wipeRequestSeen')
    .values({
      organisation: 'lab',
      deviceGuid: device.deviceGuid,
      scope: 'account-only',
      requestedAt: new Date(old),
      requestor: mine,
      seenAt: new Date(old),
      origin: 'outside',
    })
    .execute();
  await approve(bot, 'otto', 101, undefined, { settle: false });
  read = bent((row) =>
    row.AccountOnlyDeviceWipeRequestTime === null ? row : { ...row, AccountOnlyDeviceWipeRequestTime: old },
  );
  await bot.advance(40);

  expect(await wipeStates(bot)).toEqual(['issuing']);
});

it('when the phone last tried is not called never where it cannot be read', async () => {
  await open();
  await phonesAreOff();
  read = bent((row) => ({ ...row, LastSyncAttemptTime: 'gestern', LastSuccessSync: 'gestern' }));
  await ask(bot);
  await approve(bot, 'otto');
  await bot.advance(40);

  expect(helpdesk()).toContain('The phone last tried: not known.');
});

it('an approver is not told that nothing was asked of a phone that Exchange does not show', async () => {
  await open();
  await ask(bot);
  read = (cmdlet, rows) => (lists.includes(cmdlet) ? [] : rows);
  await readNow();

  const shown = (await bot.type('otto', '#approvals', 'approve INC-101')).text;
  expect(shown).toContain('Exchange does not show this phone, read just now');
  expect(shown).not.toContain('nothing else was asked of this phone');
});

it.each<[string, Read]>([
  ['cannot be read', bent((row) => ({ ...row, DeviceWipeRequestTime: { a: 1 } }))],
  [
    'is not answered',
    () => {
      throw new ExchangeError({ code: 'exchange-away', reached: 'no', message: 'away', userMessage: 'away' });
    },
  ],
])('an approved wipe whose phone %s is held, and says for what', async (_what, reading) => {
  await open();
  await ask(bot);
  read = reading;
  await approve(bot, 'otto');

  expect(helpdesk()).not.toContain('About to ask Exchange');
  expect(helpdesk()).toContain('What Exchange says of this phone cannot be read.');
  read = (_cmdlet, rows) => rows;
  await bot.advance(2);
  expect(await wipeStates(bot)).toEqual(['requested']);
});

it('a phone that one reading does not show is not called gone, and one without an id is not asked to be blocked', async () => {
  await open();
  read = bent((row) => ({ ...row, DeviceId: null, DeviceID: null }), lists);
  await readNow();
  expect((await bot.type('hana', '#helpdesk', 'block device INC-101 1')).text).toContain(
    'does not tell the id of phone 1',
  );

  read = (cmdlet, rows) => (lists.includes(cmdlet) ? [] : rows);
  await readNow();
  for (const said of ['wipe INC-101 1', 'remove device INC-101 1']) {
    expect((await bot.type('hana', '#helpdesk', said)).text).toContain(
      'Exchange did not show phone 1 when it was last read',
    );
  }
});

it('a phone that is told of the request of somebody else after ours has not refused', async () => {
  await open();
  await phonesAreOff();
  await ask(bot);
  await approve(bot, 'otto');
  await bot.until(async () => (await wipeStates(bot))[0] === 'requested', 5);
  const told = (more: Row): Read =>
    bent((row) => (row.AccountOnlyDeviceWipeRequestTime === null ? row : { ...row, ...more }));
  const now = () => bot.clock.now().toISOString();
  read = told({ AccountOnlyDeviceWipeSentTime: now() });
  await bot.until(async () => (await wipeStates(bot))[0] === 'sent', 5);
  await bot.advance(3);
  const boss = { AccountOnlyDeviceWipeRequestTime: now(), LastAccountOnlyDeviceWipeRequestor: 'boss@contoso.example' };
  await bot.advance(2);
  read = told({ ...boss, AccountOnlyDeviceWipeSentTime: now() });
  await bot.advance(3);

  expect(await wipeStates(bot)).toEqual(['sent']);
  expect(helpdesk()).toContain('asked for by boss@contoso.example, not by Mislaid');
  expect(helpdesk()).not.toMatch(/[Rr]efuse/);
});

it('a verdict that Exchange shows to be wrong later is taken back', async () => {
  await open({
    onChange: async (_cmdlet, moment) => {
      if (moment !== 'after') return;
      const userMessage = 'Exchange does not find it.';
      throw new ExchangeError({ code: 'exchange-not-found', reached: 'refused', message: 'gone', userMessage });
    },
  });
  await phonesAreOff();
  read = bent((row) => ({ ...row, AccountOnlyDeviceWipeRequestTime: null, Status: 'DeviceOk' }));
  await ask(bot);
  await approve(bot, 'otto');
  await bot.until(async () => (await wipeStates(bot))[0] === 'not-asked', 5);
  read = (_cmdlet, rows) => rows;
  await bot.until(async () => (await wipeStates(bot))[0] === 'requested', 10);

  expect(helpdesk()).toContain('Exchange holds the wipe of phone 1 after all');
});

it('promises no hand-over once Exchange says that the phone does not support being wiped', async () => {
  await open();
  await bot.db.updateTable('labDevice').set({ nextContactAt: null }).execute();
  await ask(bot);
  await approve(bot, 'otto');
  await bot.until(async () => (await wipeStates(bot))[0] === 'requested', 5);
  expect(bot.find('#helpdesk', 'Lost device')).toContain('Handed to the phone: when it next connects');

  read = bent((row) => ({ ...row, IsRemoteWipeSupported: false }));
  await readNow();
  const card = bot.find('#helpdesk', 'Lost device');
  expect(card).toContain('Exchange says now that this phone does not support being wiped');
  expect(card).not.toContain('when it next connects');
});
