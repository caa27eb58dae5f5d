import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LogKind } from '../../src/ground/identifiers.ts';
import { readAddresses } from '../../src/heartbeat/read-observations.ts';
import { type TestStore, testStore } from '../setup/store.ts';

let base: TestStore;
beforeEach(async () => {
  base = await testStore();
});
afterEach(() => base.close());

async function seen(deviceId: string, calls: readonly [kind: LogKind, lastAddress: string][]): Promise<void> {
  const now = base.clock.now();
  const { id } = await base.db
    .insertInto('logClient')
    .values({
      organisation: 'lab',
      account: 'a',
      deviceId,
      deviceType: '',
      userAgent: '',
      stray: '',
      os: '',
      model: '',
      easVersion: 161,
      firstAt: now,
      lastAt: now,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const row = { clientId: id, server: 'EX01', hour: now, command: 'Ping', http: 200, substatus: 0, status: -1 };
  const counts = { error: '', access: '', requests: 1, firstStart: now, lastStart: now, lastEnd: now };
  for (const [kind, lastAddress] of calls)
    await base.db
      .insertInto('logRollupRow')
      .values({ ...row, ...counts, kind, lastAddress, taken: 0, sent: 0, received: 0 })
      .execute();
}

it('a device has every address of the log that is nearest to it, in lower case, and none of the back end', async () => {
  await seen('ROAMS', [
    ['edge', '192.0.2.7'],
    ['edge', '198.51.100.7'],
    ['frontEnd', '10.0.0.1'],
    ['backEnd', '10.0.0.2'],
  ]);
  await seen('Stays', [
    ['frontEnd', '192.0.2.8'],
    ['backEnd', '10.0.0.2'],
  ]);
  const addresses = await readAddresses(base.db, { organisation: 'lab', since: new Date(0) });

  expect([...addresses].map(([device, own]) => [device, [...own].sort()]).sort()).toEqual([
    ['roams', ['192.0.2.7', '198.51.100.7']],
    ['stays', ['192.0.2.8']],
  ]);
});
