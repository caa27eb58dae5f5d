/** The lab's side of the Servers port: logs, settings, events and the pool of its three servers. */
import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { lockLabTicks } from '../../exchange/lab/tick.ts';
import { heartbeatSettingsOf } from '../../exchange/lab/web-config.ts';
import type { Clock } from '../../ground/clock.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { Database } from '../../store/schema.ts';
import { configPaths } from '../policy-servers.ts';
import { configChanged, type Servers, ServerUnreadable } from '../port.ts';
import { events1040Of } from './events.ts';
import { labFiles } from './files.ts';

const columns = { sync: 'syncConfig', ewsFrontEnd: 'ewsConfig', easFrontEnd: 'easConfig' } as const;

/** `names` are the servers of policy.yaml, in its order; one that the lab does not have is unreadable. */
export function labServers(input: { db: Kysely<Database>; clock: Clock; names: readonly string[] }): Servers {
  const { db, clock, names } = input;
  const files = labFiles(db);

  async function serverRow(server: string) {
    const row = await db.selectFrom('labServer').selectAll().where('name', '=', server).executeTakeFirst();
    if (row === undefined) throw new ServerUnreadable(server, 'The lab has no server of this name.');
    return row;
  }

  return {
    list: () => names,
    listLogs: (server, kind, since) => files.list(server, kind, since),
    openLog: async (file, from) => files.read(file, from),

    readConfig: async (server, kind) => {
      const row = await serverRow(server);
      return {
        path: `lab/${server}/${configPaths[kind]}`,
        bytes: Buffer.from(row[columns[kind]], 'utf8'),
        modifiedAt: row.configsAt,
      };
    },

    writeConfig: async (server, kind, bytes, expected) => {
      const text = bytes.toString('utf8');
      await db.transaction().execute(async (tx) => {
        const row = await tx
          .selectFrom('labServer')
          .selectAll()
          .where('name', '=', server)
          .forUpdate()
          .executeTakeFirst();
        if (row === undefined) throw new ServerUnreadable(server, 'The lab has no server of this name.');
        if (createHash('sha256').update(row[columns[kind]], 'utf8').digest('hex') !== expected) {
          throw configChanged(server, configPaths[kind]);
        }
        const change = { [columns[kind]]: text, configsAt: clock.now() };
        await tx.updateTable('labServer').set(change).where('name', '=', server).execute();
      });
      return { backup: `lab/${server}/${configPaths[kind]}.${clock.now().toISOString().replaceAll(':', '')}.bak` };
    },

    events1040: async (server, since) => {
      const row = await serverRow(server);
      // Those that ended since the pool started; what the recycling itself dropped began in the pool before it.
      const asked = await db
        .selectFrom('labContact')
        .select(['at', 'heartbeat'])
        .where('server', '=', server)
        .where('command', '=', 'Ping')
        .where('heartbeat', 'is not', null)
        .where('win32Status', '!=', 995)
        .where('at', '>=', row.poolStartedAt)
        .orderBy('id')
        .execute();
      const heartbeats = asked.map(({ at, heartbeat }) => ({ at, seconds: heartbeat ?? 0 }));
      const { sampleSize, alertThreshold } = row;
      const events = events1040Of(heartbeats, { server, sampleSize, alertThreshold });
      return { events: events.filter((event) => event.at >= since), unread: [] };
    },

    recyclePool: async (server, pool) => {
      const row = await serverRow(server);
      if (pool !== 'MSExchangeSyncAppPool') {
        throw new MislaidError({
          code: 'no-such-pool',
          message: `${server} has no application pool ${pool} in the lab`,
          userMessage: `${server} has no application pool ${pool} in the lab.`,
        });
      }
      await db.transaction().execute(async (tx) => {
        await lockLabTicks(tx);
        const now = clock.now();
        await tx
          .updateTable('labServer')
          .set({ poolStartedAt: now, ...heartbeatSettingsOf(row.syncConfig) })
          .where('name', '=', server)
          .execute();
        // Every hanging Ping of this server is dropped, and all its phones come back at once.
        await tx
          .updateTable('labDevice')
          .set({ pingEnd: 'dropped', nextContactAt: now, pingMs: sql<number>`least(ping_ms, 1000)` })
          .where('step', '=', 'ping-end')
          .where('nextContactAt', 'is not', null)
          .where('mailboxGuid', 'in', tx.selectFrom('labMailbox').select('exchangeGuid').where('server', '=', server))
          .execute();
      });
      return { done: true };
    },
  };
}
