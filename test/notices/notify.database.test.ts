import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendAudit } from '../../src/audit/chain.ts';
import { remark } from '../../src/message/text.ts';
import { notify } from '../../src/notices/notify.ts';
import { Policy } from '../../src/policy.ts';
import { type TestStore, testStore } from '../setup/store.ts';

const policy = Policy.parse({
  people: [
    { name: 'Ada', mailbox: 'ada@contoso.example', identities: ['slack:T1/UADA', 'console:ada'], roles: ['admin'] },
    { name: 'Ines', mailbox: 'ines@contoso.example', identities: ['console:ines'], roles: ['admin'] },
    { name: 'Otto', mailbox: 'otto@contoso.example', identities: ['console:otto'], roles: ['approver'] },
  ],
  channels: { security: ['console:#security'], mailOperations: ['console:#mail', 'console:#security'] },
});

let at: TestStore;
beforeEach(async () => {
  at = await testStore({ appendAudit, laneOf: () => 'upkeep' });
});
afterEach(() => at.close());

async function sent() {
  const rows = await at.db.selectFrom('delivery').selectAll().orderBy('id').execute();
  return rows.map((row) => ({ to: row.place ?? row.identity, draft: JSON.stringify(row.draft) }));
}

async function speaks(identity: string): Promise<void> {
  const row = { displayName: 'Ada', foundBy: 'policy' as const, personGuid: null, lastSeenAt: at.clock.now() };
  await at.db
    .insertInto('chatIdentity')
    .values({ identity, ...row })
    .execute();
}

describe('a notice', () => {
  it('goes once to each place that its channels list, and to nobody privately', async () => {
    const line = { key: 'one', message: remark('warning', 'EX02') } as const;
    for (let times = 0; times < 2; times++) {
      await at.store.change((change) => notify(change, policy, 'heartbeat-alert', line));
    }
    expect((await sent()).map(({ to }) => to)).toEqual(['console:#mail', 'console:#security']);
  });

  it('says privately what the channel may not read, to one account of each person with the role', async () => {
    await speaks('console:ada');
    await at.store.change((change) =>
      notify(change, policy, 'policy-refused', { line: ['not taken'], privately: remark('danger', 'line 7') }),
    );
    const all = await sent();
    expect(all.map(({ to }) => to)).toEqual(['console:#security', 'console:ada', 'console:ines']);
    expect(all.map(({ draft }) => draft.includes('line 7'))).toEqual([false, true, true]);
  });

  it('leaves out whom it must not reach, and writes to another account of theirs', async () => {
    await speaks('console:ada');
    const without = ['console:ada', 'console:ines'];
    await at.store.change((change) => notify(change, policy, 'policy-refused', { line: ['not taken'], without }));
    expect((await sent()).map(({ to }) => to)).toEqual(['console:#security', 'slack:T1/UADA']);
  });

  it('as a last resort goes to every account, where no channel is left', async () => {
    const tell = (without: string[]) =>
      at.store.change((change) => notify(change, policy, 'dead-place', { line: ['away'], without }));
    await tell(['console:#approvals']);
    expect((await sent()).map(({ to }) => to)).toEqual(['console:#security']);
    await tell(['console:#security']);
    expect((await sent()).slice(1).map(({ to }) => to)).toEqual(['slack:T1/UADA', 'console:ada', 'console:ines']);
  });
});
