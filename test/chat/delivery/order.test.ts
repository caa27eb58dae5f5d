/** What goes next, and when: both say the same, or a job is due again and again and sends nothing. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CardRow } from '../../../src/chat/delivery/card.ts';
import { nextDue, nextOf, type Waiting } from '../../../src/chat/delivery/order.ts';

const now = new Date('2026-03-03T12:00:00Z');
const dueAt = fc.integer({ min: -3, max: 5 }).map((minutes) => new Date(now.getTime() + minutes * 60_000));
const note = fc.record({
  cardId: fc.option(fc.integer({ min: 1, max: 2 })),
  dueAt,
  attempts: fc.constantFrom(0, 4, 5, 9),
  urgent: fc.boolean(),
});
const card = fc.option(
  dueAt.map((due) => ({ dueAt: due }) as CardRow),
  { nil: undefined },
);

/** As the query answers: what stands before an urgent reply of the same card is urgent, too, and urgent ones come first. */
const waitings: fc.Arbitrary<Waiting> = fc
  .record({ firstCard: card, edit: card, notes: fc.array(note, { maxLength: 8 }) })
  .map(({ notes: drawn, ...cards }) => {
    const notes = drawn.map((one, index) => ({
      ...one,
      id: index + 1,
      urgent: drawn.slice(index).some((later) => later.urgent && (later === one || (later.cardId ?? 0) === one.cardId)),
    })) as unknown as Waiting['notes'][number][];
    return { ...cards, notes: notes.sort((a, b) => Number(b.urgent) - Number(a.urgent) || a.id - b.id) };
  });

it('is due exactly when something may go', () => {
  const check = (waiting: Waiting, turn: number) => {
    const due = nextDue(waiting, now);
    const mayGo = (at: Date) => nextOf(waiting, { now: at, turn }) !== undefined;
    expect(due !== undefined && due <= now).toBe(mayGo(now));
    if (due === undefined) {
      expect([waiting.firstCard, waiting.edit, ...waiting.notes].filter((one) => one !== undefined)).toEqual([]);
      return;
    }
    expect(mayGo(due)).toBe(true);
    if (due > now) expect(mayGo(new Date(due.getTime() - 1))).toBe(false);
  };
  fc.assert(fc.property(waitings, fc.nat({ max: 20 }), check), { numRuns: 2_000 });
});

it('sends all that waits, replies of one card in order', () => {
  fc.assert(
    fc.property(waitings, (waiting) => {
      let left = waiting;
      let at = now;
      for (let turn = 0; turn < 20; turn += 1) {
        const due = nextDue(left, at);
        if (due === undefined) break;
        at = due > at ? due : at;
        const next = nextOf(left, { now: at, turn });
        if (next === undefined) throw new Error('nothing may go although something is due');
        if ('note' in next) {
          const before = left.notes.filter(({ cardId, id }) => cardId === next.note.cardId && id < next.note.id);
          if (next.note.cardId !== null) expect(before.every(({ attempts }) => attempts >= 5)).toBe(true);
          left = { ...left, notes: left.notes.filter(({ id }) => id !== next.note.id) };
        } else {
          left = next.card === left.firstCard ? { ...left, firstCard: undefined } : { ...left, edit: undefined };
        }
      }
      expect(left).toEqual({ firstCard: undefined, edit: undefined, notes: [] });
    }),
    { numRuns: 1_000 },
  );
});
