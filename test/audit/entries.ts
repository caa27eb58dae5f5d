import type { AuditEntry } from '../../src/store/port.ts';

/** A plausible entry; every n gives another one. */
export function entry(n: number): AuditEntry {
  return {
    action: n % 2 === 0 ? 'wipe.requested' : 'approval.approved',
    subject: `wipe:${n}`,
    incident: 100 + n,
    actor: { guid: '5c9f0a52-3f0e-4a47-8f5e-0d8a3f2b0001', identity: 'console:hana' },
    data: { wipe: n, scope: 'account-only', reason: 'left in a taxi', nested: { z: [1, 2.5, null], a: 'Zoë "§"' } },
  };
}

export const noon = new Date('2026-03-02T12:00:00.123Z');
