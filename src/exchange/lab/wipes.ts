/** What Clear- and Remove-MobileDevice do to a partnership. */
import { accountOnlyUnsupported, objectNotFound } from './failures.ts';
import type { LabOrganisation } from './organisation.ts';

/** EAS 16.1, times ten: the first version that knows an account-only wipe. */
const accountOnlySince = 161;

async function lockedDevice(lab: LabOrganisation, guid: string) {
  const device = await lab.db
    .selectFrom('labDevice')
    .selectAll()
    .where('guid', '=', guid)
    .where('present', '=', true)
    .forUpdate()
    .executeTakeFirst();
  if (device === undefined) throw objectNotFound(guid);
  return device;
}

/**
 * Writes the request into the device's sync state. A second request starts over: Exchange keeps no history, so sent and
 * acknowledged are empty again. Account-only needs EAS 16.1; on Outlook it makes no difference, any wipe resets the app alone.
 */
export async function requestWipe(
  lab: LabOrganisation,
  input: { guid: string; accountOnly: boolean; notify: readonly string[] },
): Promise<void> {
  const device = await lockedDevice(lab, input.guid);
  const outlook = device.deviceType.startsWith('Outlook');
  const version = Number(device.clientVersion.replaceAll('.', ''));
  if (input.accountOnly && !outlook && version < accountOnlySince) throw accountOnlyUnsupported();
  const at = lab.clock.now();
  const requestor = lab.requestor === '' ? null : lab.requestor;
  const request =
    input.accountOnly && !outlook
      ? {
          accountWipeRequestTime: at,
          accountWipeSentTime: null,
          accountWipeAckTime: null,
          accountWipeRequestor: requestor,
        }
      : { wipeRequestTime: at, wipeSentTime: null, wipeAckTime: null, wipeRequestor: requestor };
  await lab.db
    .updateTable('labDevice')
    .set({ ...request, notify: JSON.stringify(input.notify) })
    .where('id', '=', device.id)
    .execute();
}

/** Takes back what was not handed to the phone yet. Too late is only a warning: nothing changes, and nothing fails. */
export async function cancelWipe(lab: LabOrganisation, guid: string): Promise<void> {
  const device = await lockedDevice(lab, guid);
  if (device.wipeSentTime === null && device.wipeAckTime === null) {
    await lab.db.updateTable('labDevice').set({ wipeRequestTime: null }).where('id', '=', device.id).execute();
  }
  if (device.accountWipeSentTime === null && device.accountWipeAckTime === null) {
    await lab.db.updateTable('labDevice').set({ accountWipeRequestTime: null }).where('id', '=', device.id).execute();
  }
}

/** Deletes the partnership, and with it a wipe that is on its way. The phone itself knows nothing of it. */
export async function removeLabPartnership(lab: LabOrganisation, guid: string): Promise<void> {
  const device = await lockedDevice(lab, guid);
  await lab.db
    .updateTable('labDevice')
    .set({
      present: false,
      firstSyncTime: null,
      lastSyncAttempt: null,
      lastSuccessSync: null,
      lastPolicyUpdate: null,
      lastPingHeartbeat: null,
      wipeRequestTime: null,
      wipeSentTime: null,
      wipeAckTime: null,
      wipeRequestor: null,
      accountWipeRequestTime: null,
      accountWipeSentTime: null,
      accountWipeAckTime: null,
      accountWipeRequestor: null,
      notify: '[]',
    })
    .where('id', '=', device.id)
    .execute();
}
