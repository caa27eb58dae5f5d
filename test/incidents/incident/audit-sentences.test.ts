import { describe, expect, it } from 'vitest';
import {
  describedActions,
  describeEntry,
  type ReadableEntry,
} from '../../../src/incidents/incident/audit-sentences.ts';
import { auditCode } from '../../../src/incidents/incident/timeline.ts';
import { TimelineEvent } from '../../../src/incidents/incident/timeline-event.ts';

const hana = '5c9f0a52-3f0e-4a47-8f5e-0d8a3f2b0001';
const names = {
  person: (guid: string) => (guid === hana ? 'Hana Novak' : undefined),
  phone: (number: number) => `phone ${number}, iPhone 15 …C41F`,
};

function said(action: string, data: object = {}, who: Partial<ReadableEntry> = {}): string {
  return describeEntry({ action, actorGuid: hana, actorIdentity: 'console:hana', data, ...who }, names);
}

describe('an entry of the audit', () => {
  it('says who, what they did, to what and why', () => {
    const proposal = {
      device: 1,
      scope: 'full',
      reason: 'Left in a taxi.',
      verification: 'by manager',
      ownerInformed: true,
    };

    expect(said('wipe.proposed', proposal)).toBe(
      'Hana Novak proposed the wipe of phone 1, iPhone 15 …C41F (full), because: Left in a taxi. Caller verified: by manager. The owner was told.',
    );
    expect(said('incident.opened', { kind: 'lost', byOwner: false })).toBe('Hana Novak reported a phone as lost.');
    expect(said('command.refused', { command: 'release-hold', code: 'not-allowed' })).toBe(
      'Hana Novak was refused “release hold”: not allowed.',
    );
    expect(said('roles-restored', { person: 'nobody', reason: 'found again' })).toBe(
      'Hana Novak gave somebody their roles back, because: found again.',
    );
  });

  it('of nobody is by Mislaid, or by an account that is nobody’s', () => {
    expect(said('hold.closed', { why: 'All is known.' }, { actorGuid: null, actorIdentity: null })).toBe(
      'Mislaid ended the hold on the password, because: All is known.',
    );
    expect(said('command.refused', { code: 'unknown-person' }, { actorGuid: null })).toContain('(console:hana)');
  });

  it('has a sentence for everything that stands on a timeline', () => {
    const kinds = TimelineEvent.options.flatMap((option) => [...option.shape.kind.values]);

    expect(kinds.length).toBeGreaterThan(40);
    expect(kinds.map(auditCode).filter((code) => !describedActions.includes(code))).toEqual([]);
  });

  it.each([...describedActions, 'phone.beamed-up'])('%s is told without a code, whatever data it has', (action) => {
    for (const data of [{}, { device: 1, scope: 'full', kind: 'app-block', event: 'x.y-z', person: hana }]) {
      expect(said(action, data)).not.toMatch(/[a-z]\.[a-z]|\.\.|undefined| {2}/);
      expect(said(action, data)).toMatch(/^[“A-Z].*[.”)]$/s);
    }
  });
});
