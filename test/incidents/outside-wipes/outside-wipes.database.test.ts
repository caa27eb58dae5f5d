import { afterAll, beforeAll, expect, it } from 'vitest';
import { clearMobileDevice } from '../../../src/exchange/cmdlets/clear-mobile-device.ts';
import { openLab } from '../../../src/exchange/lab/index.ts';
import { labMailboxGuid } from '../../../src/exchange/lab/seed.ts';
import { type TestBot, testBot } from '../../setup/bot.ts';
import { approve, ask, lost } from '../scenes.ts';

let bot: TestBot;
const halfHourMs = 31 * 60_000;

beforeAll(async () => {
  bot = await testBot();
  // There before the bot was: nobody is told of it.
  await wipedElsewhere('karl', 'it@contoso.example');
  await bot.store.change((change) => change.enqueue('find-outside-wipes', { organisation: 'lab' }, { key: 'lab' }));
  await round();
});
afterAll(() => bot.close());

/** Somebody uses OWA or PowerShell. */
async function wipedElsewhere(person: string, requestor: string): Promise<void> {
  const phone = await bot.db
    .selectFrom('labDevice')
    .select('guid')
    .where('mailboxGuid', '=', labMailboxGuid(person))
    .orderBy('id')
    .executeTakeFirstOrThrow();
  await openLab({ db: bot.db, clock: bot.clock, requestor }).run(clearMobileDevice, { Identity: phone.guid });
}

/** Time enough for a whole round, in its batches. */
async function round(): Promise<void> {
  for (const minutes of [31, 1, 1]) {
    bot.clock.advance(minutes * 60_000);
    await bot.runner.settle();
  }
}

const lines = () => bot.messagesIn('#security').filter((text) => text.includes('did not come from Mislaid'));

it('keeps quiet about what was there before, and about its own wipes', async () => {
  await lost(bot, 'alice.moreau');
  await ask(bot, { incident: 101, scope: 'full' });
  await approve(bot, 'otto', 101);
  await bot.until(() => bot.messagesIn('#helpdesk').some((text) => text.includes('✔ Asked of Exchange')));
  await round();
  expect(lines()).toEqual([]);
  const seen = await bot.db.selectFrom('wipeRequestSeen').select('origin').orderBy('origin').execute();
  expect(seen.map((row) => row.origin)).toEqual(['before', 'ours']);
});

it('opens an incident for a wipe from elsewhere and tells security, once', async () => {
  await wipedElsewhere('bob', 'bob@contoso.example');
  await round();
  await round();
  expect(lines()).toHaveLength(1);
  expect(lines()[0]).toContain("Bob Tanaka's");
  expect(lines()[0]).toContain('bob@contoso.example');
  const incident = await bot.db.selectFrom('incident').selectAll().where('kind', '=', 'outside-wipe').execute();
  expect(incident).toMatchObject([{ personGuid: labMailboxGuid('bob'), openedBy: null, state: 'open' }]);
  expect(bot.find('#helpdesk', 'Wipe from elsewhere')).toContain('Bob Tanaka');
});

it('tells a second request for the same phone, and one under its own account', async () => {
  await wipedElsewhere('bob', 'mislaid@contoso.example');
  await round();
  expect(lines()).toHaveLength(2);
  expect(lines()[1]).toContain('which is my own account: somebody else uses it');
  const incidents = await bot.db.selectFrom('incident').select('number').where('kind', '=', 'outside-wipe').execute();
  expect(incidents).toHaveLength(1);
});

it('goes on after an Exchange that was away, with one row of work for ever', async () => {
  await bot.db.updateTable('labState').set({ available: false }).execute();
  await round();
  await bot.db.updateTable('labState').set({ available: true }).execute();
  await wipedElsewhere('hugo', '');
  bot.clock.advance(halfHourMs);
  await bot.runner.settle();
  await round();
  expect(lines().at(-1)).toContain('an account without a mailbox');
  const rows = await bot.db
    .selectFrom('work')
    .select('id')
    .where('job', '=', 'find-outside-wipes')
    .where('state', '=', 'waiting')
    .execute();
  expect(rows).toHaveLength(1);
});
