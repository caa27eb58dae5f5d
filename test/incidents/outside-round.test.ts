/** A round over many mailboxes, by the calls that it makes: never by time. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findOutsideWipes } from '../../jobs/find-outside-wipes.ts';
import { readInventory, storeInventory } from '../../src/apps/inventory.ts';
import { refreshDirectory } from '../../src/directory/refresh.ts';
import { clearMobileDevice } from '../../src/exchange/cmdlets/clear-mobile-device.ts';
import { openLab } from '../../src/exchange/lab/index.ts';
import { labMailboxGuid } from '../../src/exchange/lab/seed.ts';
import type { Exchange } from '../../src/exchange/port.ts';
import { mostPerJob, readRound } from '../../src/incidents/outside-round.ts';
import { type TestBot, testBot } from '../setup/bot.ts';
import { lost } from './scenes.ts';

let bot: TestBot;
const minute = 60_000;
const withPhone = 240;
const withoutPhone = 300;
/** The seeded people of the lab that have a phone and a mailbox that is looked at. */
let seeded = 0;

/** GUIDs that sort behind every other: the last ones of a round. */
const guidOf = (index: number, kind: 'mailbox' | 'object' | 'device') =>
  `ffffffff-${{ mailbox: '0001', object: '0002', device: '0003' }[kind]}-4000-8000-${String(index).padStart(12, '0')}`;

beforeAll(async () => {
  bot = await testBot();
  await addMailboxes();
  const exchange = bot.exchange();
  await refreshDirectory({ db: bot.db, exchange, clock: bot.clock });
  await storeInventory(bot.db, 'lab', await readInventory(exchange, 'lab', bot.clock.now()));
  const owners = await bot.db
    .selectFrom('person')
    .select('guid')
    .where('mailboxType', 'in', ['user', 'shared'])
    .where('guid', 'in', bot.db.selectFrom('mobileDevice').select('personGuid').where('personGuid', 'is not', null))
    .execute();
  seeded = owners.length - withPhone;
  expect(seeded).toBeGreaterThan(5);
});
afterAll(() => bot.close());

async function addMailboxes(): Promise<void> {
  const { db } = bot;
  const bob = labMailboxGuid('bob');
  const mailbox = await db
    .selectFrom('labMailbox')
    .selectAll()
    .where('exchangeGuid', '=', bob)
    .executeTakeFirstOrThrow();
  const phone = await db.selectFrom('labDevice').selectAll().where('mailboxGuid', '=', bob).executeTakeFirstOrThrow();
  const numbers = Array.from({ length: withPhone + withoutPhone }, (_, index) => index);
  await db
    .insertInto('labMailbox')
    .values(
      numbers.map((index) => ({
        ...mailbox,
        exchangeGuid: guidOf(index, 'mailbox'),
        objectGuid: guidOf(index, 'object'),
        displayName: `Person ${index}`,
        alias: `person.${index}`,
        upn: `person.${index}@contoso.example`,
        primarySmtp: `person.${index}@contoso.example`,
        emailAddresses: JSON.stringify([`SMTP:person.${index}@contoso.example`]),
        allowedIds: '[]',
        blockedIds: '[]',
      })),
    )
    .execute();
  await db
    .insertInto('labDevice')
    .values(
      numbers.slice(0, withPhone).map((index) => ({
        ...phone,
        id: 10_000 + index,
        notify: JSON.stringify(phone.notify),
        guid: guidOf(index, 'device'),
        mailboxGuid: guidOf(index, 'mailbox'),
        deviceId: `MANY${index}`,
      })),
    )
    .execute();
}

type Called = { name: string; mailbox: unknown };

/** One run of the job; answers what it asked of Exchange. */
async function job(): Promise<Called[]> {
  const calls: Called[] = [];
  const counted = (of?: 'real' | 'lab'): Exchange => {
    const exchange = bot.exchange(of);
    return {
      ...exchange,
      run: (cmdlet, params) => {
        calls.push({ name: cmdlet.name, mailbox: 'Mailbox' in params ? params.Mailbox : undefined });
        return exchange.run(cmdlet, params);
      },
    };
  };
  await findOutsideWipes.run(bot.jobContext({ exchange: counted }), { organisation: 'lab' });
  bot.clock.advance(minute);
  return calls;
}

/** From job to job until everybody was looked at. */
async function wholeRound(): Promise<Called[][]> {
  const jobs: Called[][] = [];
  do jobs.push(await job());
  while ((await readRound(bot.db, 'lab'))?.all.done !== true && jobs.length < 50);
  return jobs;
}

async function wipedElsewhere(index: number): Promise<void> {
  const elsewhere = openLab({ db: bot.db, clock: bot.clock, requestor: 'it@contoso.example' });
  await elsewhere.run(clearMobileDevice, { Identity: guidOf(index, 'device') });
}

const alarms = () => bot.shown('#security').filter((text) => text.includes('did not come from Mislaid'));

it('asks once for each mailbox that has a phone, never for the others, and no job asks for more than its share', async () => {
  const jobs = await wholeRound();
  const calls = jobs.flat();
  expect(new Set(calls.map(({ name }) => name))).toEqual(new Set(['Get-MobileDeviceStatistics']));
  expect(new Set(calls.map(({ mailbox }) => mailbox)).size).toBe(withPhone + seeded);
  expect(Math.max(...jobs.map((each) => each.length))).toBeLessThanOrEqual(mostPerJob);
  // What is of interest is asked for once before the others and once among them.
  expect(calls.length).toBeLessThan(withPhone + 2 * seeded + 1);
  expect((await readRound(bot.db, 'lab'))?.last?.mailboxes).toBe(withPhone + seeded);
});

it('goes on where it was after a restart, and after an Exchange that was away', async () => {
  bot.clock.advance(31 * minute);
  const first = await job();
  // A start asks for the next turn at once; the round is not begun anew by it.
  await bot.store.change((change) => change.enqueue('find-outside-wipes', { organisation: 'lab' }, { key: 'lab' }));
  await bot.db.updateTable('labState').set({ available: false }).execute();
  await expect(job()).rejects.toMatchObject({ code: 'exchange-away' });
  await bot.db.updateTable('labState').set({ available: true }).execute();
  const calls = [...first, ...(await wholeRound()).flat()];
  expect(new Set(calls.map(({ mailbox }) => mailbox)).size).toBe(withPhone + seeded);
  expect(calls.length).toBeLessThan(withPhone + 2 * seeded + 1);
});

it('looks first where an incident is open or the logs saw a phone being told, however far behind it is', async () => {
  const [incident, told, other] = [withPhone - 1, withPhone - 2, withPhone - 3];
  await lost(bot, `person.${incident}`);
  const client = {
    organisation: 'lab' as const,
    account: `person.${told}`,
    deviceId: `many${told}`,
    deviceType: 'iPhone',
  };
  const { id } = await bot.db
    .insertInto('logClient')
    .values({
      ...client,
      userAgent: '',
      stray: '',
      os: '',
      model: '',
      easVersion: 161,
      firstAt: bot.clock.now(),
      lastAt: bot.clock.now(),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const sighting = { clientId: id, server: 'EX01', at: bot.clock.now(), what: 'S140' };
  await bot.db.insertInto('logSighting').values(sighting).execute();
  for (const index of [incident, told, other]) await wipedElsewhere(index);

  bot.clock.advance(31 * minute);
  const calls = await job();
  const mailboxes = calls.map(({ mailbox }) => mailbox);
  expect(mailboxes).toContain(guidOf(incident, 'mailbox'));
  expect(mailboxes).toContain(guidOf(told, 'mailbox'));
  expect(mailboxes).not.toContain(guidOf(other, 'mailbox'));
  await bot.runner.settle();
  expect(alarms()).toHaveLength(2);
  await wholeRound();
  await bot.runner.settle();
  expect(alarms()).toHaveLength(3);
});
