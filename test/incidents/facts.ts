import { DeviceFacts, type DeviceWipe, type WipeTimes } from '../../src/incidents/devices/device.ts';
import { Policy } from '../../src/policy.ts';

export const noTimes: WipeTimes = { requested: null, sent: null, acknowledged: null, requestor: null };

export const noWipe: DeviceWipe = { full: noTimes, accountOnly: noTimes };

/** An iPhone with native mail that synced at 09:12 and holds a connection; say what is different. */
export function device(changes: Partial<DeviceFacts> = {}): DeviceFacts {
  return DeviceFacts.parse({
    guid: '0b6a4a2e-6f1a-4f0e-9f6d-2d5a1f6c0001',
    deviceId: 'APPLF17XK0QZ4B2A',
    name: 'iPhone 15',
    os: 'iOS 18.1',
    client: 'eas',
    clientVersion: 161,
    model: 'iPhone16C2',
    type: 'iPhone',
    userAgent: 'Apple-iPhone16C2/2204.61',
    accessState: 'Allowed',
    accessReason: 'Global',
    firstSync: '2025-01-07T08:00:00.000Z',
    lastSync: '2026-03-02T09:12:00.000Z',
    lastAttempt: '2026-03-02T09:12:00.000Z',
    lastHeartbeatSeconds: 900,
    wipe: noWipe,
    status: 'DeviceOk',
    wipeSupported: true,
    policyApplied: 'full',
    managedByMdm: false,
    phoneHint: '******1234',
    ...changes,
  });
}

export function policy(changes: Record<string, unknown> = {}): Policy {
  return Policy.parse(changes);
}
