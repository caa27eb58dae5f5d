import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  blocksDeviceChanges,
  isOpen,
  outcomeWord,
  transition,
  type WipeEvent,
} from '../../../src/incidents/wipe/machine.ts';
import type { WipeState } from '../../../src/store/tables/wipes.ts';
import { runs } from '../../setup/runs.ts';

const states = [
  'awaiting-approval',
  'approved',
  'issuing',
  'requested',
  'sent',
  'acknowledged',
  'denied',
  'withdrawn',
  'expired',
  'voided',
  'not-asked',
  'cancelled',
  'refused-by-device',
  'given-up',
  'not-reported',
  'partnership-removed',
] as const satisfies readonly WipeState[];

const plainKinds = [
  'denied',
  'withdrawn',
  'expired',
  'lapsed',
  'voided',
  'claimed',
  'request-proved',
  'no-request-proved',
  'sent',
  'acknowledged',
  'refused-by-device',
  'cancel-proved',
  'not-reported',
  'partnership-removed',
  'request-appeared',
  'partnership-returned',
] as const;

const plainEvents: readonly WipeEvent[] = plainKinds.map((kind) => ({ kind }));

const events: readonly WipeEvent[] = [
  ...plainEvents,
  { kind: 'approved', given: 1, needed: 1 },
  { kind: 'approved', given: 1, needed: 2 },
  { kind: 'approved', given: 2, needed: 2 },
  { kind: 'break-glass', reason: 'nobody is awake' },
  { kind: 'break-glass', reason: '  ' },
  { kind: 'given-up', stillHeld: true },
  { kind: 'given-up', stillHeld: false },
];

const anyEvent: fc.Arbitrary<WipeEvent> = fc.oneof(
  fc.constantFrom(...plainEvents),
  fc.record({
    kind: fc.constant('approved' as const),
    given: fc.integer({ min: -1, max: 3 }),
    needed: fc.integer({ min: -1, max: 3 }),
  }),
  fc.record({ kind: fc.constant('break-glass' as const), reason: fc.constantFrom('', ' ', 'nobody is awake') }),
  fc.record({ kind: fc.constant('given-up' as const), stillHeld: fc.boolean() }),
);

type Step = { from: WipeState; to: WipeState; event: WipeEvent };

function walk(sequence: readonly WipeEvent[]): Step[] {
  const steps: Step[] = [];
  let state: WipeState = 'awaiting-approval';
  for (const event of sequence) {
    const verdict = transition(state, event);
    if (verdict.kind === 'refusal') continue;
    steps.push({ from: state, to: verdict.state, event });
    state = verdict.state;
  }
  return steps;
}

describe('every state with every event', () => {
  const all = states.flatMap((state) => events.map((event) => ({ state, event, verdict: transition(state, event) })));

  it('answers with a state or with a sentence', () => {
    for (const { verdict } of all) {
      if (verdict.kind === 'refusal') expect(verdict.userMessage).toMatch(/^[A-Z1-9].*\.$/);
      else expect(states).toContain(verdict.state);
    }
  });

  it('approves only what waits for approval, and takes only what is approved', () => {
    const into = (target: WipeState) =>
      new Set(all.flatMap(({ state, verdict }) => (verdict.kind === 'to' && verdict.state === target ? [state] : [])));

    expect(into('approved')).toEqual(new Set(['awaiting-approval']));
    expect(into('issuing')).toEqual(new Set(['approved']));
    expect(into('requested')).toEqual(new Set(['issuing', 'not-asked', 'partnership-removed', 'cancelled']));
    expect(into('awaiting-approval')).toEqual(new Set());
    expect(into('cancelled')).toEqual(new Set(['requested', 'not-reported']));
    expect(into('not-asked')).toEqual(new Set(['issuing']));
    expect(into('withdrawn')).toEqual(new Set(['awaiting-approval', 'approved']));
  });

  it('lets nothing out of acknowledged and of the other ends, but what Exchange shows later', () => {
    const ends: WipeState[] = ['acknowledged', 'denied', 'withdrawn', 'expired', 'voided'];

    const left = all.filter(({ state, verdict }) => ends.includes(state) && verdict.kind === 'to');

    expect(left).toEqual([]);
  });

  it('lets only an acknowledgement, a cancel or a give-up read back speak for closing the hold', () => {
    for (const { event, verdict } of all) {
      if (verdict.kind !== 'to' || verdict.closesHold === undefined) continue;
      expect(['acknowledged', 'cancel-proved', 'given-up']).toContain(event.kind);
    }
  });
});

describe('sequences of events', () => {
  it('never issue twice, and never return to approved', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60, size: 'max' }), (sequence) => {
        const steps = walk(sequence);

        expect(steps.filter((step) => step.to === 'issuing').length).toBeLessThanOrEqual(1);
        expect(steps.filter((step) => step.to === 'approved').length).toBeLessThanOrEqual(1);
        // A request that is back, or shown late, was not asked for anew.
        const asked = steps.filter((step) => step.to === 'requested' && step.event.kind === 'request-proved');
        expect(asked.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: runs(300, 3_000) },
    );
  });

  it('never reach requested, sent or acknowledged without enough approvals or a break-glass record', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60, size: 'max' }), (sequence) => {
        const steps = walk(sequence);
        const asked = steps.findIndex((step) => ['issuing', 'requested', 'sent', 'acknowledged'].includes(step.to));
        if (asked === -1) return;

        const grounds = steps
          .slice(0, asked)
          .filter(
            ({ event }) =>
              (event.kind === 'approved' && event.given >= event.needed && event.needed >= 1) ||
              (event.kind === 'break-glass' && event.reason.trim() !== ''),
          );

        expect(grounds).toHaveLength(1);
      }),
      { numRuns: runs(300, 3_000) },
    );
  });

  it('walks the whole way when everything goes well', () => {
    const way = walk([
      { kind: 'approved', given: 1, needed: 1 },
      { kind: 'claimed' },
      { kind: 'request-proved' },
      { kind: 'sent' },
      { kind: 'acknowledged' },
    ]);

    expect(way.map((step) => step.to)).toEqual(['approved', 'issuing', 'requested', 'sent', 'acknowledged']);
  });
});

describe('after a backup was restored', () => {
  it('what waited or was approved is not known, and ends as asked for or as void', () => {
    for (const state of ['awaiting-approval', 'approved'] as const)
      expect(transition(state, { kind: 'restored' })).toMatchObject({ kind: 'to', state: 'issuing' });
    expect(transition('issuing', { kind: 'request-proved' })).toMatchObject({ kind: 'to', state: 'requested' });
    expect(transition('issuing', { kind: 'not-held' })).toMatchObject({ kind: 'to', state: 'voided' });
  });

  it.each(states.filter((state) => !['awaiting-approval', 'approved'].includes(state)))('%s is as it was', (state) => {
    expect(transition(state, { kind: 'restored' })).toMatchObject({ kind: 'refusal' });
    if (state !== 'issuing') expect(transition(state, { kind: 'not-held' })).toMatchObject({ kind: 'refusal' });
  });
});

describe('while it is not known whether Exchange was asked', () => {
  it.each(['withdrawn', 'claimed', 'voided', 'expired', 'cancel-proved', 'not-reported'] as const)(
    'refuses %s',
    (kind) => {
      expect(transition('issuing', { kind })).toMatchObject({ kind: 'refusal' });
    },
  );
});

describe('what Exchange still holds', () => {
  it.each([
    [transition('sent', { kind: 'given-up', stillHeld: true }), true],
    [transition('requested', { kind: 'given-up', stillHeld: false }), false],
    [transition('sent', { kind: 'refused-by-device' }), true],
    [transition('requested', { kind: 'not-reported' }), true],
    [transition('given-up', { kind: 'partnership-removed' }), false],
    [transition('sent', { kind: 'acknowledged' }), false],
  ])('%j', (verdict, exchangeHolds) => {
    expect(verdict).toMatchObject({ kind: 'to', exchangeHolds });
  });

  it('records the acknowledgement of a wipe that was given up too late', () => {
    expect(transition('given-up', { kind: 'acknowledged' })).toMatchObject({ kind: 'to', state: 'acknowledged' });
  });
});

describe('words and rights by state', () => {
  it('never says wiped or done', () => {
    for (const state of states) expect(outcomeWord(state)).not.toMatch(/wiped|done|erased/i);
  });

  it('protects the device from approved until it is acknowledged', () => {
    expect(states.filter(blocksDeviceChanges)).toEqual([
      'approved',
      'issuing',
      'requested',
      'sent',
      'refused-by-device',
      'not-reported',
    ]);
    expect(isOpen('awaiting-approval')).toBe(true);
    expect(isOpen('given-up')).toBe(false);
  });
});
