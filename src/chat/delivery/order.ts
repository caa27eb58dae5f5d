/**
 * What goes next at one place or to one person: first what somebody must act on or must not do (cards that nobody sees yet, and messages
 * of any tone but neutral: holds, approvals, alarms, "may be reset"), then other messages, then edits of cards that are shown, the longest
 * unshown first. Replies under one card never overtake each other.
 */
import { sql } from 'kysely';
import { minute } from '../../ground/durations.ts';
import type { CardRow } from './card.ts';
import type { WaitingMessage } from './message.ts';
import type { DeliveryRun } from './run.ts';

/** What waits, due or not. */
export type Waiting = {
  /** The card that nobody sees yet and that is due first. */
  readonly firstCard: CardRow | undefined;
  /** The shown card whose newer state is unshown for the longest. */
  readonly edit: CardRow | undefined;
  /** Urgent ones first, in order. */
  readonly notes: readonly (WaitingMessage & { readonly urgent: boolean })[];
};

/** After so many failures a message no longer holds up those behind it. */
const failuresWaitedFor = 5;
/** However busy a place is, one post in so many goes to an edit that has waited for long. */
const editEvery = 10;
const longUnshown = minute;

/**
 * Pure: the card or message that may go now. `turn` counts what went to this place: alarms and new cards take turns, so that neither
 * waits for all of the other.
 */
export function nextOf(
  waiting: Waiting,
  { now, turn }: { now: Date; turn: number },
): { card: CardRow } | { note: WaitingMessage } | undefined {
  const due = (card: CardRow | undefined) => (card !== undefined && card.dueAt <= now ? { card } : undefined);
  const [first, edit] = [due(waiting.firstCard), due(waiting.edit)];
  if (
    edit !== undefined &&
    turn % editEvery === editEvery - 1 &&
    now.getTime() - edit.card.dueAt.getTime() > longUnshown
  )
    return edit;
  const urgent = dueNote(waiting, true, now);
  const important = turn % 2 === 0 ? (urgent ?? first) : (first ?? urgent);
  return important ?? dueNote(waiting, false, now) ?? edit;
}

/** The first message of its kind that may go now: in order, unless the one before it has failed too often to be waited for. */
function dueNote({ notes }: Waiting, urgent: boolean, now: Date): { note: WaitingMessage } | undefined {
  for (const note of notes.filter((one) => one.urgent === urgent)) {
    const overtakes = notes.some(
      (other) => other.cardId !== null && other.cardId === note.cardId && other.id < note.id && holdsUp(other),
    );
    if (note.dueAt <= now && !overtakes) return { note };
    if (holdsUp(note)) return undefined;
  }
  return undefined;
}

function holdsUp({ attempts }: WaitingMessage): boolean {
  return attempts < failuresWaitedFor;
}

/** From when on `nextOf` has something to send, were nothing to change; undefined when nothing of what waits ever could. */
export function nextDue(waiting: Waiting, now: Date): Date | undefined {
  const { firstCard, edit, notes } = waiting;
  const dues = [firstCard, edit, ...notes].flatMap((one) => (one === undefined ? [] : [one.dueAt.getTime()]));
  return [now.getTime(), ...dues.filter((due) => due > now.getTime()).sort((a, b) => a - b)]
    .map((time) => new Date(time))
    .find((time) => nextOf(waiting, { now: time, turn: 0 }) !== undefined);
}

export async function whatWaits(round: DeliveryRun): Promise<Waiting> {
  return {
    firstCard: await waitingCard(round, 'is'),
    edit: await waitingCard(round, 'is not'),
    notes: await waitingNotes(round),
  };
}

/** Of the cards whose facts are newer than what is shown the one that is due first; one that was put off keeps no other back. */
async function waitingCard({ store, target }: DeliveryRun, ref: 'is' | 'is not'): Promise<CardRow | undefined> {
  return await store.db
    .selectFrom('card')
    .selectAll()
    .where('place', '=', target)
    .where('dead', '=', false)
    .whereRef('wanted', '>', 'shown')
    .where('ref', ref, null)
    .orderBy('dueAt')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
}

/** Messages whose turn could come: a reply waits until its card stands in the place, or never will. */
async function waitingNotes({ store, target }: DeliveryRun): Promise<Waiting['notes']> {
  return await store.db
    .selectFrom('delivery')
    .leftJoin('card', 'card.id', 'delivery.cardId')
    .selectAll('delivery')
    .select(['card.ref as cardRef', 'card.dead as cardDead', 'card.subject as cardSubject'])
    // What stands before an urgent reply of the same card goes with it. Each other message is a row of its own.
    .select(
      sql<boolean>`coalesce(bool_or(delivery.draft->>'tone' <> 'neutral')
        over (partition by coalesce(delivery.card_id, -delivery.id) order by delivery.id desc), false)`.as('urgent'),
    )
    .where('delivery.state', '=', 'waiting')
    .where(({ or, eb }) => or([eb('delivery.place', '=', target), eb('delivery.identity', '=', target)]))
    .where(({ or, eb }) =>
      or([eb('delivery.kind', '!=', 'reply'), eb('card.ref', 'is not', null), eb('card.dead', '=', true)]),
    )
    .orderBy('urgent', 'desc')
    .orderBy('delivery.id')
    .limit(50)
    .execute();
}
