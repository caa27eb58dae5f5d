/**
 * The phones' own life: every contact that fell due since the last tick, in order, in one transaction. Whoever holds the
 * advisory lock ticks; the others skip, so that several processes share one lab.
 */
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Clock, Ids } from '../../ground/clock.ts';
import type { Database } from '../../store/schema.ts';
import { accessOf, accessSettings } from './access.ts';
import type { LabDevice } from './device-row.ts';
import { contactOf, type LabContact, type LabSurroundings } from './phone.ts';

export type LabTick = {
  db: Kysely<Database>;
  clock: Clock;
  /** How many times faster than in life the phones' rhythm runs; 1 is life. Machines' answers keep their own pace. */
  speed: number;
  random: () => number;
  ids: Pick<Ids, 'uuid'>;
};

const hour = 3_600_000;
const day = 24 * hour;
/** A lab that slept longer than this is not caught up further back. */
const longestCatchUp = 7 * 24 * hour;
/** Contacts are kept for so long (lab time). */
const keepContacts = 8 * 24 * hour;
const mostContactsADay = 50_000;

/** Answers how many contacts there were; undefined when another process was ticking. */
export async function tickLab(tick: LabTick): Promise<number | undefined> {
  if (!(await isDue(tick))) return 0;
  return tick.db.transaction().execute(async (tx) => {
    const lock = await sql<{
      got: boolean;
    }>`select pg_try_advisory_xact_lock(hashtext('mislaid lab tick')) as got`.execute(tx);
    return lock.rows[0]?.got === true ? contactsUntil(tx, tick, tick.clock.now()) : undefined;
  });
}

/** Keeps the phones still until the transaction ends: for who changes many of them at once. */
export async function lockLabTicks(tx: Transaction<Database>): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('mislaid lab tick'))`.execute(tx);
}

/** A contact is due, or what the phones wait for was laid out at another pace. */
async function isDue({ db, clock, speed }: LabTick): Promise<boolean> {
  const state = await db.selectFrom('labState').select('pace').executeTakeFirst();
  if (state === undefined) return false;
  if (state.pace !== speed) return true;
  const due = await db
    .selectFrom('labDevice')
    .select('id')
    .where('nextContactAt', '<=', clock.now())
    .limit(1)
    .executeTakeFirst();
  return due !== undefined;
}

async function contactsUntil(tx: Transaction<Database>, tick: LabTick, now: Date): Promise<number> {
  const state = await tx.selectFrom('labState').select(['tickedAt', 'pace', 'keptToday']).executeTakeFirstOrThrow();
  const from = Math.max(state.tickedAt.getTime(), now.getTime() - longestCatchUp);
  const pace = paceOf(now.getTime() - from, tick.speed);
  const world = await worldOf(tx, state.pace === pace ? now : undefined);
  const contacts: LabContact[] = [];
  const met = new Set<LabDevice['id']>();
  for (const device of state.pace === pace ? [] : [...world.devices.values()]) {
    world.devices.set(device.id, rescaled(device, from, state.pace / pace));
    met.add(device.id);
  }

  for (let device = nextOf(world.devices, now); device !== undefined; device = nextOf(world.devices, now)) {
    // Where the clock was moved on, a contact that fell due before is caught up with later: it hears of nothing before that was asked.
    const asked = [device.wipeRequestTime, device.accountWipeRequestTime].map((time) => time?.getTime() ?? 0);
    const at = new Date(Math.max(device.nextContactAt?.getTime() ?? from, from, ...asked));
    const around = world.around(device, tick);
    const outcome = contactOf(device, at, around);
    const wait =
      outcome.next === 'never'
        ? null
        : 'afterMs' in outcome.next
          ? outcome.next.afterMs
          : (outcome.next.afterSeconds * 1000) / pace;
    const nextContactAt = wait === null ? null : new Date(at.getTime() + Math.max(1, Math.round(wait)));
    world.devices.set(device.id, { ...outcome.device, nextContactAt });
    contacts.push(...outcome.contacts);
    met.add(device.id);
  }

  for (const id of met) {
    const device = world.devices.get(id);
    if (device !== undefined) await save(tx, device);
  }
  const midnight = new Date(Math.floor(now.getTime() / day) * day);
  const keptToday = state.tickedAt < midnight ? 0 : state.keptToday;
  const kept = written(contacts, keptToday, pace, tick.random);
  await insertAll(tx, kept);
  await tx
    .updateTable('labState')
    .set({ tickedAt: now, pace, keptToday: keptToday + kept.filter(({ at }) => new Date(at) >= midnight).length })
    .execute();
  await forgetDaysBefore(tx, new Date(now.getTime() - keepContacts));
  return contacts.length;
}

/** Whole days (UTC) go, as log files do: a file never loses its beginning. */
async function forgetDaysBefore(tx: Transaction<Database>, instant: Date): Promise<void> {
  const midnight = new Date(Math.floor(instant.getTime() / day) * day);
  await tx.deleteFrom('labContact').where('at', '<', midnight).execute();
}

/** The rhythm's speed over a gap: a long sleep, or `lab advance 2d`, is lived through no faster than two days of phones' life at once. */
function paceOf(gap: number, speed: number): number {
  return Math.max(Math.min(1, speed), Math.min(speed, (2 * day) / Math.max(1, gap)));
}

/**
 * At the pace of a demonstration a lab that runs for days would write gigabytes of logs. Past `mostContactsADay` only as many
 * ordinary contacts are written as in life; what was refused, and everything about a wipe, always is.
 */
function written(contacts: readonly LabContact[], keptToday: number, pace: number, random: () => number): LabContact[] {
  return contacts.filter((contact, index) => {
    if (keptToday + index < mostContactsADay || contact.command === 'Provision') return true;
    return contact.httpStatus !== 200 || (contact.easStatus ?? 0) >= 100 || random() * pace < 1;
  });
}

/** What is left of a wait at the instant `from`, at another pace. A machine's answer keeps its own. */
function rescaled(device: LabDevice, from: number, factor: number): LabDevice {
  const left = (device.nextContactAt?.getTime() ?? from) - from;
  if (left <= 0 || device.step === 'provision' || device.step === 'acknowledge') return device;
  return { ...device, nextContactAt: new Date(from + Math.max(1, Math.round(left * factor))) };
}

function nextOf(devices: ReadonlyMap<number, LabDevice>, now: Date): LabDevice | undefined {
  let next: LabDevice | undefined;
  let nextAt = now.getTime();
  for (const device of devices.values()) {
    const at = device.nextContactAt?.getTime();
    if (at === undefined || at > nextAt || (at === nextAt && next !== undefined)) continue;
    next = device;
    nextAt = at;
  }
  return next;
}

type World = {
  devices: Map<number, LabDevice>;
  around(device: LabDevice, tick: LabTick): LabSurroundings;
};

/** Those phones whose next contact is due by `dueBy`; without it every one that will make contact. One that never comes costs nothing. */
async function worldOf(tx: Transaction<Database>, dueBy: Date | undefined): Promise<World> {
  const devices = await tx
    .selectFrom('labDevice')
    .selectAll()
    .where('nextContactAt', 'is not', null)
    .$if(dueBy !== undefined, (query) => query.where('nextContactAt', '<=', dueBy ?? null))
    .orderBy('id')
    .forUpdate()
    .execute();
  const owners = [...new Set(devices.map(({ mailboxGuid }) => mailboxGuid))];
  const owning = tx.selectFrom('labMailbox').selectAll().where(sql<boolean>`exchange_guid = any(${owners}::text[])`);
  const mailboxes = new Map((await owning.execute()).map((row) => [row.exchangeGuid, row]));
  const servers = new Map((await tx.selectFrom('labServer').selectAll().execute()).map((row) => [row.name, row]));
  const edges = new Map((await tx.selectFrom('labEdge').selectAll().execute()).map((row) => [row.name, row]));
  const settings = await accessSettings({ db: tx });
  return {
    devices: new Map(devices.map((device) => [device.id, device])),
    around: (device, { random, ids }) => {
      const mailbox = mailboxes.get(device.mailboxGuid);
      const server = mailbox === undefined ? undefined : servers.get(mailbox.server);
      // Foreign keys see to it; a lab without them is broken and must not tick.
      if (mailbox === undefined || server === undefined)
        throw new Error(`lab device ${device.id} has no mailbox or server`);
      const access = accessOf(device, mailbox, settings);
      return { mailbox, server, access, edge: edges.get(server.edge ?? ''), random, uuid: ids.uuid };
    },
  };
}

async function save(tx: Transaction<Database>, device: LabDevice): Promise<void> {
  const { id, mailboxGuid: _mailboxGuid, notify, ...rest } = device;
  await tx
    .updateTable('labDevice')
    .set({ ...rest, notify: JSON.stringify(notify) })
    .where('id', '=', id)
    .execute();
}

/** Rows per statement: PostgreSQL takes at most 65,535 parameters. */
const batch = 1000;

async function insertAll(tx: Transaction<Database>, contacts: readonly LabContact[]): Promise<void> {
  for (let first = 0; first < contacts.length; first += batch) {
    await tx
      .insertInto('labContact')
      .values(contacts.slice(first, first + batch))
      .execute();
  }
}
