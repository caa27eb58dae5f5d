import type { Actor } from '../../directory/actor.ts';
import type { Person } from '../../directory/person.ts';
import type { Place } from '../../ground/addresses.ts';
import { minutesAfter } from '../../ground/clock.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import { openHold } from '../hold/hold.ts';
import { lockIncident, lockOwner } from '../lock-order.ts';
import { type Suspension, suspendOwner } from '../roles/suspension.ts';
import { incidentPlaces } from './places.ts';
import { incidentSubject, record } from './timeline.ts';
import type { TimelineKind } from './timeline-event.ts';
import type { Incident } from './view.ts';

export type Opening = {
  owner: Person;
  kind: Incident['kind'];
  /** null: the bot itself (a wipe that did not come from it). */
  by: Actor | null;
  byOwner: boolean;
  place?: Place;
  remark?: string;
  drill?: boolean;
};

/**
 * However many report it at once: what Exchange told of the phones is not asked for again before it is this old. Incidents that were
 * opened together drift apart, so that Exchange is not asked for all of them within one second again and again.
 */
function freshMs(incident: number): number {
  return 15_000 + (incident % 10) * 1_000;
}

/**
 * Opens an incident, or joins the open one of the same person: one case has one card, however many people report it. Its owner is
 * suspended by it, but for drills.
 */
export async function openIncident(
  change: Change,
  policy: Policy,
  opening: Opening,
): Promise<{ number: number; joined: boolean; suspension: Suspension | undefined }> {
  const { owner, by, drill = false } = opening;
  // Two reports of one person at once must not open two incidents.
  await lockOwner(change, owner.guid);
  const open = await change.tx
    .selectFrom('incident')
    .select('number')
    .where('personGuid', '=', owner.guid)
    .where('state', '=', 'open')
    .where('drill', '=', drill)
    .orderBy('number', 'desc')
    .executeTakeFirst();
  const joined = open !== undefined;
  const number = joined ? open.number : await insert(change, opening);

  // Found, and then lost again: the phone must be able to log in once more.
  if (joined) await lockIncident(change, number);
  if (joined && (await wasFound(change, number))) await openHold(change, number, by);
  await change.card(incidentSubject(number), incidentPlaces(policy, opening.place));
  await record(change, {
    incident: number,
    kind: joined ? 'incident.reported-again' : 'incident.opened',
    by,
    data: {
      kind: opening.kind,
      byOwner: opening.byOwner,
      ...(opening.remark === undefined ? {} : { remark: opening.remark }),
    },
  });
  const lastRead = joined ? await lastReadAt(change, number) : undefined;
  await change.enqueue(
    'read-devices',
    { incident: number },
    {
      key: String(number),
      ...(lastRead === undefined
        ? {}
        : { dueAt: new Date(Math.max(change.now.getTime(), lastRead.getTime() + freshMs(number))) }),
    },
  );
  if (!joined) {
    await change.enqueue(
      'ask-hold',
      { incident: number },
      { key: String(number), dueAt: minutesAfter(change.now, policy.holdMaxHours * 60) },
    );
  }
  const suspension = drill ? undefined : await suspendOwner(change, policy, { owner, incident: number, by });
  return { number, joined, suspension };
}

async function wasFound(change: Change, number: number): Promise<boolean> {
  const last = await change.tx
    .selectFrom('incidentEvent')
    .select('kind')
    .where('incidentNumber', '=', number)
    .where('kind', 'in', ['incident.found', 'incident.reported-again', 'wipe.proposed'] satisfies TimelineKind[])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last?.kind === 'incident.found';
}

/** When Exchange last told of all the phones; undefined before the first time. */
async function lastReadAt(change: Change, incident: number): Promise<Date | undefined> {
  const row = await change.tx
    .selectFrom('incidentEvent')
    .select(({ selectFrom }) => [
      'at',
      selectFrom('incidentDevice')
        .select(({ fn }) => fn.min('readAt').as('readAt'))
        .where('incidentNumber', '=', incident)
        .where('present', '=', true)
        .as('devicesReadAt'),
    ])
    .where('incidentNumber', '=', incident)
    .where('kind', '=', 'devices.read' satisfies TimelineKind)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return row.devicesReadAt !== null && row.devicesReadAt > row.at ? row.devicesReadAt : row.at;
}

async function insert(change: Change, { owner, kind, by, byOwner, remark, drill = false }: Opening): Promise<number> {
  const row = await change.tx
    .insertInto('incident')
    .values({
      organisation: owner.organisation,
      drill,
      kind,
      personGuid: owner.guid,
      openedBy: by?.person.guid ?? null,
      openedVia: by?.identity ?? null,
      byOwner,
      remark: remark ?? null,
      openedAt: change.now,
      state: 'open',
      hold: 'open',
    })
    .returning('number')
    .executeTakeFirstOrThrow();
  return row.number;
}
