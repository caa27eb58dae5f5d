import { hour } from '../../ground/durations.ts';
import type { DeviceFacts } from '../devices/device.ts';

/** A phone that came within this time holds a connection or looks often, so that a drill shows something. */
const lately = 2 * hour;

/** Whether a lab phone is worth a drill: allowed, lately there, and nobody has asked for a wipe of it. */
export function fitForDrill(device: DeviceFacts, now: Date): boolean {
  if (device.accessState.toLowerCase() !== 'allowed' || device.wipeSupported === false) return false;
  if (device.wipe.full.requested !== null || device.wipe.accountOnly.requested !== null) return false;
  if (device.lastHeartbeatSeconds === null || device.lastSync === null) return false;
  return now.getTime() - Date.parse(device.lastSync) < lately;
}
