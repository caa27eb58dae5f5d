/**
 * Large stores for the scale bench: incidents opened one after the other by the product's own functions, and a year of history beside
 * them. Each is kept as a database of one cluster under node_modules/.cache and copied for each run; other sizes or tables make it anew.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import { appendAudit } from '../../src/audit/chain.ts';
import { personByAddress } from '../../src/directory/find.ts';
import { refreshDirectory } from '../../src/directory/refresh.ts';
import { openLab } from '../../src/exchange/lab/index.ts';
import { seedLab } from '../../src/exchange/lab/seed.ts';
import { systemClock } from '../../src/ground/clock.ts';
import { randomIds } from '../../src/ground/ids.ts';
import { readDeviceFacts } from '../../src/incidents/devices/read-facts.ts';
import { recordDevices } from '../../src/incidents/devices/record-devices.ts';
import { openIncident } from '../../src/incidents/incident/open-incident.ts';
import { recordPolicy } from '../../src/incidents/roles/policy-changes.ts';
import type { Policy, Role } from '../../src/policy.ts';
import { type DatabaseConnection, openDatabase } from '../../src/store/connect.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import { migrations } from '../../src/store/migrations/index.ts';
import type { Store } from '../../src/store/port.ts';
import type { Database } from '../../src/store/schema.ts';
import { createStore } from '../../src/store/store.ts';
import { silent } from '../queue/world.ts';
import { writeAuditHistory, writeHistory } from '../setup/history.ts';
import { fillLab } from './large-lab.ts';

export type ScaleSizes = {
  /** Open incidents, the smallest first. */
  incidents: readonly number[];
  /** Of a year. */
  deliveries: number;
  audit: number;
};

export type ScaleStores = {
  /** A copy that `close` drops. */
  open(
    incidents: number,
    year: boolean,
  ): Promise<{ connection: DatabaseConnection; db: Kysely<Database>; close(): Promise<void> }>;
  close(): Promise<void>;
};

/** More people than incidents, so that reports find somebody who has none. */
const spare = 500;
/** Another one makes the stores anew. */
const version = 2;
/** `writeHistory` writes so many deliveries for an incident. */
const deliveriesEach = 12;

export async function openScaleStores(policy: Policy, sizes: ScaleSizes): Promise<ScaleStores> {
  const key = createHash('sha256').update(JSON.stringify([version, sizes, Object.keys(migrations)]));
  const folder = join(process.cwd(), 'node_modules/.cache/mislaid', `scale-${key.digest('hex').slice(0, 12)}`);
  const whole = join(folder, 'whole');
  if (!existsSync(whole)) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const server = await startEmbeddedPostgres({ dataFolder: folder, log: silent });
  const { db: admin, close: closeAdmin } = openDatabase(server.connection, { poolSize: 1 });
  const to = (database: string): DatabaseConnection => ({ ...server.connection, database });
  const run = (statement: string) => sql.raw(statement).execute(admin);
  const close = async () => {
    await closeAdmin();
    await server.stop();
  };
  try {
    if (!existsSync(whole)) {
      await build({ to, run, policy, sizes });
      writeFileSync(whole, '');
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    open: async (incidents, year) => {
      await run('drop database if exists run');
      await run(`create database run template ${nameOf(incidents, year)}`);
      const connection = to('run');
      const { db, close: closeRun } = openDatabase(connection, { poolSize: 20, own: true });
      return {
        connection,
        db,
        close: async () => {
          await closeRun();
          await run('drop database run');
        },
      };
    },
    close,
  };
}

function nameOf(incidents: number, year: boolean): string {
  return `open_${incidents}${year ? '_year' : ''}`;
}

type Building = {
  to: (database: string) => DatabaseConnection;
  run: (statement: string) => Promise<unknown>;
  policy: Policy;
  sizes: ScaleSizes;
};

async function build({ to, run, policy, sizes }: Building): Promise<void> {
  const { incidents, deliveries, audit } = sizes;
  const people = Math.max(...incidents) + spare;
  await run('create database build');
  // Nothing of it need survive a crash.
  await run('alter database build set synchronous_commit = off');
  let opened = 0;
  for (const wanted of incidents) {
    const { db, close } = openDatabase(to('build'), { poolSize: 4, own: true });
    try {
      if (opened === 0) await fillOrganisation(db, policy, people);
      await openIncidents(db, policy, opened + 1, wanted);
      await sql`analyze`.execute(db);
    } finally {
      await close();
    }
    opened = wanted;
    await run(`create database ${nameOf(wanted, false)} template build`);
    await run(`create database ${nameOf(wanted, true)} template build`);
    const year = openDatabase(to(nameOf(wanted, true)), { poolSize: 1 });
    try {
      const past = Math.ceil(deliveries / deliveriesEach);
      await writeHistory(year.db, { incidents: past, until: systemClock.now() });
      await writeAuditHistory(year.db, { entries: audit, incidents: past, until: systemClock.now() });
    } finally {
      await year.close();
    }
  }
  await run('drop database build');
}

async function fillOrganisation(db: Kysely<Database>, policy: Policy, people: number): Promise<void> {
  await migrate(db);
  // A role that came later than the first policy would decide nothing for a day.
  const load = { organisation: 'lab', why: 'start', processUser: 'bench', policy } as const;
  await storeOn(db).change((change) => recordPolicy(change, load));
  await seedLab({ db, clock: systemClock, historyHours: 1 });
  await fillLab(db, { people, phones: Math.ceil(people * 1.6) });
  const exchange = openLab({ db, clock: systemClock, requestor: 'mislaid@contoso.example' });
  await refreshDirectory({ db, exchange, clock: systemClock });
}

function storeOn(db: Kysely<Database>): Store {
  return createStore({ db, clock: systemClock, ids: randomIds, laneOf: () => 'upkeep', appendAudit, wake: () => {} });
}

/** As a report and the reading of its phones leave them. */
async function openIncidents(db: Kysely<Database>, policy: Policy, first: number, last: number): Promise<void> {
  const exchange = openLab({ db, clock: systemClock, requestor: 'mislaid@contoso.example' });
  const store = storeOn(db);
  const person = await personByAddress(db, 'lab', 'hana@contoso.example');
  if (person === undefined) throw new Error('Hana is not in the directory');
  const by = {
    person,
    identity: 'console:hana',
    roles: new Set(['user', 'helpdesk'] as const),
    suspendedBy: [],
    grantedRoles: new Set<Role>(),
  };
  for (let n = first; n <= last; n += 1) {
    const owner = await personByAddress(db, 'lab', `p${n}@contoso.example`);
    if (owner === undefined) throw new Error(`p${n} is not in the directory`);
    const facts = await readDeviceFacts({ db, exchange }, owner.guid);
    const opening = { owner, kind: 'lost', by, byOwner: false, place: 'console:#helpdesk' } as const;
    const incident = await store.change((change) => openIncident(change, policy, opening));
    await store.change((change) => recordDevices(change, incident.number, facts, true));
  }
}
