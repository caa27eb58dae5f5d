/** What is said of a web.config whose server answered late, wrongly or not at all: the file tells, not the answer. */
import { afterEach, expect, it } from 'vitest';
import { type Servers, ServerUnreadable } from '../../../src/servers/port.ts';
import { type TestBot, testBot } from '../../setup/bot.ts';

const security = '#security';
let bot: TestBot;
afterEach(async () => bot.close());

/** What happens to a call instead of its answer; `effect` is the call itself. */
type Bend = (effect: () => Promise<unknown>) => Promise<unknown>;
const gone = () => new ServerUnreadable('EX01', 'EX01 does not answer over WinRM.');
const effectThenLost: Bend = async (effect) => {
  await effect();
  throw gone();
};
const lostBefore: Bend = async () => {
  throw gone();
};

let onWrite: Bend | undefined;
let onRead: Bend | undefined;
let writes = 0;

async function proposed(config = '<configuration></configuration>'): Promise<void> {
  [onWrite, onRead, writes] = [undefined, undefined, 0];
  const bent = async <T>(bend: Bend | undefined, effect: () => Promise<T>): Promise<T> =>
    bend === undefined ? await effect() : ((await bend(effect)) as T);
  const onServers = (servers: Servers): Servers => ({
    ...servers,
    readConfig: (...args) => bent(onRead, () => servers.readConfig(...args)),
    writeConfig: (...args) => {
      writes += 1;
      return bent(onWrite, () => servers.writeConfig(...args));
    },
  });
  bot = await testBot({ onServers });
  await bot.db.updateTable('labServer').set({ ewsConfig: config }).where('name', '=', 'EX01').execute();
  await bot.store.change((change) => change.enqueue('watch-apps', { organisation: 'lab' }, { key: 'start' }));
  await bot.runner.settle();
  await bot.type('sasha', security, 'block app CloudMagic');
  await bot.click('sasha', security, 'web.config…');
  await bot.click('sasha', undefined, 'EX01 EWS');
}

const approve = () => bot.click('ada', '#approvals', 'Approve');
const file = async () =>
  (await bot.db.selectFrom('labServer').select('ewsConfig').where('name', '=', 'EX01').executeTakeFirstOrThrow())
    .ewsConfig;
const said = () => bot.messagesIn(security).join('\n') + bot.messagesIn('#approvals').join('\n');

it('a write whose answer is lost is done where the file reads back so', async () => {
  await proposed();
  onWrite = effectThenLost;
  await approve();

  expect(await file()).toContain('CloudMagic');
  expect(said()).toContain('Done: deny CloudMagic');
  expect(said()).not.toMatch(/Not done|not carried out|does not answer/);
  expect(writes).toBe(1);
});

it('a write whose answer and read-back are lost is done once the file can be read, also after its time', async () => {
  await proposed();
  onWrite = async (effect) => {
    onRead = lostBefore;
    return effectThenLost(effect);
  };
  await approve();
  expect(said()).not.toMatch(/Not done|not carried out/);
  await bot.advance(30);
  expect(said()).not.toMatch(/Not done|not carried out/);

  onRead = undefined;
  await bot.advance(30);
  expect(said()).not.toMatch(/Not done|not carried out/);
  expect(said()).toContain('Done: deny CloudMagic');
  expect(writes).toBe(1);
});

it('a write that was never made is tried again, and called not carried out where the file still reads as before', async () => {
  await proposed();
  const before = await file();
  onWrite = lostBefore;
  await approve();
  expect(said()).not.toContain('Not done');
  await bot.advance(30);

  expect(await file()).toBe(before);
  expect(said()).toContain('was approved and not carried out in time');
});

it('where the file can never be read it is not known, and said so once the waiting is over', async () => {
  await proposed();
  onWrite = async (effect) => {
    onRead = lostBefore;
    return effectThenLost(effect);
  };
  await approve();
  await bot.advance(180);

  expect(said()).not.toMatch(/Not done|Done:|not carried out/);
  expect(said()).toContain('whether it was done is not known');
});

it('a run that was killed right after it wrote is found done, however late the next one comes', async () => {
  await proposed();
  onWrite = async (effect) => {
    await effect();
    onRead = () => Promise.reject(new Error('the process was killed'));
    throw new Error('the process was killed');
  };
  await approve();
  await bot.db
    .updateTable('work')
    .set({ dueAt: new Date(bot.clock.now().getTime() + 20 * 60_000) })
    .where('job', '=', 'run-app-step')
    .execute();
  onRead = undefined;
  await bot.advance(25);

  expect(said()).not.toMatch(/Not done|not carried out/);
  expect(said()).toContain('Done: deny CloudMagic');
});

it('what was taken back and not answered is taken back', async () => {
  await proposed();
  await approve();
  onWrite = effectThenLost;
  await bot.type('sasha', security, 'unblock app CloudMagic');
  await approve();
  await bot.advance(2);

  expect(await file()).not.toContain('CloudMagic');
  expect(said()).toContain('the web.config is as it was before, byte for byte');
});

it('an undo that ended with its answer lost is never called not carried out', async () => {
  await proposed();
  await approve();
  onWrite = async (effect) => {
    onRead = lostBefore;
    return effectThenLost(effect);
  };
  await bot.type('sasha', security, 'unblock app CloudMagic');
  await approve();
  await bot.advance(30);

  expect(await file()).not.toContain('CloudMagic');
  expect(said()).not.toContain('not carried out');
});
