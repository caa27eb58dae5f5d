/** A mass wipe ends after five, whoever asks and however many at once. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Actor } from '../../../src/directory/actor.ts';
import { personByAddress } from '../../../src/directory/find.ts';
import { labMailboxGuid } from '../../../src/exchange/lab/seed.ts';
import { loadIncident } from '../../../src/incidents/incident/view.ts';
import { issueWipe } from '../../../src/incidents/wipe/issue-wipe.ts';
import { proposeWipe } from '../../../src/incidents/wipe/propose-wipe.ts';
import type { Role } from '../../../src/policy.ts';
import { approvals } from '../../../src/start/registries.ts';
import { type TestBot, testPair } from '../../setup/bot.ts';
import { asked, lost } from '../scenes.ts';

const many = 50;
let bot: TestBot;

beforeAll(async () => {
  bot = await testPair();
  const { id: _id, ...phone } = await bot.db
    .selectFrom('labDevice')
    .selectAll()
    .where('mailboxGuid', '=', labMailboxGuid('renee'))
    .orderBy('id')
    .limit(1)
    .executeTakeFirstOrThrow();
  const copies = Array.from({ length: many }, (_, index) => ({
    ...phone,
    id: 1_000 + index,
    guid: `22222222-0000-4000-8000-${String(index).padStart(12, '0')}`,
    deviceId: `MANY${String(index).padStart(6, '0')}`,
    notify: '[]',
    nextContactAt: null,
  }));
  await bot.db.insertInto('labDevice').values(copies).execute();
  await lost(bot, 'renee');
});
afterAll(() => bot.close());

async function actor(name: string, ...roles: Role[]): Promise<Actor> {
  const person = await personByAddress(bot.db, 'lab', `${name}@contoso.example`);
  if (person === undefined) throw new Error(`no ${name}`);
  const held = new Set<Role>(['user', ...roles]);
  return { person, identity: `console:${name}`, roles: held, grantedRoles: held, suspendedBy: [] };
}

it('50 wipes at once from three accounts: five are issued, then everything is locked', async () => {
  const requesters = [
    await actor('hana', 'helpdesk'),
    await actor('hugo', 'helpdesk'),
    await actor('sasha', 'security'),
  ];
  const otto = await actor('otto', 'approver');
  const view = await loadIncident(bot.db, 101);
  const phones = view.devices.filter((device) => device.facts.deviceId.startsWith('MANY'));
  expect(phones).toHaveLength(many);
  const policy = bot.policy.current;

  const wipes = await atOnce(phones, (device, index) => {
    const by = requesters[index % requesters.length];
    if (by === undefined) throw new Error('no requester');
    return bot.store.change((change) =>
      proposeWipe(
        change,
        { policy, approvals },
        {
          view,
          device,
          scope: 'full',
          reason: 'Malice.',
          verification: { how: 'none', note: '' },
          ownerInformed: true,
          notify: [],
          by,
        },
      ),
    );
  });
  const waiting = await bot.db.selectFrom('approval').selectAll().orderBy('id').execute();
  await atOnce(waiting, (approval) =>
    bot.store.change((change) =>
      approvals.decide(change, policy, {
        approval,
        by: otto,
        decision: 'approve',
        reason: null,
        shown: { content: approval.payloadHash, remarks: [] },
      }),
    ),
  );
  await atOnce(wipes, (wipe) => issueWipe(bot.jobContext(), wipe.id));

  const five = await bot.db.selectFrom('wipe').select('state').where('issuingAt', 'is not', null).execute();
  expect(five).toHaveLength(5);
  // One that was taken and not yet sent when the brake was pulled is not sent any more.
  const sent = 5 - five.filter(({ state }) => state === 'not-asked').length;
  expect(sent).toBeGreaterThan(0);
  expect(await asked(bot)).toBe(sent);
  const lock = await bot.db.selectFrom('wipeLock').selectAll().execute();
  expect(lock).toMatchObject([{ state: 'locked', cause: 'brake' }]);
  bot.clock.advance(20 * 60_000);
  await bot.runner.settle();
  expect(await asked(bot)).toBe(sent);
  expect(bot.messagesIn('#security').filter((text) => text.includes('brake pulled'))).toHaveLength(1);
});

/** As many at once as the test's database has connections for. */
async function atOnce<T, R>(items: readonly T[], each: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = items.map((item, index) => ({ item, index }));
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      results[next.index] = await each(next.item, next.index);
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return results;
}
