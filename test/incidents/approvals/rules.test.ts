import { describe, expect, it } from 'vitest';
import {
  approversNeeded,
  type DecideInput,
  isVip,
  mayDecide,
  mayRequest,
  stillApproved,
} from '../../../src/incidents/approvals/rules.ts';
import type { Role } from '../../../src/policy.ts';
import { policy } from '../facts.ts';
import { actor } from '../people.ts';

const now = new Date('2026-03-02T09:30:00Z');
const later = new Date('2026-03-02T09:55:00Z');

const approval: DecideInput['approval'] = {
  requestedBy: 'guid-hana',
  ownerGuid: 'guid-alice',
  role: 'approver',
  needed: 1,
  state: 'waiting',
  expiresAt: later,
  executeBy: null,
};

function decide(changes: Partial<DecideInput>) {
  return mayDecide({
    approval,
    actor: actor('otto', ['approver']),
    policy: policy(),
    now,
    decisions: [],
    decision: 'approve',
    ...changes,
  });
}

describe('mayDecide', () => {
  it('lets another person with the role approve or deny', () => {
    expect(decide({})).toEqual({ kind: 'ok' });
    expect(decide({ decision: 'deny' })).toEqual({ kind: 'ok' });
  });

  it.each([
    ['the requester', decide({ actor: actor('hana', ['helpdesk', 'approver']) }), 'approval-own-request'],
    [
      'the requester through another chat account',
      decide({ actor: actor('hana', ['approver'], { identity: 'slack:T1/U9' }) }),
      'approval-own-request',
    ],
    ['the owner', decide({ actor: actor('alice', ['approver']) }), 'approval-own-device'],
    ['somebody without the role', decide({ actor: actor('hugo', ['helpdesk']) }), 'approval-role'],
    ['an admin, where approvers decide', decide({ actor: actor('ines', ['admin']) }), 'approval-role'],
    [
      'an approver whose own phone is in an incident',
      decide({ actor: actor('otto', [], { grantedRoles: new Set<Role>(['approver']), suspendedBy: [104] }) }),
      'approval-suspended',
    ],
    ['a new approver', decide({ cooling: new Set<Role>(['approver']) }), 'approval-cooling-off'],
    [
      'the same person a second time',
      decide({ decisions: [{ actorGuid: 'guid-otto', decision: 'approve' }] }),
      'approval-already-decided',
    ],
    [
      'the same person through another chat account',
      decide({
        actor: actor('otto', ['approver'], { identity: 'entra:t/o' }),
        decisions: [{ actorGuid: 'guid-otto', decision: 'approve' }],
      }),
      'approval-already-decided',
    ],
    ['anybody at the expiry', decide({ now: later }), 'approval-expired'],
  ])('refuses %s', (_who, verdict, code) => {
    expect(verdict).toMatchObject({ kind: 'refusal', code });
  });

  it.each(['approved', 'denied', 'withdrawn', 'expired', 'voided', 'executed', 'lapsed'] as const)(
    'refuses what is %s',
    (state) => {
      expect(decide({ approval: { ...approval, state } })).toMatchObject({ kind: 'refusal', code: 'approval-closed' });
    },
  );
});

describe('stillApproved', () => {
  const approved = { ...approval, state: 'approved' as const, executeBy: later };
  const held: Record<string, Role[]> = { 'guid-otto': ['approver'], 'guid-ada': ['approver', 'admin'] };
  const rolesOf = (guid: string): ReadonlySet<Role> => new Set(held[guid] ?? []);
  const by = (...names: string[]) => names.map((name) => ({ actorGuid: `guid-${name}`, decision: 'approve' as const }));
  const base = { approval: approved, decisions: by('otto'), rolesOf, now };

  it('stands while those who agreed still hold the role', () => {
    expect(stillApproved(base)).toEqual({ kind: 'ok' });
    expect(stillApproved({ ...base, approval: { ...approved, needed: 2 }, decisions: by('otto', 'ada') })).toEqual({
      kind: 'ok',
    });
  });

  it.each([
    ['the role was taken away', { ...base, rolesOf: () => new Set<Role>(['user']) }, 'approval-role'],
    [
      'one of two lost the role',
      { ...base, approval: { ...approved, needed: 2 }, decisions: by('otto', 'hugo') },
      'approval-role',
    ],
    [
      'one person counts twice',
      { ...base, approval: { ...approved, needed: 2 }, decisions: by('otto', 'otto') },
      'approval-role',
    ],
    [
      'the requester is among them',
      { ...base, decisions: by('hana'), rolesOf: () => new Set<Role>(['approver']) },
      'approval-role',
    ],
    [
      'the owner is among them',
      { ...base, decisions: by('alice'), rolesOf: () => new Set<Role>(['approver']) },
      'approval-role',
    ],
    ['its time is over', { ...base, now: later }, 'approval-expired'],
    ['nobody approved', { ...base, approval }, 'approval-closed'],
  ])('falls when %s', (_what, input, code) => {
    expect(stillApproved(input)).toMatchObject({ kind: 'refusal', code });
  });
});

describe('mayRequest', () => {
  const ownersMayAsk = policy({ approvals: { ownersMayAsk: true } });

  it.each([
    ['helpdesk', mayRequest({ actor: actor('hana', ['helpdesk']), ownerGuid: 'guid-alice', policy: policy() }), 'ok'],
    [
      'a user for another',
      mayRequest({ actor: actor('bob', []), ownerGuid: 'guid-alice', policy: ownersMayAsk }),
      'refusal',
    ],
    [
      'an approver for another',
      mayRequest({ actor: actor('otto', ['approver']), ownerGuid: 'guid-alice', policy: policy() }),
      'refusal',
    ],
    ['the owner', mayRequest({ actor: actor('alice', []), ownerGuid: 'guid-alice', policy: policy() }), 'refusal'],
    [
      'an owner of the helpdesk',
      mayRequest({ actor: actor('hana', ['helpdesk']), ownerGuid: 'guid-hana', policy: policy() }),
      'refusal',
    ],
    [
      'the owner, where policy lets her',
      mayRequest({ actor: actor('alice', []), ownerGuid: 'guid-alice', policy: ownersMayAsk }),
      'ok',
    ],
    [
      'a stranger',
      mayRequest({ actor: { ...actor('eve', []), roles: new Set() }, ownerGuid: 'guid-eve', policy: ownersMayAsk }),
      'refusal',
    ],
  ])('%s: %j', (_who, verdict, kind) => {
    expect(verdict.kind).toBe(kind);
  });
});

describe('VIPs', () => {
  it('need two approvers, and are found by any of their names', () => {
    const listed = (name: string) => policy({ vip: [name] });
    const { person } = actor('alice', []);

    expect(approversNeeded(false)).toBe(1);
    expect(approversNeeded(true)).toBe(2);
    for (const name of ['ALICE@contoso.example', 'alice.old@contoso.example', 'Alice', 'guid-alice']) {
      expect(isVip(listed(name), person)).toBe(true);
    }
    expect(isVip(listed('alicia'), person)).toBe(false);
  });
});
