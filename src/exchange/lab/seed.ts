/** The lab as it is on the first start: the same for the same seed, and with some hours of contacts behind it. */
import { type Insertable, type Kysely, sql, type Transaction } from 'kysely';
import type { Clock } from '../../ground/clock.ts';
import type { Database } from '../../store/schema.ts';
import type { LabDeviceTable, LabMailboxTable } from '../../store/tables/lab.ts';
import { guidFrom } from './guids.ts';
import { labDomain } from './mailboxes.ts';
import { type LabMailboxSeed, labMailboxes } from './people.ts';
import { type LabPhoneSeed, labPhones } from './phones.ts';
import { seededRandom } from './random.ts';
import { tickLab } from './tick.ts';
import { frontEndConfig, heartbeatSettingsOf, syncConfig } from './web-config.ts';

const hour = 3_600_000;

/** LB1 closes idle connections after 300 s, as F5's default TCP profile does; only EX02 is behind it. */
const edges = [{ name: 'LB1', ip: '192.0.2.10', idleSeconds: 300 }];
const servers = [
  { name: 'EX01', edge: null, ip: '192.0.2.11' },
  { name: 'EX02', edge: 'LB1', ip: '192.0.2.12' },
  { name: 'EX03', edge: null, ip: '192.0.2.13' },
];

/** Seeds the lab once; answers false when it was there already. Several processes may call it at the same time. */
export async function seedLab(input: {
  db: Kysely<Database>;
  clock: Clock;
  seed?: string;
  /** How many hours of contacts the logs already hold. */
  historyHours?: number;
}): Promise<boolean> {
  const { db, clock, seed = 'contoso', historyHours = 24 } = input;
  const now = clock.now();
  const start = new Date(now.getTime() - historyHours * hour);
  const random = seededRandom(seed);
  const seeded = await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtext('mislaid lab seed'))`.execute(tx);
    const there = await tx.selectFrom('labState').select('id').executeTakeFirst();
    if (there !== undefined) return false;
    await insertOrganisation(tx, { seed, start, now, random });
    return true;
  });
  if (!seeded) return false;
  let drawn = 0;
  const uuid = () => {
    drawn += 1;
    return guidFrom(`${seed} history ${drawn}`);
  };
  await tickLab({ db, clock: { now: () => now }, speed: 1, random, ids: { uuid } });
  return true;
}

async function insertOrganisation(
  tx: Transaction<Database>,
  input: { seed: string; start: Date; now: Date; random: () => number },
): Promise<void> {
  const { seed, start, now, random } = input;
  await tx
    .insertInto('labState')
    .values({
      id: 1,
      offsetMs: 0,
      seed,
      tickedAt: start,
      pace: 1,
      keptToday: 0,
      available: true,
      defaultAccessLevel: 'Allow',
    })
    .execute();
  await tx.insertInto('labEdge').values(edges).execute();
  const sync = syncConfig();
  await tx
    .insertInto('labServer')
    .values(
      servers.map((server) => ({
        ...server,
        syncConfig: sync,
        ewsConfig: frontEndConfig('Ews', server.name),
        easConfig: frontEndConfig('Eas', server.name),
        configsAt: new Date(start.getTime() - 40 * 24 * hour),
        poolStartedAt: start,
        ...heartbeatSettingsOf(sync),
      })),
    )
    .execute();
  const phones = labPhones.map((phone, index) => ({
    phone,
    row: deviceRow(phone, index, { seed, start, now, random }),
  }));
  const blocked = (alias: string) =>
    phones.filter(({ phone }) => phone.owner === alias && phone.blocked === true).map(({ row }) => row.deviceId);
  await tx
    .insertInto('labMailbox')
    .values(labMailboxes.map((mailbox) => mailboxRow(mailbox, seed, blocked(mailbox.alias))))
    .execute();
  await tx
    .insertInto('labDevice')
    .values(phones.map(({ row }) => row))
    .execute();
}

/** ExchangeGuid of a lab person, by alias. */
export function labMailboxGuid(alias: string, seed = 'contoso'): string {
  return guidFrom(`${seed} mailbox ${alias}`);
}

function mailboxRow(mailbox: LabMailboxSeed, seed: string, blocked: readonly string[]): Insertable<LabMailboxTable> {
  const address = `${mailbox.alias}@${labDomain}`;
  return {
    exchangeGuid: labMailboxGuid(mailbox.alias, seed),
    objectGuid: guidFrom(`${seed} user ${mailbox.alias}`),
    displayName: mailbox.displayName,
    firstName: mailbox.firstName,
    lastName: mailbox.lastName,
    alias: mailbox.alias,
    upn: address,
    primarySmtp: address,
    emailAddresses: JSON.stringify([
      `SMTP:${address}`,
      `smtp:${mailbox.alias}@mail.${labDomain}`,
      `X400:C=US;A= ;P=Contoso;O=Exchange;S=${mailbox.lastName || mailbox.firstName};`,
    ]),
    department: mailbox.department,
    title: mailbox.title,
    phone: mailbox.phone,
    mobilePhone: mailbox.mobilePhone,
    manager: mailbox.manager,
    recipientTypeDetails: mailbox.kind ?? 'UserMailbox',
    accountDisabled: mailbox.disabled ?? false,
    server: mailbox.server,
    database: `DB-${mailbox.server}`,
    activeSyncEnabled: true,
    allowedIds: '[]',
    blockedIds: JSON.stringify(blocked),
    policy: mailbox.department === 'Warehouse' ? 'Open' : 'Default',
    passwordChangedAt: null,
    mailsPerHour: mailbox.mails,
  };
}

function deviceRow(
  phone: LabPhoneSeed,
  index: number,
  input: { seed: string; start: Date; now: Date; random: () => number },
): Insertable<LabDeviceTable> {
  const { seed, start, now, random } = input;
  const { make } = phone;
  const key = `${seed} phone ${index}`;
  const hex = guidFrom(`${key} id`).replaceAll('-', '');
  const silentSince =
    phone.silentForHours === undefined ? undefined : new Date(now.getTime() - phone.silentForHours * hour);
  const firstSeen = new Date((silentSince ?? now).getTime() - (60 + index) * 24 * hour);
  const lastSeen = silentSince ?? new Date(start.getTime() - Math.floor(random() * 600_000));
  const comes = silentSince === undefined && phone.neverSynced !== true;
  const behindEdge = labMailboxes.find(({ alias }) => alias === phone.owner)?.server === 'EX02';
  const push = phone.rhythm === 'push';
  const heartbeat = push && behindEdge ? 247 : phone.seconds;
  const network = phone.network === 'hosting' ? '198.51.100' : '203.0.113';
  return {
    id: index + 1,
    guid: guidFrom(`${key} partnership`),
    present: true,
    mailboxGuid: labMailboxGuid(phone.owner, seed),
    deviceId: make.deviceId(hex),
    friendlyName: phone.friendlyName,
    deviceType: make.deviceType,
    deviceModel: phone.model,
    deviceOs: make.deviceOs,
    userAgent: make.userAgent,
    imei: '',
    phoneNumber:
      make.clientType === 'EAS' && phone.network === 'mobile' ? `+1555020${String(index).padStart(2, '0')}` : '',
    operator: '',
    clientType: make.clientType,
    clientVersion: make.clientVersion,
    ip: `${network}.${index + 10}`,
    firstSyncTime: phone.neverSynced === true ? null : firstSeen,
    lastSyncAttempt: phone.neverSynced === true ? null : lastSeen,
    lastSuccessSync: phone.neverSynced === true ? null : lastSeen,
    lastPolicyUpdate: phone.neverSynced === true ? null : firstSeen,
    lastPingHeartbeat: push && phone.neverSynced !== true ? heartbeat : null,
    wipeRequestTime: null,
    wipeSentTime: null,
    wipeAckTime: null,
    wipeRequestor: null,
    accountWipeRequestTime: null,
    accountWipeSentTime: null,
    accountWipeAckTime: null,
    accountWipeRequestor: null,
    notify: '[]',
    wipeSupported: make.wipeSupported,
    accessState: phone.access?.state ?? 'Allowed',
    accessReason: phone.access?.reason ?? 'Global',
    managed: phone.managed ?? false,
    compliant: phone.managed ?? false,
    policyStatus: phone.neverSynced === true ? 'Unknown' : (phone.policyStatus ?? 'AppliedInFull'),
    folders: phone.neverSynced === true ? 0 : 6 + (index % 9),
    rhythm: phone.rhythm,
    pollSeconds: push ? 900 : phone.seconds,
    heartbeat,
    heartbeatWorks: push && behindEdge ? 247 : Math.min(heartbeat, 3540),
    heartbeatCut: push && behindEdge ? 300 : null,
    heartbeatWish: push ? phone.seconds : 0,
    step: 'request',
    nextContactAt: comes
      ? new Date(start.getTime() + Math.floor(random() * Math.min(phone.seconds, 900) * 1000))
      : null,
    pingMs: 0,
    pingEnd: 'expired',
    contacts: 0,
    stalePassword: phone.stalePassword ?? false,
    refusesWipe: phone.refusesWipe ?? false,
    silentWipe: phone.silentWipe ?? false,
    erasedAt: null,
  };
}
