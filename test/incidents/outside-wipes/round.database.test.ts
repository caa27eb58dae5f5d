/** A round over many mailboxes, by the calls that it makes: never by time. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findOutsideWipesJob } from '../../../jobs/find-outside-wipes.ts';
import { personByGuid } from '../../../src/directory/find.ts';
import { labCapabilities } from '../../../src/exchange/lab/capabilities.ts';
import { ExchangeError } from '../../../src/exchange/port.ts';
import { createExchange } from '../../../src/exchange/run.ts';
import { Guid } from '../../../src/ground/identifiers.ts';
import { openIncident } from '../../../src/incidents/incident/open-incident.ts';
import { mostPerJob, readOutsideRound } from '../../../src/incidents/outside-wipes/round.ts';
import { type TestBot, testBot } from '../../setup/bot.ts';

let bot: TestBot;
const minute = 60_000;
const withPhone = 500;
const withoutPhone = 700;
/** The first people are VIPs: of interest on every day. */
const vips = 40;

const mailboxOf = (index: number) => Guid.parse(`f0000001-0000-4000-8000-${String(index).padStart(12, '0')}`);
const phoneOf = (index: number) => Guid.parse(`f0000002-0000-4000-8000-${String(index).padStart(12, '0')}`);

const calls: { name: string; mailbox: unknown }[] = [];
/** Mailboxes whose phone was asked to wipe itself, with the time. */
const wiped = new Map<unknown, { phone: string; at: Date }>();
let away = false;

/** Exchange as far as this job asks it. */
const exchange = createExchange({
  organisation: 'lab',
  transport: {
    call: async ({ name, select }, { Mailbox }) => {
      if (away)
        throw new ExchangeError({ code: 'exchange-away', reached: 'no', message: 'away', userMessage: 'It is away.' });
      calls.push({ name, mailbox: Mailbox });
      const wipe = wiped.get(Mailbox);
      if (wipe === undefined) return [];
      const nothing = Object.fromEntries(select.map((property) => [property, null]));
      return [{ ...nothing, Guid: wipe.phone, DeviceWipeRequestTime: wipe.at.toISOString() }];
    },
    capabilities: async () => labCapabilities,
  },
});

beforeAll(async () => {
  bot = await testBot();
  bot.policy.current.vip.push(...Array.from({ length: vips }, (_, index) => `person.${index}@contoso.example`));
  const now = bot.clock.now();
  const old = new Date(now.getTime() - 300 * 86_400_000);
  const numbers = Array.from({ length: withPhone + withoutPhone }, (_, index) => index);
  await bot.db
    .insertInto('person')
    .values(
      numbers.map((index) => ({
        guid: mailboxOf(index),
        organisation: 'lab' as const,
        displayName: `Person ${index}`,
        alias: `person.${index}`,
        upn: `person.${index}@contoso.example`,
        primarySmtp: `person.${index}@contoso.example`,
        addresses: '[]',
        department: '',
        phones: '[]',
        managerName: '',
        mailboxType: 'user' as const,
        accountEnabled: true,
        refreshedAt: now,
        gone: false,
      })),
    )
    .execute();
  await bot.db
    .insertInto('mobileDevice')
    .values(
      numbers.slice(0, withPhone).map((index) => ({
        organisation: 'lab' as const,
        guid: phoneOf(index),
        personGuid: mailboxOf(index),
        deviceId: `MANY${index}`,
        friendlyName: '',
        deviceType: 'iPhone',
        deviceModel: 'iPhone 15',
        deviceOs: '',
        userAgent: '',
        clientType: 'EAS',
        clientVersion: 161,
        accessState: 'Allowed',
        accessReason: 'Global',
        accessRule: '',
        firstSync: old,
        firstSeenAt: old,
        readAt: now,
        gone: false,
      })),
    )
    .execute();
  const inventory = { organisation: 'lab' as const, defaultAccessLevel: 'Allow', readAt: now, problem: null };
  await bot.db.insertInto('appInventory').values(inventory).execute();
});
afterAll(() => bot.close());

/** One run of the job; answers which mailboxes it asked for. */
async function job(): Promise<unknown[]> {
  calls.length = 0;
  await findOutsideWipesJob.run(bot.jobContext({ exchange: () => exchange }), { organisation: 'lab' });
  expect(calls.filter(({ name }) => name !== 'Get-MobileDeviceStatistics')).toEqual([]);
  bot.clock.advance(minute);
  return calls.map(({ mailbox }) => mailbox);
}

/** From job to job until everybody was looked at. */
async function wholeRound(): Promise<unknown[][]> {
  const jobs: unknown[][] = [];
  do jobs.push(await job());
  while ((await readOutsideRound(bot.db, 'lab'))?.all.done !== true && jobs.length < 30);
  return jobs;
}

const alarms = async () =>
  (await bot.db.selectFrom('delivery').select('draft').execute()).filter(({ draft }) =>
    JSON.stringify(draft).includes('did not come from Mislaid'),
  ).length;

it('asks once for each mailbox that has a phone, never for the others, and no job asks for more than its share', async () => {
  const jobs = await wholeRound();
  expect(new Set(jobs.flat()).size).toBe(withPhone);
  expect(Math.max(...jobs.map((each) => each.length))).toBeLessThanOrEqual(mostPerJob);
  // Those of interest are asked for once before the others, and once among them at most.
  expect(jobs.flat().length).toBeLessThanOrEqual(withPhone + vips);
  expect(jobs[0]).toContain(mailboxOf(0));
  expect(await readOutsideRound(bot.db, 'lab')).toMatchObject({
    last: { mailboxes: withPhone, seconds: (jobs.length - 1) * 60 },
  });
});

it('goes on where it was after a restart, and after an Exchange that was away', async () => {
  bot.clock.advance(31 * minute);
  const first = await job();
  away = true;
  await expect(job()).rejects.toMatchObject({ code: 'exchange-away' });
  away = false;
  // A start asks for the next turn at once and knows nothing of the one before.
  const asked = [...first, ...(await wholeRound()).flat()];
  expect(new Set(asked).size).toBe(withPhone);
  expect(asked.length).toBeLessThanOrEqual(withPhone + vips);
});

it('looks first where an incident is open or the logs saw a phone being told, however far behind it is', async () => {
  const [incident, told, other] = [withPhone - 1, withPhone - 2, withPhone - 3];
  const owner = await personByGuid(bot.db, mailboxOf(incident));
  if (owner === undefined) throw new Error('the owner is not there');
  await bot.store.change((change) =>
    openIncident(change, bot.policy.current, { owner, kind: 'lost', by: null, byOwner: false }),
  );
  const seen = { firstAt: bot.clock.now(), lastAt: bot.clock.now() };
  const { id } = await bot.db
    .insertInto('logClient')
    .values({
      ...seen,
      organisation: 'lab',
      account: `person.${told}`,
      deviceId: `many${told}`,
      deviceType: 'iPhone',
      userAgent: '',
      stray: '',
      os: '',
      model: '',
      easVersion: 161,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const sighting = { clientId: id, server: 'EX01', at: bot.clock.now(), what: 'S140' };
  await bot.db.insertInto('logSighting').values(sighting).execute();
  for (const index of [incident, told, other]) {
    wiped.set(mailboxOf(index), { phone: phoneOf(index), at: bot.clock.now() });
  }

  bot.clock.advance(31 * minute);
  const early = [...(await job()), ...(await job())];
  expect(early).toContain(mailboxOf(incident));
  expect(early).toContain(mailboxOf(told));
  expect(early).not.toContain(mailboxOf(other));
  expect(await alarms()).toBe(2);
  await wholeRound();
  expect(await alarms()).toBe(3);
});

it('takes what the inventory knows as the phone of somebody else for no wipe of this mailbox', async () => {
  wiped.clear();
  wiped.set(mailboxOf(0), { phone: phoneOf(1), at: bot.clock.now() });
  bot.clock.advance(31 * minute);
  expect(await job()).toContain(mailboxOf(0));
  expect(await alarms()).toBe(3);
});
