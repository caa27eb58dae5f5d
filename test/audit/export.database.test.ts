import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { appendAudit, auditHash, commitmentTo } from '../../src/audit/chain.ts';
import { exportJsonLines, exportOcsf, toOcsf } from '../../src/audit/export.ts';
import { type TestDatabase, testDatabase } from '../setup/database.ts';
import { entry, noon } from './entries.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
  await database.db.transaction().execute((tx) => appendAudit(tx, noon, [entry(1), entry(2), entry(3)]));
});
afterAll(async () => database.close());

const Line = z.object({
  seq: z.number(),
  at: z.string(),
  actorGuid: z.string().nullable(),
  actorIdentity: z.string().nullable(),
  action: z.string(),
  subject: z.string(),
  incidentNumber: z.number().nullable(),
  data: z.unknown(),
  salt: z.string(),
  commitment: z.string(),
  covers: z.enum(['data', 'commitment']),
  prevHash: z.string(),
  hash: z.string(),
});

async function collect<T>(from: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of from) all.push(one);
  return all;
}

describe('JSON Lines', () => {
  it('hold all that is needed to verify the chain elsewhere', async () => {
    const lines = (await collect(exportJsonLines(database.db))).map((line) => Line.parse(JSON.parse(line)));

    expect(lines.map(auditHash)).toEqual(lines.map((line) => line.hash));
    expect(lines.map(({ salt, data }) => commitmentTo(salt, data))).toEqual(lines.map((line) => line.commitment));
    expect(lines[1]?.prevHash).toBe(lines[0]?.hash);
  });

  it('begin after the entry that was exported last', async () => {
    expect(await collect(exportJsonLines(database.db, { after: 2 }))).toHaveLength(1);
  });
});

describe('OCSF', () => {
  it('says who did what to which entity, and where it stands in the chain', async () => {
    const [event] = await collect(exportOcsf(database.db, { productVersion: '0.1.0' }));

    expect(event).toMatchObject({
      class_uid: 3004,
      category_uid: 3,
      activity_id: 3,
      type_uid: 300403,
      time: noon.getTime(),
      severity_id: 1,
      status_id: 1,
      actor: { user: { uid: entry(1).actor?.guid, uid_alt: 'console:hana' } },
      entity: { type: 'wipe', uid: 'wipe:1' },
      comment: 'left in a taxi',
      metadata: { sequence: 1, event_code: 'approval.approved', correlation_uid: 'INC-101' },
      unmapped: { seq: 1 },
    });
  });

  it('says of each entry of a drill that it was only practised', async () => {
    await database.db
      .insertInto('incident')
      .values({
        organisation: 'lab',
        drill: true,
        kind: 'lost',
        personGuid: entry(1).actor?.guid ?? '',
        byOwner: false,
        openedAt: noon,
        state: 'open',
        hold: 'open',
      })
      .execute();

    const events = await collect(exportOcsf(database.db, { productVersion: '0.1.0' }));

    expect(events.map(({ metadata, unmapped }) => [metadata.correlation_uid, unmapped.drill])).toEqual(
      [1, 2, 3].map((number) => {
        const incident = entry(number).incident ?? 0;
        return [`INC-${incident}`, incident === 101 ? true : undefined];
      }),
    );
  });

  it.each([
    ['wipe.requested', 1, 'Create', 1],
    ['wipe.acknowledged', 7, 'Unenroll', 1],
    ['device.blocked', 9, 'Disable', 1],
    ['wipe.partnership-removed', 4, 'Delete', 1],
    ['approval.denied', 3, 'Update', 2],
    ['hold.asked', 99, 'asked', 1],
  ])('%s is activity %d, %s, with status %d', (action, id, name, status) => {
    const record = {
      seq: 1,
      at: noon.toISOString(),
      actorGuid: null,
      actorIdentity: null,
      action,
      subject: 'wipe:1',
      incidentNumber: null,
      data: {},
      salt: null,
      commitment: null,
      covers: 'commitment' as const,
      prevHash: '0',
      hash: '1',
    };

    const event = toOcsf(record, '0.1.0');

    expect(event).toMatchObject({ activity_id: id, activity_name: name, type_uid: 300400 + id, status_id: status });
    expect(event.actor).toEqual({ user: { name: 'mislaid', type_id: 3 } });
  });
});
