import { describe, expect, it } from 'vitest';
import type { DeviceWipe } from '../../../src/incidents/devices/device.ts';
import {
  type ProofInput,
  provesNotAsked,
  provesRequest,
  reconcileAt,
  reconcileSchedule,
  timesFor,
  watchSchedule,
  wrongScopeMoved,
} from '../../../src/incidents/wipe/request-proof.ts';
import { noTimes, noWipe } from '../facts.ts';

const readAt = new Date('2026-03-02T09:30:00.000Z');
const before9 = '2026-03-02T08:00:00.000Z';
const after = '2026-03-02T09:30:01.000Z';
const ours = 'mislaid@contoso.example';

function asked(kind: 'full' | 'accountOnly', requested = after, requestor: string | null = ours): DeviceWipe {
  return { ...noWipe, [kind]: { ...noTimes, requested, requestor } };
}

function input(changes: Partial<ProofInput>): ProofInput {
  return { scope: 'full', before: noWipe, now: noWipe, lastReadAt: readAt, requestor: ours, ...changes };
}

describe('provesRequest', () => {
  it.each([
    ['a full wipe asked of Exchange', input({ now: asked('full') })],
    ['an account-only wipe', input({ scope: 'account-only', now: asked('accountOnly') })],
    ['a new request after an old one', input({ before: asked('full', before9), now: asked('full') })],
    ['a requestor in other case', input({ now: asked('full', after, 'MISLAID@contoso.example') })],
    ['no requestor, where our account has no mailbox', input({ requestor: '', now: asked('full', after, null) })],
    ['an Outlook wipe by either time', input({ scope: 'outlook-app', now: asked('accountOnly') })],
    [
      'one whose clock is behind ours by less than a minute',
      input({ lastReadAt: new Date('2026-03-02T09:31:00.000Z'), now: asked('full') }),
    ],
  ])('takes %s for proof', (_what, proof) => {
    expect(provesRequest(proof)).toEqual({ kind: 'proved', requestedAt: new Date(after) });
  });

  it.each([
    ['nothing', input({})],
    ['the request that was there before', input({ before: asked('full'), now: asked('full') })],
    [
      'the same instant, written otherwise',
      input({ before: asked('full', '2026-03-02T09:30:01Z'), now: asked('full') }),
    ],
    ['a request of the other scope', input({ now: asked('accountOnly') })],
    ['a full wipe instead of account-only', input({ scope: 'account-only', now: asked('full') })],
    ['a request that is gone', input({ before: asked('full'), now: noWipe })],
  ])('sees no proof in %s', (_what, proof) => {
    expect(provesRequest(proof)).toEqual({ kind: 'not-seen' });
  });

  it.each([
    ['somebody else asked', input({ now: asked('full', after, 'otto@contoso.example') }), 'other-requestor'],
    ['nobody is named though our account has a mailbox', input({ now: asked('full', after, null) }), 'other-requestor'],
    ['its time is before our last read', input({ now: asked('full', before9) }), 'not-later'],
    [
      'its time is a minute before our last read',
      input({ now: asked('full', '2026-03-02T09:29:00.000Z') }),
      'not-later',
    ],
  ])('doubts when %s', (_what, proof, why) => {
    expect(provesRequest(proof)).toMatchObject({ kind: 'doubt', why });
  });
});

describe('wrongScopeMoved', () => {
  it('alarms when account-only was asked and the full wipe moved, whatever the clocks say', () => {
    expect(wrongScopeMoved(input({ scope: 'account-only', now: asked('full') }))).toBe(true);
    expect(wrongScopeMoved(input({ scope: 'account-only', now: asked('full', before9) }))).toBe(true);
  });

  it.each([
    ['the right time moved', input({ scope: 'account-only', now: asked('accountOnly') })],
    ['another account asked', input({ scope: 'account-only', now: asked('full', after, 'otto@contoso.example') })],
    ['it stood there before', input({ scope: 'account-only', before: asked('full'), now: asked('full') })],
    ['a full wipe was meant', input({ scope: 'full', now: asked('full') })],
  ])('is quiet when %s', (_what, proof) => {
    expect(wrongScopeMoved(proof)).toBe(false);
  });
});

describe('timesFor', () => {
  it('takes the times of the scope, and on Outlook the newer ones', () => {
    const both: DeviceWipe = {
      full: { ...noTimes, requested: before9 },
      accountOnly: { ...noTimes, requested: after },
    };

    expect(timesFor('full', both).requested).toBe(before9);
    expect(timesFor('account-only', both).requested).toBe(after);
    expect(timesFor('outlook-app', both).requested).toBe(after);
    expect(timesFor('outlook-app', asked('full')).requested).toBe(after);
  });
});

describe('when it is read again', () => {
  const deadline = new Date('2026-03-02T09:31:00.000Z');

  it('reconciles at 0, 30 s, 2, 5 and 16 minutes after the deadline, and then every 5 minutes', () => {
    const seconds = (at: Date) => (at.getTime() - deadline.getTime()) / 1000;

    expect(reconcileSchedule(deadline).map(seconds)).toEqual([0, 30, 120, 300, 960]);
    expect([4, 5, 6].map((step) => seconds(reconcileAt(deadline, step)))).toEqual([960, 1260, 1560]);
  });

  it('concludes that Exchange was not asked only from a read at 16 minutes or later that saw nothing', () => {
    const late = reconcileAt(deadline, 4);
    const doubt = provesRequest(input({ now: asked('full', before9) }));

    expect(provesNotAsked({ callDeadline: deadline, readAt: late, proof: { kind: 'not-seen' } })).toBe(true);
    expect(
      provesNotAsked({ callDeadline: deadline, readAt: reconcileAt(deadline, 3), proof: { kind: 'not-seen' } }),
    ).toBe(false);
    expect(provesNotAsked({ callDeadline: deadline, readAt: late, proof: doubt })).toBe(false);
  });

  it('watches closely at first, never more slowly than hourly, and never gives up', () => {
    const paces = Array.from({ length: 300 }, (_, step) => watchSchedule(step));

    expect(paces[0]).toBe(10_000);
    expect(paces).toEqual([...paces].sort((one, other) => one - other));
    expect(watchSchedule(100_000)).toBe(3_600_000);
  });
});
