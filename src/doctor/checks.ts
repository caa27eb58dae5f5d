/**
 * Doctor: everything that the bot needs, looked at once, each failing row with its remedy. It changes nothing and never throws:
 * what cannot be checked is a row. Exchange's own rows come from exchange/powershell/doctor.ts, the chat platforms' from theirs.
 */
import type { Kysely } from 'kysely';
import { type Logger, pino } from 'pino';
import type { Config } from '../config.ts';
import { holdersOf } from '../directory/holders.ts';
import { exchangeDoctor } from '../exchange/powershell/doctor.ts';
import { findEngine } from '../exchange/powershell/transport.ts';
import { systemClock } from '../ground/clock.ts';
import type { DoctorRow } from '../ground/doctor-row.ts';
import type { Environment } from '../ground/environment.ts';
import { MislaidError } from '../ground/errors.ts';
import type { LogKind } from '../ground/identifiers.ts';
import { randomIds } from '../ground/ids.ts';
import type { Policy } from '../policy.ts';
import { redisBackend } from '../queue/backend.ts';
import { createFileServers } from '../servers/files/index.ts';
import type { Servers } from '../servers/port.ts';
import { connectionOf } from '../start/exchange.ts';
import { loadPolicy } from '../start/policy.ts';
import { connectionFromUrl, openDatabase } from '../store/connect.ts';
import { ownerOf } from '../store/embedded/lock.ts';
import type { Database } from '../store/schema.ts';

export type DoctorInput = {
  config: Config;
  environment: Environment;
  /** The chat platforms' own checks, by name; main.ts knows them. */
  platforms: readonly { name: string; check: () => Promise<DoctorRow[]> }[];
};

export async function doctor(input: DoctorInput): Promise<DoctorRow[]> {
  const { config } = input;
  const rows: DoctorRow[] = [
    good(
      'configuration',
      `${config.exchange} Exchange, ${config.platforms.join(' and ') || 'console'}, role ${config.MISLAID_ROLE}`,
    ),
  ];
  const policy = policyRows(config, rows);
  rows.push(...(await databaseRows(config, policy)), ...(await queueRows(config)), ...(await exchangeRows(input)));
  if (policy !== undefined && config.exchange !== 'lab' && config.MISLAID_SERVERS === 'files')
    rows.push(...(await serverRows(createFileServers(policy.servers), policy)));
  for (const { name, check } of input.platforms) rows.push(...(await attempt(name, check)));
  return rows;
}

function policyRows(config: Config, rows: DoctorRow[]): Policy | undefined {
  try {
    const { policy, from } = loadPolicy(config);
    rows.push(good('policy', `${from}, ${policy.people.length} people`));
    const admins = policy.people.filter((person) => person.roles.includes('admin')).length;
    const approvers = policy.people.filter((person) => person.roles.includes('approver')).length;
    rows.push(
      admins >= 2
        ? good('admins', String(admins))
        : bad(
            'admins',
            String(admins),
            'list at least two people with the role admin in policy.yaml: one alone cannot unlock wipes',
          ),
      approvers >= 2
        ? good('approvers', String(approvers))
        : bad(
            'approvers',
            String(approvers),
            'list at least two people with the role approver in policy.yaml, so that one of them may be away',
          ),
    );
    for (const channel of ['helpdesk', 'approvals', 'security'] as const) {
      if (policy.channels[channel].length === 0)
        rows.push(bad(`channel ${channel}`, 'none', `name a place under channels.${channel} in policy.yaml`));
    }
    return policy;
  } catch (error) {
    rows.push(bad('policy', 'not usable', reason(error)));
    return undefined;
  }
}

async function databaseRows(config: Config, policy: Policy | undefined): Promise<DoctorRow[]> {
  if (config.DATABASE_URL === undefined) {
    const owner = ownerOf(config.MISLAID_DATA);
    return [
      good(
        'database',
        owner === undefined ? 'embedded; it starts with the bot' : `embedded; a bot is running (process ${owner})`,
      ),
    ];
  }
  return attempt('database', async () => {
    const { db, close } = openDatabase(connectionFromUrl(config.DATABASE_URL ?? ''), { poolSize: 1 });
    try {
      const tables = await db.introspection.getTables();
      const ready = tables.some((table) => table.name === 'audit');
      return [
        good('database', ready ? 'answers, tables are there' : 'answers; the bot makes its tables when it starts'),
        ...(ready && policy !== undefined ? await peopleRows(db, policy, config) : []),
      ];
    } finally {
      await close();
    }
  });
}

/** A listed mailbox that the directory does not know has no role at all. */
async function peopleRows(db: Kysely<Database>, policy: Policy, config: Config): Promise<DoctorRow[]> {
  const organisation = config.exchange === 'lab' ? 'lab' : 'real';
  const rows: DoctorRow[] = [];
  for (const role of ['helpdesk', 'approver', 'security', 'admin'] as const) {
    const listed = policy.people.filter((person) => person.roles.includes(role)).length;
    const known = (await holdersOf(db, policy, organisation, role)).length;
    if (known < listed)
      rows.push(
        bad(
          `people with the role ${role}`,
          `${known} of ${listed} are in the directory`,
          'their mailbox in policy.yaml must be an address or UPN that Exchange knows; the directory is read hourly',
        ),
      );
  }
  return rows;
}

async function queueRows(config: Config): Promise<DoctorRow[]> {
  const url = config.REDIS_URL;
  if (url === undefined) {
    const production = config.NODE_ENV === 'production';
    return [
      production
        ? bad('queue', 'in PostgreSQL', 'set REDIS_URL: in production the queue belongs on Redis')
        : good('queue', 'in PostgreSQL'),
    ];
  }
  return attempt('queue', async () => {
    const backend = redisBackend({ url, prefix: 'mislaid-doctor', log: silent, strict: true });
    try {
      await backend.start();
      return [
        backend.awaySince() === undefined
          ? good('queue', 'Redis answers, noeviction')
          : bad('queue', 'Redis does not answer', 'start Redis, or correct REDIS_URL'),
      ];
    } finally {
      await backend.close();
    }
  });
}

async function exchangeRows({ config, environment }: DoctorInput): Promise<DoctorRow[]> {
  if (config.exchange === 'lab') return [good('Exchange', 'the lab: no real phone')];
  return attempt('Exchange', async () => {
    const engine = await findEngine({
      ...environment,
      POWERSHELL_PATH: config.POWERSHELL_PATH,
      NODE_POWERSHELL: config.NODE_POWERSHELL,
    });
    return exchangeDoctor({
      engine,
      connection: connectionOf(config),
      environment,
      ids: randomIds,
      now: () => systemClock.now(),
    });
  });
}

async function serverRows(servers: Servers, policy: Policy): Promise<DoctorRow[]> {
  const rows: DoctorRow[] = [];
  for (const server of policy.servers) {
    const kinds: [LogKind, string | undefined][] = [
      ['frontEnd', server.frontEndLogs],
      ['backEnd', server.backEndLogs],
      ['httpProxy', server.httpProxyLogs],
      ['edge', server.edgeLogs],
    ];
    for (const [kind, folder] of kinds) {
      if (folder === undefined) continue;
      rows.push(
        ...(await attempt(`${server.name} ${kind} logs`, async () => {
          const files = await servers.listLogs(server.name, kind);
          return [
            files.length > 0
              ? good(`${server.name} ${kind} logs`, `${files.length} files`)
              : bad(
                  `${server.name} ${kind} logs`,
                  'no file',
                  'check the folder in policy.yaml and that this account may read it',
                ),
          ];
        })),
      );
    }
    if (server.exchangePath === undefined) continue;
    rows.push(
      ...(await attempt(`${server.name} web.config`, async () => {
        const { path } = await servers.readConfig(server.name, 'sync');
        return [good(`${server.name} web.config`, path)];
      })),
    );
  }
  return rows;
}

async function attempt(check: string, look: () => Promise<DoctorRow[]>): Promise<DoctorRow[]> {
  try {
    return await look();
  } catch (error) {
    return [bad(check, 'does not work', reason(error))];
  }
}

/** The sentence of our own errors; of others only the first line, which names what failed. */
function reason(error: unknown): string {
  if (error instanceof MislaidError) return error.message;
  if (error instanceof Error && 'userMessage' in error && typeof error.userMessage === 'string')
    return error.userMessage;
  return error instanceof Error ? (error.message.split('\n')[0] ?? 'unknown') : 'unknown';
}

const silent: Logger = pino({ level: 'silent' });

function good(check: string, found: string): DoctorRow {
  return { check, ok: true, found };
}

function bad(check: string, found: string, remedy: string): DoctorRow {
  return { check, ok: false, found, remedy };
}
