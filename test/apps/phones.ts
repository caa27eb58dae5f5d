/** Phones for tests, without a database. */
import { appOf } from '../../src/apps/app.ts';
import { outcomeOf } from '../../src/apps/outcome.ts';
import type { InventoryDevice, Phone } from '../../src/apps/phones.ts';
import { summaryOf, type UsageClient, type UsageRow } from '../../src/apps/usage.ts';

const seen = new Date('2026-03-02T08:00:00Z');

export function device(guid: string, parts: Partial<InventoryDevice>): InventoryDevice {
  return {
    organisation: 'lab',
    guid,
    personGuid: null,
    deviceId: `id-${guid}`,
    friendlyName: '',
    deviceType: '',
    deviceModel: '',
    deviceOs: '',
    userAgent: '',
    clientType: 'EAS',
    clientVersion: 141,
    accessState: 'Allowed',
    accessReason: 'Global',
    accessRule: '',
    firstSync: seen,
    firstSeenAt: seen,
    readAt: seen,
    gone: false,
    ...parts,
  };
}

export type Line = {
  at: string;
  http: number;
  status?: number;
  access?: string;
  kind?: UsageRow['kind'];
  requests?: number;
};

export function row({ at, http, status = -1, access = '', kind = 'backEnd', requests = 1 }: Line): UsageRow {
  const start = new Date(at);
  return {
    clientId: 1,
    server: 'EX01',
    kind,
    outcome: outcomeOf({ kind, http, substatus: 0, status, error: '', access }),
    requests,
    firstStart: start,
    lastStart: start,
    lastEnd: new Date(start.getTime() + 100),
    lastAddress: '198.51.100.7',
  };
}

export function phone(guid: string, parts: Partial<InventoryDevice>, lines: readonly Line[] = []): Phone {
  const one = device(guid, parts);
  const clients: UsageClient[] =
    lines.length === 0
      ? []
      : [
          {
            id: 1,
            anonymous: false,
            account: guid,
            deviceId: one.deviceId,
            deviceType: one.deviceType,
            userAgent: one.userAgent,
            stray: '',
            os: '',
            model: '',
            lastAt: seen,
            rows: lines.map(row),
          },
        ];
  const names = { type: one.deviceType, model: one.deviceModel, os: one.deviceOs, agent: one.userAgent, strays: [] };
  return {
    key: guid,
    owner: { guid: `person-${guid}`, name: guid },
    account: guid,
    deviceId: one.deviceId,
    device: one,
    app: appOf({ deviceType: names.type, deviceModel: names.model, userAgent: names.agent, stray: '' }),
    names,
    clients,
    usage: summaryOf(clients),
    firstSeen: seen,
    lastSeen: seen,
  };
}
