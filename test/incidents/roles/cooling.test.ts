import { describe, expect, it } from 'vitest';
import {
  acceptGrant,
  coolingRoles,
  coolsUntil,
  type RecordedGrant,
  recordGrants,
} from '../../../src/incidents/roles/cooling.ts';
import type { Policy, Role } from '../../../src/policy.ts';
import { policy } from '../facts.ts';

const first = new Date('2026-03-02T09:00:00Z');
const nextDay = new Date('2026-03-03T09:00:00Z');

function people(
  ...rows: readonly { name: string; roles: string[]; identities?: string[]; mailbox?: string }[]
): Policy {
  return policy({
    people: rows.map(({ name, roles, identities, mailbox }) => ({
      name,
      mailbox: mailbox ?? `${name}@contoso.example`,
      identities: identities ?? [`slack:T1/${name}`],
      roles,
    })),
  });
}

const before = people({ name: 'ada', roles: ['admin', 'approver'] }, { name: 'hana', roles: ['helpdesk'] });
const stored = recordGrants({ stored: undefined, policy: before, now: first, lab: false });

function reloaded(next: Policy, lab = false): RecordedGrant[] {
  return recordGrants({ stored, policy: next, now: first, lab });
}

function cooling(
  grants: readonly RecordedGrant[],
  name: string,
  roles: Role[],
  now = first,
  identity = `slack:T1/${name}`,
): Role[] {
  return [...coolingRoles({ identity, roles: new Set(roles), grants, now })];
}

describe('what cools off', () => {
  it('is nothing of the first policy that an empty store sees', () => {
    expect(cooling(stored, 'ada', ['admin', 'approver'])).toEqual([]);
  });

  it('is nothing on the lab', () => {
    expect(cooling(reloaded(people({ name: 'hana', roles: ['approver'] }), true), 'hana', ['approver'])).toEqual([]);
  });

  it.each(['approver', 'security', 'admin'] as const)('is a later grant of %s, for 24 hours', (role) => {
    const grants = reloaded(people({ name: 'hana', roles: [role] }));

    expect(cooling(grants, 'hana', [role])).toEqual([role]);
    expect(cooling(grants, 'hana', [role], new Date(nextDay.getTime() - 1))).toEqual([role]);
    expect(cooling(grants, 'hana', [role], nextDay)).toEqual([]);
  });

  it('is not helpdesk', () => {
    expect(cooling(reloaded(people({ name: 'bob', roles: ['helpdesk'] })), 'bob', ['user', 'helpdesk'])).toEqual([]);
  });

  it("is an account that was added to an old admin's list, while her own stands", () => {
    const grants = reloaded(
      people({ name: 'ada', roles: ['admin'], identities: ['slack:T1/ada', 'slack:T1/mallory'] }),
    );

    expect(cooling(grants, 'ada', ['admin'])).toEqual([]);
    expect(cooling(grants, 'ada', ['admin'], first, 'slack:T1/mallory')).toEqual(['admin']);
  });

  it('is an old account that was pointed at another mailbox', () => {
    const grants = reloaded(people({ name: 'ada', roles: ['admin'], mailbox: 'otto@contoso.example' }));

    expect(cooling(grants, 'ada', ['admin'])).toEqual(['admin']);
  });

  it('is a grant that was taken away and given again', () => {
    const without = reloaded(people({ name: 'ada', roles: ['helpdesk'] }));
    const again = recordGrants({ stored: without, policy: before, now: nextDay, lab: false });

    expect(cooling(again, 'ada', ['admin'], nextDay)).toEqual(['admin']);
  });

  it('is a role without any record', () => {
    expect(cooling([], 'ada', ['admin'])).toEqual(['admin']);
  });

  it('goes on from where it stood when the policy is loaded again', () => {
    const grants = reloaded(people({ name: 'hana', roles: ['approver'] }));
    const again = recordGrants({
      stored: grants,
      policy: people({ name: 'hana', roles: ['approver'] }),
      now: nextDay,
      lab: false,
    });

    expect(again).toEqual(grants);
  });
});

describe('accepting a role early', () => {
  const [grant] = reloaded(people({ name: 'hana', roles: ['approver'] }));
  const acceptor = (guid: string, roles: Role[] = ['admin'], own: Role[] = []) => ({
    guid,
    roles: new Set(roles),
    cooling: new Set(own),
  });

  it('takes two different admins', () => {
    if (grant === undefined) throw new Error('no grant');

    const one = acceptGrant({ grant, holder: 'guid-hana', acceptor: acceptor('guid-ada'), now: first });
    expect(one).toEqual({ kind: 'ok', acceptedBy: ['guid-ada'], complete: false });
    const half = { ...grant, acceptedBy: ['guid-ada'] };
    expect(coolsUntil(half, first)).toEqual(nextDay);
    expect(acceptGrant({ grant: half, holder: 'guid-hana', acceptor: acceptor('guid-ada'), now: first })).toMatchObject(
      {
        code: 'accept-twice',
      },
    );
    expect(
      acceptGrant({ grant: half, holder: 'guid-hana', acceptor: acceptor('guid-ines'), now: first }),
    ).toMatchObject({
      complete: true,
    });
    expect(coolsUntil({ ...grant, acceptedBy: ['guid-ada', 'guid-ines'] }, first)).toBeNull();
  });

  it.each([
    ['no admin', acceptor('guid-otto', ['approver']), 'accept-not-admin'],
    ['an admin who cools off himself', acceptor('guid-ines', ['admin'], ['admin']), 'accept-not-admin'],
    ['the person himself', acceptor('guid-hana'), 'accept-own-role'],
  ])('refuses %s', (_who, by, code) => {
    if (grant === undefined) throw new Error('no grant');
    expect(acceptGrant({ grant, holder: 'guid-hana', acceptor: by, now: first })).toMatchObject({
      kind: 'refusal',
      code,
    });
  });

  it('is not needed after 24 hours', () => {
    if (grant === undefined) throw new Error('no grant');
    expect(acceptGrant({ grant, holder: 'guid-hana', acceptor: acceptor('guid-ada'), now: nextDay })).toMatchObject({
      code: 'accept-not-needed',
    });
  });
});
