/**
 * Wipes in the store: every move is a compare-and-set on the state that the rule saw, stored with who, when, why and from
 * which answer of Exchange. The rule itself is the pure function in machine.ts.
 */
import type { Kysely } from 'kysely';
import { internalError } from '../../ground/errors.ts';
import type { Change } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import type { WipeEventKind } from '../../store/tables/wipe-events.ts';
import type { WipeState } from '../../store/tables/wipes.ts';
import { holdAfterWipes } from '../hold/hold.ts';
import { type By, guidOf, record } from '../incident/timeline.ts';
import type { Wipe } from '../incident/view.ts';
import { incidentOf, lockIncident } from '../lock-order.ts';
import { transition, type WipeEvent } from './machine.ts';

export type Move = {
  by: By;
  why?: string;
  evidence?: Record<string, unknown>;
  /** Columns that change with the state. */
  set?: Partial<
    Pick<
      Wipe,
      | 'heldBecause'
      | 'issuingAt'
      | 'callDeadlineAt'
      | 'requestedAt'
      | 'sentAt'
      | 'acknowledgedAt'
      | 'endedAt'
      | 'watchStep'
      | 'exchangeHolds'
    >
  > & { before?: string };
};

/** Throws MislaidError `no-such-wipe`. Locks its incident and the row: two deciders come one after the other. */
export async function lockWipe(change: Change, id: number): Promise<Wipe> {
  const wipes = change.tx.selectFrom('wipe').where('id', '=', id);
  const incident = await incidentOf(change, `wipe:${id}`, () => wipes.select('incidentNumber').executeTakeFirst());
  if (incident !== undefined && incident !== null) await lockIncident(change, incident);
  const wipe = await wipes.selectAll().forUpdate().executeTakeFirst();
  if (wipe !== undefined) return wipe;
  throw internalError({ code: 'no-such-wipe', message: `wipe ${id} does not exist` });
}

/**
 * Applies one event. undefined: the state no longer allows it (somebody else was faster), and nothing was changed.
 * The hold of the incident follows from the wipes in the same transaction.
 */
export async function moveWipe(change: Change, wipe: Wipe, event: WipeEvent, move: Move): Promise<Wipe | undefined> {
  const verdict = transition(wipe.state, event);
  if (verdict.kind === 'refusal') return undefined;
  const moved = await change.tx
    .updateTable('wipe')
    .set({ state: verdict.state, ...move.set })
    .where('id', '=', wipe.id)
    .where('state', '=', wipe.state)
    .returningAll()
    .executeTakeFirst();
  if (moved === undefined) return undefined;
  await storeTransition(change, wipe, verdict.state, event.kind, move);
  await holdAfterWipes(change, wipe.incidentNumber, move.by);
  return moved;
}

export async function storeTransition(
  change: Change,
  wipe: Wipe,
  to: WipeState,
  event: WipeEventKind,
  move: Move,
): Promise<void> {
  await change.tx
    .insertInto('wipeTransition')
    .values({
      wipeId: wipe.id,
      at: change.now,
      fromState: wipe.state,
      toState: to,
      event,
      actorGuid: guidOf(move.by),
      why: move.why ?? null,
      evidence: move.evidence === undefined ? null : JSON.stringify(move.evidence),
    })
    .execute();
  await record(change, {
    incident: wipe.incidentNumber,
    kind: `wipe.${to}` as const,
    by: move.by,
    data: {
      wipe: wipe.id,
      device: wipe.deviceNumber,
      scope: wipe.scope,
      from: wipe.state,
      event,
      ...(move.why === undefined ? {} : { why: move.why }),
    },
  });
}

/** The open proposal or wipe of a device, in whichever incident. */
export async function openWipeOf(db: Kysely<Database>, deviceGuid: string): Promise<Wipe | undefined> {
  return db
    .selectFrom('wipe')
    .selectAll()
    .where('deviceGuid', '=', deviceGuid)
    .where('state', 'in', [...openStates])
    .executeTakeFirst();
}

/** States that count as the device's open proposal or wipe: the same list as the unique index `wipe_one_open`. */
export const openStates = [
  'awaiting-approval',
  'approved',
  'issuing',
  'requested',
  'sent',
  'refused-by-device',
  'not-reported',
] as const satisfies readonly WipeState[];

/** The newest wipe of a device on an incident. */
export function latestWipe(wipes: readonly Wipe[], deviceNumber: number): Wipe | undefined {
  return wipes.filter((wipe) => wipe.deviceNumber === deviceNumber).at(-1);
}
