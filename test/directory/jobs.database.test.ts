import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lookUpPersonJob } from '../../jobs/look-up-person.ts';
import { refreshDirectoryJob } from '../../jobs/refresh-directory.ts';
import { findPeople } from '../../src/directory/find.ts';
import { openLab } from '../../src/exchange/lab/index.ts';
import { setLabAvailable } from '../../src/exchange/lab/operations.ts';
import { seedLab } from '../../src/exchange/lab/seed.ts';
import { Approvals } from '../../src/incidents/approvals/approvals.ts';
import type { JobContext } from '../../src/incidents/job.ts';
import { Policy } from '../../src/policy.ts';
import { type TestStore, testStore } from '../setup/store.ts';

let fixture: TestStore;

beforeAll(async () => {
  fixture = await testStore();
  await seedLab({ db: fixture.db, clock: fixture.clock, historyHours: 0 });
});
afterAll(() => fixture.close());
beforeEach(async () => {
  await fixture.db.deleteFrom('delivery').execute();
  await setLabAvailable(fixture.db, true);
});

function context(): JobContext {
  const notUsed = () => {
    throw new Error('not used by this job');
  };
  const lab = openLab({ db: fixture.db, clock: fixture.clock, requestor: '' });
  return {
    store: fixture.store,
    exchange: () => lab,
    servers: notUsed,
    policy: Policy.parse({}),
    approvals: new Approvals([]),
    clock: fixture.clock,
    ids: fixture.ids,
    log: pino({ level: 'silent' }),
    signal: new AbortController().signal,
    assertLock: async () => {},
    attempt: 0,
    capabilities: notUsed,
    deliver: notUsed,
  };
}

async function said(): Promise<string> {
  const rows = await fixture.db.selectFrom('delivery').select(['identity', 'draft']).execute();
  return rows.map((row) => `${row.identity}: ${JSON.stringify(row.draft)}`).join('\n');
}

describe('look-up-person', () => {
  const asked = (text: string) =>
    lookUpPersonJob.run(context(), { organisation: 'lab', text, identity: 'console:hana' });

  it('learns the person and tells who asked', async () => {
    await asked('noor');
    expect(await findPeople(fixture.db, 'lab', 'noor')).toMatchObject({ kind: 'one' });
    expect(await said()).toMatch(/^console:hana: .*Noor Haddad.*noor@contoso\.example/);
  });

  it.each(['nobody at all', '*', "'; drop table person; --"])('says that nobody is called %s', async (text) => {
    await asked(text);
    expect(await said()).toContain('Exchange knows no one called');
  });

  it('is tried again while Exchange is away, and says so when it gives up', async () => {
    await setLabAvailable(fixture.db, false);
    await expect(asked('tom')).rejects.toMatchObject({ code: 'exchange-away' });
    expect(await said()).toBe('');
    expect(lookUpPersonJob.retryAfter?.(1)).toBe(20_000);
    expect(lookUpPersonJob.retryAfter?.(5)).toBeUndefined();
    await lookUpPersonJob.onGivenUp?.(
      context(),
      { organisation: 'lab', text: 'tom', identity: 'console:hana' },
      'away',
    );
    expect(await said()).toContain('Exchange did not answer');
  });

  it('tells nobody when nobody asked', async () => {
    await lookUpPersonJob.run(context(), { organisation: 'lab', text: 'karl' });
    expect(await said()).toBe('');
    expect(await findPeople(fixture.db, 'lab', 'karl')).toMatchObject({ kind: 'one' });
  });
});

describe('refresh-directory', () => {
  it('reads everybody, and wants to run once in the next hour, however often it ran in this one', async () => {
    fixture.clock.set(new Date('2026-03-02T09:20:00Z'));
    await refreshDirectoryJob.run(context(), { organisation: 'lab' });
    await refreshDirectoryJob.run(context(), { organisation: 'lab' });
    expect(await findPeople(fixture.db, 'lab', 'alice')).toMatchObject({ kind: 'many' });
    const wanted = await fixture.db.selectFrom('work').select('dueAt').where('job', '=', 'refresh-directory').execute();
    expect(wanted).toEqual([{ dueAt: new Date('2026-03-02T10:00:00Z') }]);
  });

  it('goes on in the next hour although Exchange is away', async () => {
    await setLabAvailable(fixture.db, false);
    fixture.clock.set(new Date('2026-03-02T10:20:00Z'));
    await expect(refreshDirectoryJob.run(context(), { organisation: 'lab' })).rejects.toMatchObject({
      code: 'exchange-away',
    });
    const wanted = await fixture.db.selectFrom('work').select('dueAt').where('job', '=', 'refresh-directory').execute();
    expect(wanted.map((row) => row.dueAt)).toContainEqual(new Date('2026-03-02T11:00:00Z'));
  });
});
