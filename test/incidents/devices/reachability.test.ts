import { describe, expect, it } from 'vitest';
import { type ReachabilityInput, reachability } from '../../../src/incidents/devices/reachability.ts';
import { device } from '../facts.ts';

const now = new Date('2026-03-02T09:24:00.000Z');
const day = 86_400_000;

function ago(milliseconds: number): string {
  return new Date(now.getTime() - milliseconds).toISOString();
}

/** A phone whose last contact was so long ago. */
function silent(milliseconds: number, changes: Parameters<typeof device>[0] = {}) {
  return device({ lastSync: ago(milliseconds), lastAttempt: ago(milliseconds), ...changes });
}

function of(facts: ReturnType<typeof device>, more: Partial<ReachabilityInput> = {}) {
  return reachability({ device: facts, readAt: now, ...more });
}

describe('reachability', () => {
  it('says of a phone that holds a connection how long that may last', () => {
    expect(of(device())).toMatchObject({
      likelihood: 'likely',
      summary:
        'Likely to hear of a wipe within about 16 minutes: it holds a connection to the server (heartbeat 900 s).',
    });
  });

  it.each([
    ['holds a long connection', silent(40 * 60_000, { lastHeartbeatSeconds: 3540 }), 'likely'],
    ['should have come back by now', silent(100 * 60_000, { lastHeartbeatSeconds: 900 }), 'perhaps'],
    ['polls', silent(60 * 60_000, { lastHeartbeatSeconds: null }), 'likely'],
    ['was there yesterday', silent(day), 'perhaps'],
    ['was there three days ago', silent(3 * day), 'unlikely'],
    ['was there 212 days ago', silent(212 * day), 'unlikely'],
    ['never synced', device({ lastSync: null, lastAttempt: null }), 'unlikely'],
    ['is Outlook, used today', silent(3 * 3_600_000, { client: 'outlook', type: 'Outlook' }), 'likely'],
    ['is Outlook, used three days ago', silent(3 * day, { client: 'outlook', type: 'Outlook' }), 'perhaps'],
    ['is blocked', device({ accessState: 'Blocked' }), 'unlikely'],
    ['is quarantined', device({ accessState: 'Quarantined' }), 'unlikely'],
    ['tries in vain', device({ lastSync: ago(3 * day), lastAttempt: ago(60_000) }), 'unlikely'],
    ['has its clock ahead of ours', silent(-60_000), 'likely'],
  ])('of a phone that %s', (_what, facts, likelihood) => {
    expect(of(facts).likelihood).toBe(likelihood);
    expect(of(facts).summary).toMatch(/^[A-Z].*: .+\.$/);
  });

  it('minds a password that was changed after the last contact, and not one from before', () => {
    expect(of(device(), { passwordChangedAt: new Date('2026-03-02T09:20:00Z') })).toMatchObject({
      likelihood: 'unlikely',
      because: [expect.stringContaining('password')],
    });
    expect(of(device(), { passwordChangedAt: new Date('2026-03-01T09:20:00Z') }).likelihood).toBe('likely');
  });

  it('knows that a disabled account cannot log in', () => {
    expect(of(device(), { accountEnabled: false })).toMatchObject({ likelihood: 'no' });
  });
});
