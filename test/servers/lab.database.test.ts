import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clearMobileDevice } from '../../src/exchange/cmdlets/clear-mobile-device.ts';
import { heartbeatSettingsOf } from '../../src/exchange/lab/web-config.ts';
import type { LogKind } from '../../src/ground/identifiers.ts';
import { events1040Of } from '../../src/servers/lab/events.ts';
import { labServers } from '../../src/servers/lab/index.ts';
import type { Servers } from '../../src/servers/port.ts';
import { serversContract } from '../contracts/servers.ts';
import { type OpenLab, openTestLab } from '../exchange/lab/open.ts';

const names = ['EX01', 'EX02', 'EX03'];
const hour = 3_600_000;

serversContract('the lab', async () => {
  const lab = await openTestLab({ historyHours: 8 });
  // Into the hour, so that its HttpProxy log is there and grows.
  await lab.advance(10 * 60_000);
  return {
    servers: labServers({ db: lab.database.db, clock: lab.clock, names }),
    server: 'EX02',
    kinds: ['frontEnd', 'backEnd', 'httpProxy', 'edge'],
    since: new Date(lab.clock.now().getTime() - 8 * hour),
    grow: async () => {
      await lab.advance(30 * 60_000);
    },
    close: () => lab.database.close(),
  };
});

describe('the servers of the lab', () => {
  let lab: OpenLab;
  let servers: Servers;

  beforeAll(async () => {
    lab = await openTestLab({ historyHours: 1 });
    servers = labServers({ db: lab.database.db, clock: lab.clock, names });
  });
  afterAll(() => lab.database.close());

  async function lines(server: string, kind: LogKind): Promise<string[]> {
    const texts: string[] = [];
    for (const file of await servers.listLogs(server, kind)) {
      for await (const piece of await servers.openLog(file, 0)) texts.push(Buffer.from(piece).toString('utf8'));
    }
    return texts
      .join('')
      .split('\r\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
  }

  it('proves in the back end alone that a phone was told to erase itself', async () => {
    const guid = await lab.phone('hana', 'iPhone 14');
    await lab.exchange.run(clearMobileDevice, { Identity: guid });
    await lab.advance(2 * hour);
    const told = (await lines('EX01', 'backEnd')).filter((line) => line.includes('_Error:RemoteWipeRequested_'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(
      / POST \/Microsoft-Server-ActiveSync\/Proxy\/default\.eas User=hana%40contoso\.example&DeviceId=/,
    );
    expect(told[0]).toContain('&Log=SC1:140_');
    expect(told[0]).toMatch(/ 200 0 0 \d+$/);
    expect((await lines('EX01', 'frontEnd')).join('')).not.toContain('Log=');
  });

  it('ties front end and HttpProxy log together, and shows who was turned away at the door', async () => {
    const frontEnd = await lines('EX01', 'frontEnd');
    const proxied = await lines('EX01', 'httpProxy');
    const id = /cafeReqId=([^;]+);/.exec(frontEnd.at(-1) ?? '')?.[1];
    expect(proxied.filter((line) => line.includes(`,${id},`))).toHaveLength(1);
    const refused = frontEnd.filter((line) => / 401 0 1326 \d+$/.test(line));
    expect(refused.length).toBeGreaterThan(0);
    expect((await lines('EX01', 'backEnd')).some((line) => line.includes('pavel'))).toBe(false);
  });

  it('has access logs of the edge only for what passed it', async () => {
    expect(await servers.listLogs('EX01', 'edge')).toEqual([]);
    const edge = await lines('EX02', 'edge');
    expect(edge.length).toBeGreaterThan(0);
    for (const line of edge) {
      expect(line).toMatch(
        /^[\d.]+ - - \[\d\d\/[A-Z][a-z]{2}\/\d{4}:[\d:]{8} \+0000] "POST [^"]+" \d{3} \d+ "-" "[^"]+" [\d.]+$/,
      );
    }
  });

  it('takes a new web.config into use when the pool is recycled, which drops every hanging Ping', async () => {
    const { bytes } = await servers.readConfig('EX03', 'sync');
    const text = bytes
      .toString('utf8')
      .replace('key="MaxHeartbeatInterval" value="3540"', 'key="MaxHeartbeatInterval" value="1200"');
    await servers.writeConfig('EX03', 'sync', Buffer.from(text), createHash('sha256').update(bytes).digest('hex'));
    const settings = () =>
      lab.database.db.selectFrom('labServer').select('maxHeartbeat').where('name', '=', 'EX03').executeTakeFirst();
    expect(await settings()).toEqual({ maxHeartbeat: 3540 });
    expect(await servers.recyclePool('EX03', 'MSExchangeSyncAppPool')).toEqual({ done: true });
    expect(await settings()).toEqual({ maxHeartbeat: 1200 });
    await lab.advance(1000);
    const after = await lines('EX03', 'backEnd');
    expect(after.some((line) => / 200 0 995 \d+$/.test(line))).toBe(true);
    expect(after.some((line) => line.includes('&Log=SC1:5_'))).toBe(true);
    await expect(servers.recyclePool('EX03', 'OtherPool')).rejects.toMatchObject({ code: 'no-such-pool' });
  });
});

describe('event 1040', () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 2, 2, 9, minute));
  const asked = (count: number, seconds: number, from = 0) =>
    Array.from({ length: count }, (_, index) => ({ at: at(from + index), seconds }));
  const settings = { server: 'EX02', sampleSize: 5, alertThreshold: 540 };

  it('waits until the buffer is full', () => {
    expect(events1040Of(asked(4, 247), settings)).toEqual([]);
    expect(events1040Of(asked(5, 247), settings)).toEqual([
      { server: 'EX02', at: at(4), averageSeconds: 247, thresholdSeconds: 540, command: 'Ping' },
    ]);
  });

  it('looks at the average of the last ones, up to the threshold itself', () => {
    expect(events1040Of(asked(5, 541), settings)).toEqual([]);
    expect(events1040Of(asked(5, 540), settings)).toHaveLength(1);
    expect(events1040Of([...asked(5, 3540), ...asked(4, 60, 5)], settings)).toEqual([]);
    expect(events1040Of([...asked(5, 3540), ...asked(5, 60, 5)], settings)).toHaveLength(1);
  });

  it('is not logged with every Ping', () => {
    expect(events1040Of(asked(125, 247), settings)).toHaveLength(3);
  });

  it('is not logged at all without samples', () => {
    expect(events1040Of(asked(10, 247), { ...settings, sampleSize: 0 })).toEqual([]);
  });
});

describe('what the pool reads of web.config', () => {
  const config = (min: string, max: string) =>
    `<add key="minheartbeatInterval" value="${min}">\n</add><add key="MaxHeartbeatInterval" value="${max}">\n</add>`;

  it.each([
    ['120', '1800', 120, 1800],
    ['60', '3541', 60, 3540],
    ['0', '1800', 60, 3540],
    ['1900', '1800', 60, 3540],
    ['many', '1800', 60, 1800],
  ])('reads %s and %s as %i and %i', (min, max, minHeartbeat, maxHeartbeat) => {
    expect(heartbeatSettingsOf(config(min, max))).toMatchObject({ minHeartbeat, maxHeartbeat });
  });
});
