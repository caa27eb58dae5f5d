/** What keeps an app out is taken back as Exchange proves it, not as one answer that lacks it suggests. */
import { afterEach, expect, it } from 'vitest';
import { runPersonal, undoPersonal } from '../../../src/apps/block/run-rule.ts';
import { labMailboxGuid } from '../../../src/exchange/lab/seed.ts';
import { accessRules } from '../../../src/exchange/lab/settings.ts';
import { type TestBot, type TestBotOptions, testBot } from '../../setup/bot.ts';

type Read = NonNullable<TestBotOptions['onRead']>;

const security = '#security';
let bot: TestBot;
let read: Read = (_cmdlet, rows) => rows;
afterEach(async () => {
  read = (_cmdlet, rows) => rows;
  await bot.close();
});

async function open(): Promise<void> {
  bot = await testBot({ onRead: (cmdlet, rows) => read(cmdlet, rows) });
  await bot.store.change((change) => change.enqueue('watch-apps', { organisation: 'lab' }, { key: 'start' }));
  await bot.runner.settle();
}

const lab = () => ({ db: bot.db, clock: bot.clock, requestor: '' });
async function staged(label: string): Promise<void> {
  await bot.click('sasha', security, label);
  await bot.click('otto', '#approvals', 'Approve');
}
async function takenBack(): Promise<void> {
  await bot.type('sasha', security, 'unblock app CloudMagic');
  await bot.click('otto', '#approvals', 'Approve');
}
it('a rule that the list does not show at the moment is removed all the same', async () => {
  await open();
  await bot.type('sasha', security, 'block app CloudMagic');
  await staged('Block');
  read = (cmdlet, rows) => (cmdlet === 'get-activesync-device-access-rule' ? [] : rows);
  await takenBack();

  expect(await accessRules(lab())).toEqual([]);
  expect(bot.find(security, 'Done: take everything back')).not.toContain('gone already');
});

it('a rule that was there before, unseen, is not removed, and is said to be there', async () => {
  await open();
  await bot.type('sasha', security, 'block app CloudMagic');
  await staged('Block');
  await bot.db.deleteFrom('appBlockStep').execute();
  await bot.db.deleteFrom('appBlock').execute();
  await bot.type('sasha', security, 'block app CloudMagic');
  let asked = 0;
  read = (cmdlet, rows) => (cmdlet === 'get-activesync-device-access-rule' && asked++ === 0 ? [] : rows);
  await staged('Block');
  await takenBack();

  expect(await accessRules(lab())).toMatchObject([{ AccessLevel: 'Block' }]);
  expect(bot.find(security, 'Done: take everything back')).toContain('was there before, and says Block');
});

it.each([
  ['no settings of a mailbox', []],
  ['those of another one', [{ Guid: '11111111-2222-4333-8444-555555555555', ActiveSyncBlockedDeviceIDs: [] }]],
  ['a list that cannot be read', undefined],
])('a personal block is neither planned nor taken back on %s', async (_what, answer) => {
  await open();
  const exchange = bot.exchange();
  const device = { deviceId: 'ApplABC', person: labMailboxGuid('bob'), name: 'a phone' };
  const payload = { kind: 'personal', devices: [device] } as never;
  const done = await runPersonal(exchange, payload, null, async () => undefined);
  expect(done.blocked).toEqual([{ deviceId: 'ApplABC', person: device.person }]);
  read = (cmdlet, rows) =>
    cmdlet !== 'get-cas-mailbox'
      ? rows
      : (answer ?? rows.map((row) => ({ ...(row as object), ActiveSyncBlockedDeviceIDs: [{ Id: { Value: 1 } }] })));

  await expect(runPersonal(exchange, payload, null, async () => undefined)).rejects.toMatchObject({
    code: 'step-not-read-back',
  });
  await expect(undoPersonal(exchange, done.blocked ?? [])).rejects.toMatchObject({ code: 'step-not-read-back' });
});

it('a device that stays on the block list is not said to be off it', async () => {
  await open();
  const person = labMailboxGuid('bob');
  read = (cmdlet, rows) =>
    cmdlet !== 'get-cas-mailbox'
      ? rows
      : rows.map((row) => ({ ...(row as object), ActiveSyncBlockedDeviceIDs: ['ApplABC'] }));

  expect(await undoPersonal(bot.exchange(), [{ deviceId: 'ApplABC', person }])).toEqual([
    'Exchange still shows ApplABC on block lists',
  ]);
});
