/** What the store says against a wipe of one phone: looked at when it is proposed, decided and issued. */
import { MislaidError } from '../../ground/errors.ts';
import type { Change } from '../../store/port.ts';
import type { IncidentDevice, IncidentView, Wipe } from '../incident/view.ts';
import { lockIncident } from '../lock-order.ts';

/** Throws MislaidError `device-gone` or `device-kept`. */
export function requireWipeable(view: IncidentView, device: IncidentDevice): void {
  const incident = view.incident.number;
  if (!device.present) {
    throw refused(
      'device-gone',
      `Exchange did not show phone ${device.number} when it was last read, so it cannot be wiped now. I read it again; say "lost device ${view.owner.displayName}" to read the phones at once.`,
    );
  }
  if (device.keptVerifiedBy !== null) {
    const who = view.names.get(device.keptVerifiedBy) ?? 'somebody';
    throw refused(
      'device-kept',
      `Phone ${device.number} is still with ${view.owner.displayName}, as ${who} verified, so it is not wiped. If that was wrong, say "unverify kept INC-${incident} ${device.number}" first.`,
    );
  }
}

/** Why a wipe may not be decided or issued any more, whoever approved it; undefined: it may. Takes its incident's lock. */
export async function whyNotWiped(change: Change, wipe: Wipe): Promise<string | undefined> {
  await lockIncident(change, wipe.incidentNumber);
  const found = await change.tx
    .selectFrom('incident')
    .leftJoin('incidentDevice as device', (join) =>
      join.onRef('device.incidentNumber', '=', 'incident.number').on('device.number', '=', wipe.deviceNumber),
    )
    .select(['incident.state', 'device.keptVerifiedBy'])
    .where('incident.number', '=', wipe.incidentNumber)
    .executeTakeFirstOrThrow();
  if (found.state === 'closed') return `INC-${wipe.incidentNumber} is closed.`;
  if (found.keptVerifiedBy !== null) {
    return `Phone ${wipe.deviceNumber} is still with its owner, as somebody verified.`;
  }
  return undefined;
}

function refused(code: string, userMessage: string): MislaidError {
  return new MislaidError({ code, message: userMessage, userMessage });
}
