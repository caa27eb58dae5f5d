/** Servers whose truth is known: observations of the generator written into the roll-ups, settings and events as told. */
import type { Kysely } from 'kysely';
import { type EventsRead, type Servers, ServerUnreadable } from '../../src/servers/port.ts';
import type { Database } from '../../src/store/schema.ts';
import type { EndedName } from '../../src/store/tables/activesync.ts';
import { live, type World } from './generator.ts';

export type KnownServer = {
  name: string;
  /** What its phones do; the hours end at `now`. */
  world?: Pick<World, 'phones' | 'edge'> & Partial<World>;
  /** `<add>` lines by key; absent keys have Exchange's defaults. */
  values?: Readonly<Record<string, string>>;
  /** Seconds of the average, by hours before `now`. */
  events?: readonly { hoursAgo: number; average: number }[];
  /** What cannot be read, and why. */
  down?: { config?: string; events?: string; export?: string };
};

export function knownServers(servers: readonly KnownServer[], now: () => Date): Servers {
  const of = (name: string): KnownServer => {
    const found = servers.find((server) => server.name === name);
    if (found === undefined) throw new ServerUnreadable(name, 'There is no such server.');
    return found;
  };
  return {
    list: () => servers.map(({ name }) => name),
    listLogs: async () => [],
    openLog: async (file) => Promise.reject(new ServerUnreadable(file.server, 'no logs here')),
    readConfig: async (name) => {
      const { values = {}, down } = of(name);
      if (down?.config !== undefined) throw new ServerUnreadable(name, down.config);
      const adds = Object.entries(values).map(([key, value]) => `<add key="${key}" value="${value}" />`);
      const text = `<configuration><appSettings>${adds.join('')}</appSettings></configuration>`;
      return { path: 'web.config', bytes: Buffer.from(text), modifiedAt: now() };
    },
    writeConfig: async (name) => Promise.reject(new ServerUnreadable(name, 'read only')),
    recyclePool: async () => ({ done: false, command: '' }),
    events1040: async (name, since): Promise<EventsRead> => {
      const { events = [], down } = of(name);
      if (down?.events !== undefined) throw new ServerUnreadable(name, down.events);
      const read = events
        .map(({ hoursAgo, average }) => ({
          server: name,
          at: new Date(now().getTime() - hoursAgo * 3_600_000),
          averageSeconds: average,
          thresholdSeconds: 540,
          command: 'Ping',
        }))
        .filter(({ at }) => at >= since)
        .sort((a, b) => a.at.getTime() - b.at.getTime());
      return { events: read, unread: down?.export === undefined ? [] : [down.export] };
    },
  };
}

/** Writes what the log reader would have kept of each server's life. */
export async function writeLives(db: Kysely<Database>, servers: readonly KnownServer[], now: Date): Promise<void> {
  for (const [number, { name, world }] of servers.entries()) {
    if (world === undefined) continue;
    const whole: World = { seed: number + 1, hours: 24, lossesPerHour: 0.02, max: 3540, ...world };
    const { observations, requests } = live(whole);
    const shift =
      Math.floor(now.getTime() / 3_600_000) * 3_600_000 - Math.max(...observations.map(({ lastHour }) => lastHour));
    const clients = new Map<string, number>();
    for (const { client, deviceType } of observations) {
      if (clients.has(client)) continue;
      const row = await db
        .insertInto('logClient')
        .values({
          organisation: 'lab',
          account: `contoso\\${name.toLowerCase()}.user${client}`,
          deviceId: `${name}PHONE${client}`,
          deviceType,
          userAgent: deviceType,
          stray: '',
          os: '',
          model: '',
          easVersion: 161,
          firstAt: now,
          lastAt: now,
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      clients.set(client, row.id);
    }
    const rows = observations.flatMap((each) =>
      spread(each).map(({ hour, requests: count }) => ({
        clientId: clients.get(each.client) ?? 0,
        server: name,
        kind: 'backEnd' as const,
        hour: new Date(hour + shift),
        command: 'Ping',
        asked: each.asked,
        ended: each.ended satisfies EndedName,
        win32: 0,
        lived: each.ended === 'heartbeat' || each.ended === 'change' ? 0 : Math.round(each.mean),
        requests: count,
        shortest: Math.round(each.shortest * 1000),
        longest: Math.round(each.longest * 1000),
        sum: Math.round(each.mean * 1000 * count),
      })),
    );
    for (let first = 0; first < rows.length; first += 1000) {
      await db
        .insertInto('logHeartbeat')
        .values(rows.slice(first, first + 1000))
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    const last = requests
      .filter(({ collision }) => !collision)
      .sort((a, b) => a.start - b.start)
      .slice(-400);
    await db
      .insertInto('logSample')
      .values(
        last.map((request) => ({
          organisation: 'lab' as const,
          server: name,
          command: 'Ping',
          startedAt: new Date(request.start * 1000 + shift),
          asked: request.asked,
          clientId: clients.get(String(request.phone)) ?? 0,
        })),
      )
      .execute();
  }
}

/** The first and the last hour of a row: enough for everything that looks at hours. */
function spread(each: { firstHour: number; lastHour: number; requests: number }): { hour: number; requests: number }[] {
  if (each.firstHour === each.lastHour || each.requests < 2) return [{ hour: each.lastHour, requests: each.requests }];
  const half = Math.floor(each.requests / 2);
  return [
    { hour: each.firstHour, requests: half },
    { hour: each.lastHour, requests: each.requests - half },
  ];
}
