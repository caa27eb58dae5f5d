import { describe, expect, it } from 'vitest';
import { type OutcomeFacts, outcomeOf } from '../../src/apps/outcome.ts';
import { summaryOf, type UsageClient } from '../../src/apps/usage.ts';
import { phone, type row } from './phones.ts';

const facts = (parts: Partial<OutcomeFacts>): OutcomeFacts => ({
  kind: 'backEnd',
  http: 200,
  substatus: 0,
  status: 1,
  error: '',
  access: 'AllowedG',
  ...parts,
});

describe('what an answer means', () => {
  it.each([
    [{}, 'let-in', 'ok', /let in/],
    [{ kind: 'frontEnd', status: -1, access: '' }, 'answered', 'ok', /200/],
    [{ kind: 'frontEnd', http: 401, status: -1, access: '' }, 'refused', 'password', /401/],
    [{ status: 140, error: 'RemoteWipeRequested' }, 'failed', 'wipe-told', /told to wipe/],
    [{ http: 403, status: 129, access: 'BlockedD' }, 'refused', 'access', /device access rule/],
    [
      { status: 129, error: 'DeviceIsBlockedForThisUser', access: 'BlockedI' },
      'refused',
      'access',
      /mailbox's own list/,
    ],
    [{ access: 'QuarantinedG' }, 'refused', 'quarantine', /quarantined by the organisation's default/],
    [{ http: 403, status: 126 }, 'refused', 'disabled', /switched off/],
    [{ http: 404, substatus: 19, status: -1, access: '' }, 'refused', 'filter', /404\.19/],
    [{ http: 449, status: -1 }, 'failed', 'policy', /policy first/],
    [{ status: 142 }, 'failed', 'policy', /policy first/],
    [{ http: 503, status: -1 }, 'failed', 'busy', /busy/],
    [{ error: 'OverBudget', status: -1 }, 'failed', 'busy', /throttled/],
    [{ kind: 'edge', http: 504, status: -1, access: '' }, 'failed', 'cut', /edge/],
    [{ kind: 'frontEnd', http: 504, status: -1, access: '' }, 'failed', 'server', /504/],
    [{ status: 177 }, 'refused', 'other', /177/],
    [{ error: 'RemoteWipeRequested', access: 'BlockedD' }, 'failed', 'wipe-told', /told to wipe/],
    [{ status: 129, access: 'BlockedABO' }, 'refused', 'access', /automatic block/],
    [{ status: 1, access: 'AllowedI' }, 'let-in', 'ok', /let in/],
    [{ status: 199 }, 'failed', 'other', /199/],
    [{ http: 404, status: -1, access: '' }, 'failed', 'other', /404/],
    [{ http: 418, status: -1, access: '' }, 'failed', 'other', /418/],
  ] as const)('%o is %s (%s)', (parts, result, why, meaning) => {
    const outcome = outcomeOf(facts(parts));
    expect(outcome).toMatchObject({ result, why });
    expect(outcome.meaning).toMatch(meaning);
  });
});

describe("one device's story", () => {
  const story = (...lines: Parameters<typeof row>[0][]) => summaryOf(phone('a', {}, lines).clients);

  it('takes a 401 before a success for the first of two requests, and one after it for a refusal', () => {
    expect(
      story(
        { at: '2026-03-02T08:00:00Z', http: 401, kind: 'frontEnd' },
        { at: '2026-03-02T08:00:01Z', http: 200, status: 1 },
      ).lastRefused,
    ).toBeNull();
    const after = story(
      { at: '2026-03-02T08:00:00Z', http: 200, status: 1 },
      { at: '2026-03-02T08:10:00Z', http: 401, kind: 'frontEnd' },
    );
    expect(after.lastRefused).toMatchObject({ why: 'password' });
    expect(after.lastLetIn?.at).toEqual(new Date('2026-03-02T08:00:00Z'));
  });

  it('counts a request once, although up to four logs hold it, and lets the back end say what came of it', () => {
    const summary = story(
      { at: '2026-03-02T08:00:00Z', http: 200, kind: 'frontEnd', requests: 10 },
      { at: '2026-03-02T08:00:00Z', http: 200, status: 129, access: 'BlockedD', requests: 10 },
    );
    expect(summary.requests).toBe(10);
    expect(summary.lastLetIn).toBeNull();
    expect(summary.lastAttempt?.meaning).toMatch(/device access rule/);
    expect(summary.lastAttempt?.address).toBe('198.51.100.7');
  });

  it('takes a front end’s 200 for a success only where no back-end log tells more', () => {
    expect(story({ at: '2026-03-02T08:00:00Z', http: 200, kind: 'frontEnd' }).lastLetIn).not.toBeNull();
    const none: UsageClient[] = [];
    expect(summaryOf(none)).toMatchObject({ requests: 0, lastAttempt: null, lastLetIn: null, lastRefused: null });
  });

  it('of who did not log in counts only who was turned away at the login, and keeps what a filter denied apart', () => {
    const anonymous = (...lines: Parameters<typeof row>[0][]) =>
      summaryOf(phone('a', {}, lines).clients.map((client) => ({ ...client, anonymous: true })));
    const cut = anonymous(
      { at: '2026-03-02T08:00:00Z', http: 499, kind: 'edge' },
      { at: '2026-03-02T08:01:00Z', http: 503, kind: 'edge' },
    );
    expect(cut).toMatchObject({ turnedAway: null, filtered: null, lastAttempt: null, lastRefused: null, requests: 0 });
    const turned = anonymous(
      { at: '2026-03-02T08:00:00Z', http: 401, kind: 'frontEnd', requests: 3 },
      { at: '2026-03-02T08:01:00Z', http: 499, kind: 'edge' },
    );
    expect(turned.turnedAway).toMatchObject({ requests: 3, last: { at: new Date('2026-03-02T08:00:00Z') } });
    expect(turned.lastRefused).toBeNull();
  });
});
