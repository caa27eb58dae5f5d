import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { personOfIdentity, resolveActor } from '../../src/chat/actor.ts';
import type { Sender } from '../../src/chat/port.ts';
import type { Policy } from '../../src/policy.ts';
import { type TestStore, testStore } from '../setup/store.ts';
import { addPeople, guids, openIncident, policy, sender } from './people.ts';

let at: TestStore;

beforeAll(async () => {
  at = await testStore();
  await addPeople(at);
});
afterAll(() => at.close());
beforeEach(async () => {
  for (const table of ['chatIdentity', 'incidentEvent', 'incident', 'delivery'] as const) {
    await at.db.deleteFrom(table).execute();
  }
  at.audited.length = 0;
});

async function who(from: Sender, under: Policy = policy, address?: string) {
  const { store, clock } = at;
  const resolved = await resolveActor({ store, policy: under, organisation: 'lab', sender: from, address, clock });
  if (resolved.kind === 'refused') return resolved.code;
  const { actor } = resolved;
  return { guid: actor.person.guid, roles: [...actor.roles].sort(), suspendedBy: actor.suspendedBy };
}

const bySlackMail = (user: string, name: string, more: Partial<Sender> = {}) =>
  sender(`slack:T1/${user}`, { email: `${name}@contoso.example`, ...more });

describe('roles', () => {
  test('a listed account holds what policy lists, whatever address it shows', async () => {
    expect(await who(sender('console:hana', { email: 'alice@contoso.example' }))).toEqual({
      guid: guids.hana,
      roles: ['helpdesk', 'user'],
      suspendedBy: [],
    });
  });

  test('an address, in any case and of any kind, makes a user and no more', async () => {
    expect(await who(sender('slack:T2/U9', { email: 'Otto.Mail@contoso.example' }))).toEqual({
      guid: guids.otto,
      roles: ['user'],
      suspendedBy: [],
    });
  });

  test('a group makes helpdesk only where identities are managed', async () => {
    const alice = bySlackMail('UALICE', 'alice', { groups: ['G0', 'G1'] });
    expect(await who(alice)).toMatchObject({ roles: ['user'] });
    expect(await who(alice, { ...policy, identitiesManaged: true })).toMatchObject({ roles: ['helpdesk', 'user'] });
    expect(
      await who(bySlackMail('UALICE', 'alice', { groups: ['G0'] }), { ...policy, identitiesManaged: true }),
    ).toMatchObject({
      roles: ['user'],
    });
  });

  test.each(['guest', 'bot', 'stranger', 'deactivated', 'other-tenant'] as const)('a %s has none', async (outsider) => {
    expect(await who(sender('console:hana', { outsider }))).toBe(outsider === 'bot' ? 'bot' : 'outsider');
  });

  test('nobody without a mailbox has any', async () => {
    expect(await who(sender('slack:T1/U1'))).toBe('no-address');
    expect(await who(sender('slack:T1/U1', { email: 'nobody@contoso.example' }))).toBe('unknown-person');
    expect(await who(sender('console:gone'))).toBe('unknown-person');
    const { store, clock } = at;
    const elsewhere = await resolveActor({
      store,
      policy,
      organisation: 'real',
      sender: sender('console:hana'),
      clock,
    });
    expect(elsewhere).toMatchObject({ kind: 'refused', code: 'unknown-person' });
  });
});

describe('accounts', () => {
  test('the account, its last address and its person are remembered', async () => {
    await who(bySlackMail('UALICE', 'alice', { timeZone: 'Europe/Vienna' }), policy, 'address-1');
    at.clock.advance(10_000);
    await who(bySlackMail('UALICE', 'alice'));
    const row = await at.db.selectFrom('chatIdentity').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({
      identity: 'slack:T1/UALICE',
      personGuid: guids.alice,
      foundBy: 'email',
      address: 'address-1',
      timeZone: 'Europe/Vienna',
      refused: null,
      lastSeenAt: at.clock.now(),
    });
  });

  test('words in quick succession write only what is new of the account', async () => {
    await who(bySlackMail('UALICE', 'alice'), policy, 'address-1');
    const first = at.clock.now();
    at.clock.advance(2_000);
    await who(bySlackMail('UALICE', 'alice'));
    const row = () => at.db.selectFrom('chatIdentity').selectAll().executeTakeFirstOrThrow();
    expect(await row()).toMatchObject({ address: 'address-1', lastSeenAt: first });
    await who(bySlackMail('UALICE', 'alice'), policy, 'address-2');
    expect(await row()).toMatchObject({ address: 'address-2', lastSeenAt: at.clock.now() });
  });

  test('a second account of one tenant that claims the same person is refused, and security told once', async () => {
    await who(bySlackMail('UALICE', 'alice'));
    expect(await who(bySlackMail('UEVIL', 'alice'))).toBe('second-account');
    expect(await who(bySlackMail('UEVIL', 'alice'))).toBe('second-account');
    expect(await who(bySlackMail('UALICE', 'alice'))).toMatchObject({ guid: guids.alice });
    expect(await who(sender('slack:T2/UALICE', { email: 'alice@contoso.example' }))).toMatchObject({
      guid: guids.alice,
    });
    const told = await at.db.selectFrom('delivery').selectAll().execute();
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ kind: 'notice', place: 'console:#security' });
    expect(at.audited.map(({ action, data }) => [action, data.code])).toEqual([['identity.refused', 'second-account']]);
  });

  test('of two accounts that claim one person at the same moment one is refused', async () => {
    const both = await Promise.all(['UONE', 'UTWO'].map((user) => who(bySlackMail(user, 'alice'))));
    expect(both.filter((each) => each === 'second-account')).toHaveLength(1);
  });

  test('an account that policy lists for the person makes any other of that tenant a second one', async () => {
    expect(await who(bySlackMail('UEVIL', 'ada'))).toBe('second-account');
    expect(await who(sender('slack:T1/UADA'))).toMatchObject({ guid: guids.ada });
  });

  test('an account that was another person until now is refused, also when it tries again', async () => {
    await who(bySlackMail('UALICE', 'alice'));
    expect(await who(bySlackMail('UALICE', 'otto'))).toBe('another-person-before');
    expect(await who(bySlackMail('UALICE', 'otto'))).toBe('another-person-before');
    expect(await who(bySlackMail('UALICE', 'alice'))).toMatchObject({ guid: guids.alice });
  });

  test('the author of a message is found without any right of his', async () => {
    await who(bySlackMail('UALICE', 'alice'));
    await who(bySlackMail('UEVIL', 'alice'));
    const found = async (identity: string) => (await personOfIdentity(at.db, policy, 'lab', identity))?.guid;
    expect(await found('slack:T1/UALICE')).toBe(guids.alice);
    expect(await found('console:otto')).toBe(guids.otto);
    expect(await found('slack:T1/UEVIL')).toBeUndefined();
    expect(await found('slack:T1/UNKNOWN')).toBeUndefined();
  });
});

describe('suspension', () => {
  test('whose own device was reported is only a user, on every platform, also after the incident was closed', async () => {
    const number = await openIncident(at, 'hana');
    for (const identity of ['console:hana', 'slack:T1/UHANA']) {
      expect(await who(sender(identity))).toEqual({ guid: guids.hana, roles: ['user'], suspendedBy: [number] });
    }
    expect(await who(sender('console:otto'))).toMatchObject({ roles: ['approver', 'user'], suspendedBy: [] });
    await at.db.updateTable('incident').set({ state: 'closed' }).execute();
    expect(await who(sender('console:hana'))).toMatchObject({ roles: ['user'], suspendedBy: [number] });
  });

  test('restored roles hold against this incident and not against the next', async () => {
    await openIncident(at, 'hana');
    await at.db.updateTable('suspension').set({ state: 'ended' }).execute();
    expect(await who(sender('console:hana'))).toMatchObject({ roles: ['helpdesk', 'user'], suspendedBy: [] });
    const next = await openIncident(at, 'hana');
    expect(await who(sender('console:hana'))).toMatchObject({ roles: ['user'], suspendedBy: [next] });
  });
});

describe('who is not known', () => {
  async function told(from: Sender): Promise<string> {
    const { store, clock } = at;
    const resolved = await resolveActor({
      store,
      policy,
      organisation: 'lab',
      sender: from,
      address: undefined,
      clock,
    });
    return resolved.kind === 'refused' ? resolved.userMessage : resolved.actor.person.guid;
  }

  test('is told only what a reading of the directory showed', async () => {
    const ghost = bySlackMail('UGHOST', 'ghost');
    expect(await told(ghost)).toMatch(/as I last read it, no mailbox has the e-mail address/);

    const people = await at.db.selectFrom('person').selectAll().execute();
    const [first, second] = people.filter(({ guid }) => guid === guids.alice || guid === guids.hana);
    await at.db
      .updateTable('person')
      .set({ primarySmtp: 'both@contoso.example', addresses: JSON.stringify(['both@contoso.example']) })
      .where('guid', 'in', [first?.guid ?? '', second?.guid ?? ''])
      .execute();
    expect(await told(bySlackMail('UBOTH', 'both'))).toMatch(/^More than one mailbox/);

    await at.db.deleteFrom('person').execute();
    expect(await told(ghost)).toMatch(/not been able to read Exchange's directory yet/);
    expect(await told(sender('console:hana'))).toMatch(/not been able to read Exchange's directory yet/);
    await addPeople(at);
  });
});
