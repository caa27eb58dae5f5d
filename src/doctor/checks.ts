/**
 * Doctor: everything that the bot needs, looked at once, each failing row with its remedy. It changes nothing and never throws:
 * what cannot be checked is a row. Exchange's own rows come from exchange/powershell/doctor.ts, the chat platforms' from theirs.
 */
import type { Kysely } from 'kysely';
import { type Logger, pino } from 'pino';
import type { Config } from '../config.ts';
import { isLabMailbox } from '../exchange/lab/mailboxes.ts';
import { exchangeDoctor } from '../exchange/powershell/doctor.ts';
import { systemClock } from '../ground/clock.ts';
import type { DoctorRow } from '../ground/doctor-row.ts';
import type { Environment } from '../ground/environment.ts';
import { MislaidError } from '../ground/errors.ts';
import type { LogKind } from '../ground/identifiers.ts';
import { randomIds } from '../ground/ids.ts';
import {
  listedHolders,
  lookAlikes,
  policyDoubts,
  presentHolders,
  rightRows,
  storedDirectory,
} from '../incidents/roles/policy-findings.ts';
import { counted } from '../message/words.ts';
import { canStepUp, type Policy, stepUpRolesOf } from '../policy.ts';
import { redisBackend } from '../queue/backend.ts';
import { createFileServers } from '../servers/files/index.ts';
import type { Servers } from '../servers/port.ts';
import { connectionOf, findConfiguredEngine } from '../start/exchange.ts';
import { loadPolicy, prefixesOf } from '../start/policy.ts';
import { type AuditOwner, auditOwner, auditRole } from '../store/audit-owner.ts';
import { connectionFromUrl, openDatabase } from '../store/connect.ts';
import { ownerOf } from '../store/embedded/lock.ts';
import { runningConnection } from '../store/embedded/running.ts';
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
    row(
      'configuration',
      `${config.exchange} Exchange, ${config.platforms.join(' and ') || 'console'}, role ${config.MISLAID_ROLE}`,
    ),
  ];
  const policy = policyRows(config, rows);
  rows.push(...(await databaseRows(config, policy)), ...(await queueRows(config)), ...(await exchangeRows(input)));
  if (policy !== undefined && config.exchange !== 'lab' && config.MISLAID_SERVERS === 'files')
    rows.push(...(await serverRows(createFileServers(policy.servers, '', policy.timeZone), policy)));
  for (const { name, check } of input.platforms) rows.push(...(await attempt(name, check)));
  return rows;
}

function policyRows(config: Config, rows: DoctorRow[]): Policy | undefined {
  try {
    const { policy, from } = loadPolicy(config);
    rows.push(row('policy', `${from}, ${policy.people.length} people`));
    for (const role of stepUpRolesOf(policy)) {
      const can = canStepUp(policy, role).length;
      rows.push(
        row(
          `step-up of ${role}s`,
          `${can} can be sent a code`,
          can < 3 &&
            `list accounts on two chat platforms for three ${role}s in policy.yaml, so that one of them may be away`,
        ),
      );
    }
    for (const channel of ['helpdesk', 'approvals', 'security'] as const) {
      if (policy.channels[channel].length === 0)
        rows.push(row(`channel ${channel}`, 'none', `name a place under channels.${channel} in policy.yaml`));
    }
    rows.push(...copiesRow(policy));
    return policy;
  } catch (error) {
    rows.push(row('policy', 'not usable', reason(error)));
    return undefined;
  }
}

/** Where copies of the audit's checkpoints lie, and which of them the bot cannot read back. */
function copiesRow({ channels: { audit } }: Policy): DoctorRow[] {
  if (audit.length === 0) return [];
  const teams = audit.filter((place) => place.startsWith('teams:')).length;
  const said = `in ${counted(audit.length, 'place')}`;
  const byHand =
    'Teams gives bots no history, so what is posted there is not read back: say "audit verify" with the text of a posted checkpoint behind it';
  return [row('copies of checkpoints', teams === 0 ? said : `${said}, ${teams} of them in Teams. ${byHand}`)];
}

async function databaseRows(config: Config, policy: Policy | undefined): Promise<DoctorRow[]> {
  const embedded = config.DATABASE_URL === undefined;
  const connection = embedded ? runningConnection(config.MISLAID_DATA) : connectionFromUrl(config.DATABASE_URL ?? '');
  if (connection === undefined) {
    const owner = ownerOf(config.MISLAID_DATA);
    const found =
      owner === undefined ? 'embedded; it starts with the bot' : `embedded; a bot is running (process ${owner})`;
    return [row('database', found), ...(policy === undefined ? [] : await unstoredRows(config, policy))];
  }
  return attempt('database', async () => {
    const { db, close } = openDatabase(connection, { poolSize: 1 });
    try {
      const tables = await db.introspection.getTables();
      const ready = tables.some((table) => table.name === 'suspension');
      const where = embedded ? 'embedded; a bot is running and it' : 'it';
      return [
        row(
          'database',
          ready ? `${where} answers, tables are there` : `${where} answers; the bot makes its tables when it starts`,
        ),
        ...(ready && !embedded ? [auditOwnerRow(await auditOwner(db))] : []),
        ...(policy === undefined
          ? []
          : ready
            ? await peopleRows(db, policy, config)
            : await unstoredRows(config, policy)),
      ];
    } finally {
      await close();
    }
  });
}

function auditOwnerRow(owner: AuditOwner): DoctorRow {
  const said = {
    separate: `the table belongs to ${auditRole}`,
    member: `the table belongs to ${auditRole}, and the bot can act as it`,
    own: "the table is the bot's own",
    superuser: 'the bot is a superuser of the database',
  } as const satisfies Record<AuditOwner, string>;
  const remedies = {
    separate: false,
    member: `take the membership away, as a superuser: revoke ${auditRole} from the bot's user`,
    own: `let it have an owner of its own, as a superuser: create role ${auditRole} nologin; grant ${auditRole} to the bot's user; start the bot once; revoke ${auditRole} from the bot's user`,
    superuser: 'give the bot a user of its own, which owns its database and is no superuser',
  } as const satisfies Record<AuditOwner, string | false>;
  return row('audit', said[owner], remedies[owner]);
}

/** What can be said of people without what the store knows of them. */
async function unstoredRows(config: Config, policy: Policy): Promise<DoctorRow[]> {
  const knows = config.exchange === 'lab' ? async (name: string) => isLabMailbox(name) : undefined;
  return [
    ...rightRows(listedHolders(policy)),
    ...(await policyDoubts(policy, { knows, prefixes: prefixesOf(config) })),
  ];
}

/** Whom the directory does not know holds nothing, nor does who is suspended. */
async function peopleRows(db: Kysely<Database>, policy: Policy, config: Config): Promise<DoctorRow[]> {
  const organisation = config.exchange === 'lab' ? 'lab' : 'real';
  const knows = await storedDirectory(db, organisation);
  if (knows === undefined) return unstoredRows(config, policy);
  return [
    ...rightRows(await presentHolders(db, policy, organisation, systemClock.now())),
    ...(await policyDoubts(policy, { knows, prefixes: prefixesOf(config) })),
    ...(await lookAlikes(db, policy, organisation)),
  ];
}

async function queueRows(config: Config): Promise<DoctorRow[]> {
  const url = config.REDIS_URL;
  if (url === undefined) {
    const remedy = 'set REDIS_URL: in production the queue belongs on Redis';
    return [row('queue', 'in PostgreSQL', config.NODE_ENV === 'production' && remedy)];
  }
  return attempt('queue', async () => {
    const backend = redisBackend({ url, prefix: 'mislaid-doctor', log: silent, strict: true });
    try {
      await backend.start();
      return [
        backend.awaySince() === undefined
          ? row('queue', 'Redis answers, noeviction')
          : row('queue', 'Redis does not answer', 'start Redis, or correct REDIS_URL'),
      ];
    } finally {
      await backend.close();
    }
  });
}

async function exchangeRows({ config, environment }: DoctorInput): Promise<DoctorRow[]> {
  if (config.exchange === 'lab') return [row('Exchange', 'the lab: no real phone')];
  return attempt('Exchange', async () => {
    const engine = await findConfiguredEngine(config, environment);
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
      const check = `${server.name} ${kind} logs`;
      const found = await attempt(check, async () => {
        const { length } = await servers.listLogs(server.name, kind);
        if (length > 0) return [row(check, `${length} files`)];
        return [row(check, 'no file', 'check the folder in policy.yaml and that this account may read it')];
      });
      rows.push(...found);
    }
    if (server.exchangePath === undefined) continue;
    rows.push(
      ...(await attempt(`${server.name} web.config`, async () => {
        const { path } = await servers.readConfig(server.name, 'sync');
        return [row(`${server.name} web.config`, path)];
      })),
    );
  }
  return rows;
}

async function attempt(check: string, look: () => Promise<DoctorRow[]>): Promise<DoctorRow[]> {
  try {
    return await look();
  } catch (error) {
    return [row(check, 'does not work', reason(error))];
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

/** With a remedy it is a row that fails. */
function row(check: string, found: string, remedy: string | false = false): DoctorRow {
  return remedy === false ? { check, ok: true, found } : { check, ok: false, found, remedy };
}
