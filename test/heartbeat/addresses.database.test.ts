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
  const end = Math.floor(now.getTime() / 1000);
  const answer = { http: 200, substatus: 0, status: -1, error: '', access: '' };
  for (const [kind, lastAddress] of calls) {
    const hour = Math.floor(end / 3600);
    const series = await base.db
      .insertInto('logSeries')
      .values({ server: 'EX01', kind, command: deviceId + lastAddress, ...answer, lastHour: hour })
      .returning('id')
      .executeTakeFirstOrThrow();
    const times = { hour, firstStart: end, lastStart: end, lastEnd: end };
    await base.db
      .insertInto('logRollupRow')
      .values({ clientId: id, seriesId: series.id, requests: 1, ...times, lastAddress })
      .execute();
  }
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
