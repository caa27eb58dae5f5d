import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../../src/incidents/incident/timeline-event.ts';
import { timelineFacts } from '../../../src/incidents/incident/timeline-facts.ts';

const row = { id: 1, incidentNumber: 104, at: new Date('2026-03-02T09:00:00Z'), actorGuid: null };

describe('an event as the store holds it', () => {
  it('is read with the data of its kind', () => {
    expect(parseEvent({ ...row, kind: 'plan-b.quiet', data: { hours: 4 } })).toEqual({
      ...row,
      kind: 'plan-b.quiet',
      data: { hours: 4 },
    });
  });

  it.each([
    ['of a kind that this version does not know', 'phone.beamed-up', { by: 'Scotty' }],
    ['with other data than this version knows', 'plan-b.quiet', { minutes: 240 }],
  ])('%s is kept as it is, and changes nothing', (_, kind, data) => {
    const event = parseEvent({ ...row, kind, data });
    expect(event).toEqual({ ...row, kind: 'unknown', name: kind, data });
    expect(timelineFacts([event])).toEqual(timelineFacts([]));
  });
});
