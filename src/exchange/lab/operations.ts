/** What the `lab` commands do: things that happen in life, and that no cmdlet does. */
import { type Kysely, sql } from 'kysely';
import type { Clock } from '../../ground/clock.ts';
import type { Database } from '../../store/schema.ts';
import { wipeStatusOf } from './devices.ts';
import { guidFrom } from './guids.ts';
import { lockLabTicks } from './tick.ts';

/** A phone of the lab, with what no real Exchange could tell. */
export type LabPhone = {
  mailboxGuid: string;
  owner: string;
  guid: string;
  friendlyName: string;
  deviceId: string;
  /** As Exchange computes it. */
  status: string;
  /** What it does now: holds a connection, waits until it connects, is turned away, or was wiped. */
  doing: 'connected' | 'waiting' | 'refused' | 'account wiped' | 'erased';
  present: boolean;
  lastSuccessSync: Date | null;
  /** When it will make contact; null: it never comes. */
  nextContactAt: Date | null;
  erasedAt: Date | null;
  /** What is special about it, in a few words. */
  remarks: readonly string[];
};

/** Every phone, by owner: for `lab devices`. */
export async function labPhonesNow(db: Kysely<Database>): Promise<LabPhone[]> {
  const rows = await db
    .selectFrom('labDevice')
    .innerJoin('labMailbox', 'labMailbox.exchangeGuid', 'labDevice.mailboxGuid')
    .selectAll('labDevice')
    .select(['labMailbox.displayName', 'labMailbox.accountDisabled', 'labMailbox.blockedIds'])
    .orderBy('labMailbox.displayName')
    .orderBy('labDevice.id')
    .execute();
  return rows.map((row) => ({
    mailboxGuid: row.mailboxGuid,
    owner: row.displayName,
    guid: row.guid,
    friendlyName: row.friendlyName,
    deviceId: row.deviceId,
    status: wipeStatusOf(row),
    doing: doingOf(row),
    present: row.present,
    lastSuccessSync: row.lastSuccessSync,
    nextContactAt: row.nextContactAt,
    erasedAt: row.erasedAt,
    remarks: [
      ...(row.erasedAt === null ? [] : ['erased itself']),
      ...(row.present ? [] : ['no partnership']),
      ...(row.stalePassword ? ['old password'] : []),
      ...(row.accountDisabled ? ['account disabled'] : []),
      ...(row.refusesWipe ? ['refuses wipes'] : []),
      ...(row.silentWipe ? ['wipes without telling Exchange'] : []),
      ...(row.wipeSupported ? [] : ['no wipe support']),
      ...(row.nextContactAt === null && row.erasedAt === null ? ['never comes'] : []),
    ],
  }));
}

function doingOf(row: {
  erasedAt: Date | null;
  accountWipeAckTime: Date | null;
  stalePassword: boolean;
  accountDisabled: boolean;
  accessState: string;
  blockedIds: readonly string[];
  deviceId: string;
  step: string;
}): LabPhone['doing'] {
  if (row.erasedAt !== null) return 'erased';
  if (row.accountWipeAckTime !== null) return 'account wiped';
  const isBlocked = row.accessState === 'Blocked' || row.blockedIds.includes(row.deviceId);
  if (row.stalePassword || row.accountDisabled || isBlocked) return 'refused';
  return row.step === 'ping-end' ? 'connected' : 'waiting';
}

/** The password of a person is changed: none of her phones gets in any more, so none hears of a wipe. false: no such mailbox. */
export async function changeLabPassword(db: Kysely<Database>, clock: Clock, mailboxGuid: string): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    await lockLabTicks(tx);
    const changed = await tx
      .updateTable('labMailbox')
      .set({ passwordChangedAt: clock.now() })
      .where('exchangeGuid', '=', mailboxGuid)
      .executeTakeFirst();
    await tx.updateTable('labDevice').set({ stalePassword: true }).where('mailboxGuid', '=', mailboxGuid).execute();
    return changed.numUpdatedRows > 0n;
  });
}

/** Sets an edge's idle timeout (seconds, at least 1). false: no such edge. */
export async function setLabEdge(db: Kysely<Database>, name: string, idleSeconds: number): Promise<boolean> {
  const changed = await db
    .updateTable('labEdge')
    .set({ idleSeconds })
    .where(sql`upper(name)`, '=', name.toUpperCase())
    .executeTakeFirst();
  return changed.numUpdatedRows > 0n;
}

export async function labEdges(db: Kysely<Database>): Promise<{ name: string; idleSeconds: number }[]> {
  return db.selectFrom('labEdge').select(['name', 'idleSeconds']).orderBy('name').execute();
}

/** Switches Exchange off or on again: while it is off, every call fails as if the network were down. */
export async function setLabAvailable(db: Kysely<Database>, available: boolean): Promise<void> {
  await db.updateTable('labState').set({ available }).execute();
}

/**
 * A phone turns up: one that never came, or one that erased itself and was set up again with the current password. Outlook
 * comes back under a new DeviceId; native mail under its own, so that a wipe that was not removed strikes again.
 */
export async function returnLabPhone(db: Kysely<Database>, clock: Clock, guid: string): Promise<boolean> {
  const device = await db.selectFrom('labDevice').selectAll().where('guid', '=', guid).executeTakeFirst();
  if (device === undefined) return false;
  const fresh = device.erasedAt !== null;
  const outlook = device.deviceType.startsWith('Outlook');
  await db
    .updateTable('labDevice')
    .set({
      erasedAt: null,
      step: 'request',
      nextContactAt: clock.now(),
      ...(fresh ? { stalePassword: false } : {}),
      ...(fresh && outlook
        ? { deviceId: guidFrom(`${device.deviceId} again`).replaceAll('-', ''), ...withoutPartnership }
        : {}),
    })
    .where('id', '=', device.id)
    .execute();
  return true;
}

const withoutPartnership = {
  present: false,
  wipeRequestTime: null,
  wipeSentTime: null,
  wipeAckTime: null,
  accountWipeRequestTime: null,
  accountWipeSentTime: null,
  accountWipeAckTime: null,
} as const;

export type LabLedgerEntry = {
  at: Date;
  /** `clear-mobile-device` */
  cmdlet: string;
  name: string;
  target: string;
  arguments: Record<string, unknown>;
  by: string;
  /** `done`, or the id of Exchange's error. */
  outcome: string;
};

/** Every change that was asked of the lab's Exchange, in order: what tests and fault runs count. */
export async function labLedger(db: Kysely<Database>): Promise<LabLedgerEntry[]> {
  return db
    .selectFrom('labLedger')
    .select(['at', 'cmdlet', 'name', 'target', 'arguments', 'by', 'outcome'])
    .orderBy('id')
    .execute();
}
