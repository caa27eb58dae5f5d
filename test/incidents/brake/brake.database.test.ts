/** Many workers and one brake: who checks it and who pulls it take turns, or two could both take the last place. */
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { brakeInput, countWipe, setLock } from '../../../src/incidents/brake/brake.ts';
import { checkBrake } from '../../../src/incidents/brake/rules.ts';
import type { Change } from '../../../src/store/port.ts';
import { eventually } from '../../setup/eventually.ts';
import { type TestStore, testStore } from '../../setup/store.ts';
import { policy } from '../facts.ts';

let base: TestStore;
beforeEach(async () => {
  base = await testStore();
});
afterEach(() => base.close());

function check(change: Change): Promise<unknown> {
  const scope = { organisation: 'lab', drill: false, requester: 'guid-hana', policy: policy() } as const;
  return brakeInput(change, { ...scope, now: change.now });
}

function pull(change: Change): Promise<unknown> {
  return setLock(change, { state: 'locked', cause: 'brake', by: null, reason: 'too many wipes' });
}

async function waitingForLocks(): Promise<number> {
  const { rows } = await sql`
    select from pg_locks join pg_database on pg_database.oid = pg_locks.database
    where datname = current_database() and locktype = 'advisory' and not granted`.execute(base.db);
  return rows.length;
}

it.each([
  ['a second worker', check, check],
  ['who pulls the lock', check, pull],
  ['a worker while the lock is pulled', pull, check],
])('%s waits until the first is done', async (_who, first, second) => {
  const order: string[] = [];
  let other: Promise<unknown> = Promise.resolve();
  await base.store.change(async (change) => {
    await first(change);
    other = base.store.change(second).then(() => order.push('second'));
    await eventually(async () => expect((await waitingForLocks()) + order.length).toBe(1));
    order.push('first');
  });
  await other;

  expect(order).toEqual(['first', 'second']);
});

describe('clocks of hosts that are wrong', () => {
  const scope = { organisation: 'real', drill: false, requester: 'guid-hana', policy: policy() } as const;
  const count = (id: number) =>
    base.store.change((change) =>
      countWipe(change, { id, organisation: 'real', drill: false, requestedBy: `guid-${id}` }),
    );
  const verdict = () =>
    base.store.change(async (change) => checkBrake(await brakeInput(change, { ...scope, now: change.now })).kind);
  const unlock = async () => {
    await base.store.change((change) => setLock(change, { state: 'locked', cause: 'brake', by: null, reason: 'so' }));
    await base.store.change((change) =>
      setLock(change, { state: 'unlocked', cause: 'approval', by: null, reason: 'so' }),
    );
  };

  it('a host that is a day ahead does not forget what the others counted', async () => {
    for (let id = 1; id <= 5; id += 1) await count(id);
    expect(await verdict()).toBe('lock-all');
    base.clock.advance(25 * 60 * 60_000);
    expect(await verdict()).toBe('lock-all');
  });

  it('an unlocking of the future opens nothing for what comes after it', async () => {
    base.clock.advance(365 * 24 * 60 * 60_000);
    await unlock();
    base.clock.set(new Date(base.clock.now().getTime() - 365 * 24 * 60 * 60_000));
    for (let id = 1; id <= 5; id += 1) await count(id);
    expect(await verdict()).toBe('lock-all');
  });

  it('an unlocking of the past opens for what came before it', async () => {
    for (let id = 1; id <= 5; id += 1) await count(id);
    base.clock.set(new Date(base.clock.now().getTime() - 30 * 24 * 60 * 60_000));
    await unlock();
    expect(await verdict()).toBe('ok');
  });

  it('a wipe is counted once, however often it is taken', async () => {
    await count(1);
    await expect(count(1)).rejects.toThrow('brake_entry');
  });
});
