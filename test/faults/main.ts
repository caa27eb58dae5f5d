/**
 * `npm run faults -- --count n [--backend redis|postgres|both] [--loud]`: kills processes of the bot with SIGKILL before,
 * inside and after Clear-MobileDevice and around commits, with several incidents in flight, and looks whether all is true then.
 * Ends with `N passed, N failed`; one kill is one run.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { advanceLab } from '../../src/exchange/lab/clock.ts';
import { seededRandom } from '../../src/exchange/lab/random.ts';
import type { Answer } from '../../src/message/model.ts';
import { renderPlainText } from '../../src/message/plain.ts';
import { type Policy, parsePolicy } from '../../src/policy.ts';
import type { FaultProcess, KillPoint } from './process.ts';
import { openServers, type Servers, untruths, type World } from './world.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '12' },
    backend: { type: 'string', default: 'both' },
    seed: { type: 'string', default: 'faults' },
    loud: { type: 'boolean', default: false },
  },
});
const count = z.coerce.number().int().min(1).max(10_000).parse(values.count);
const backend = z.enum(['redis', 'postgres', 'both']).parse(values.backend);
const victimScript = fileURLToPath(new URL('./process.js', import.meta.url));
const policyFile = join(process.cwd(), 'policy.example.yaml');
/** A point that was not reached within this time (a commit too many, say) is reached by a kill from outside. */
const patienceMs = 14_000;
/** Far more than it takes: only what never comes true waits so long. */
const settleMs = 300_000;
/** Rounds go on while it is looked whether all is true, so what is under way at one look is looked at again. */
const lookAgainMs = 60_000;

/** Three requests by Hana and one by Hugo keep below every brake; Victoria's takes two approvers. */
const cases = [
  { owner: 'alice.ng', phone: 'iPhone 15', by: 'hana', scope: 'account-only', approvers: ['otto'] },
  { owner: 'bob', phone: 'Galaxy', by: 'hugo', scope: 'full', approvers: ['ada'] },
  { owner: 'alice.moreau', phone: 'iPhone 13', by: 'hana', scope: 'account-only', approvers: ['ada'] },
  { owner: 'victoria', phone: 'iPhone 15 Pro', by: 'hana', scope: 'full', approvers: ['otto', 'ada'] },
] as const;

type Child = {
  process: ChildProcess;
  ready: Promise<boolean>;
  /** It is gone, and all that it said was heard. */
  closed: Promise<true>;
  struck: () => string | undefined;
};

function startChild(world: World, redisUrl: string | undefined, prefixFolder: string, kill: KillPoint): Child {
  const input: FaultProcess = {
    environment: {
      DATABASE_URL: world.url,
      ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
      MISLAID_DATA: prefixFolder,
      MISLAID_POLICY: policyFile,
      MISLAID_EXCHANGE: 'lab',
      LAB_SPEED: '60',
      LOG_LEVEL: values.loud === true ? 'warn' : 'fatal',
    },
    kill,
  };
  const child = spawn(process.execPath, [victimScript, JSON.stringify(input)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  const ready = new Promise<boolean>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (out.includes('ready\n')) resolve(true);
    });
    child.once('exit', () => resolve(false));
  });
  const closed = new Promise<true>((resolve) => child.once('close', () => resolve(true)));
  return { process: child, ready, closed, struck: () => /struck (.*)\n/.exec(out)?.[1] };
}

function lives({ process }: Child): boolean {
  return process.exitCode === null && process.signalCode === null;
}

async function killed(child: Child): Promise<void> {
  child.process.kill('SIGKILL');
  await Promise.race([child.closed, pause(10_000, undefined, { ref: false })]);
}

/** Points in turn, so that a dozen runs see each kind. */
function points(random: () => number, run: number): KillPoint {
  const moments = ['before', 'inside', 'after'] as const;
  const whole = (most: number) => 1 + Math.floor(random() * most);
  switch (run % 6) {
    case 0:
    case 1:
    case 2:
      return { kind: 'clear', moment: moments[run % 6] ?? 'after', nth: 1 };
    case 3:
      return { kind: 'commit', moment: 'before', nth: whole(25) };
    case 4:
      return { kind: 'commit', moment: 'after', nth: whole(25) };
    default:
      return { kind: 'commit-sent', nth: whole(25) };
  }
}

async function open(world: World): Promise<void> {
  for (const { owner, by } of cases) await world.say(by, { kind: 'sentence', text: `lost device ${owner}` });
}

async function until(condition: () => Promise<boolean>, ms: number, what: string): Promise<void> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${what} did not happen within ${ms / 1000} s`);
    await pause(50);
  }
}

async function devicesRead({ db }: World): Promise<boolean> {
  const rows = await db.selectFrom('incidentDevice').select('incidentNumber').distinct().execute();
  return rows.length === cases.length;
}

/** Proposes and approves every case; what was refused because the run is broken shows in the end. */
async function proposeAndApprove(world: World): Promise<void> {
  for (const { owner, phone, by, scope, approvers } of cases) {
    const row = await world.db
      .selectFrom('incident')
      .innerJoin('person', 'person.guid', 'incident.personGuid')
      .select('incident.number')
      .where('person.alias', '=', owner)
      .executeTakeFirstOrThrow();
    const asked = await world.say(by, { kind: 'sentence', text: `wipe INC-${row.number} ${phone}` });
    const { form } = asked;
    if (form === undefined) throw new Error(`no form for INC-${row.number}: ${said(asked)}`);
    const typed = form.fields.find((field) => field.kind === 'typed');
    const answer = await world.say(by, {
      kind: 'form',
      action: form.submit.action,
      values: {
        scope,
        reason: 'Left in a taxi',
        how: 'manager',
        ...(scope === 'full' ? { told: true, typed: typed?.kind === 'typed' ? typed.show : '' } : {}),
      },
    });
    if (answer.fieldErrors !== undefined) throw new Error(JSON.stringify(answer.fieldErrors));
    for (const approver of approvers)
      await world.say(approver, { kind: 'sentence', text: `approve INC-${row.number}` });
  }
}

function said({ private: message }: Answer): string {
  return message === undefined ? '' : renderPlainText(message, { now: new Date(), timeZone: 'UTC' });
}

async function wipesRest({ db }: World): Promise<boolean> {
  const rows = await db.selectFrom('wipe').select('state').execute();
  return (
    rows.length === cases.length &&
    rows.every((row) => !['awaiting-approval', 'approved', 'issuing', 'requested', 'sent'].includes(row.state))
  );
}

/** Nothing due is waiting, and every card shows what is stored. */
async function quiet({ db, clock }: World): Promise<boolean> {
  const due = await db
    .selectFrom('work')
    .select('id')
    .where('state', '=', 'waiting')
    .where((eb) => eb.or([eb('dueAt', '<=', clock.now()), eb('enqueuedAt', 'is not', null)]))
    .executeTakeFirst();
  const delivery = await db.selectFrom('delivery').select('id').where('state', '=', 'waiting').executeTakeFirst();
  return due === undefined && delivery === undefined;
}

type Outcome = { kills: string[]; problems: string[] };

/** One world: its processes are killed at each point in turn while its incidents are in flight, and then everything must be true. */
async function runWorld(servers: Servers, policy: Policy, kills: readonly KillPoint[]): Promise<Outcome> {
  const world = await servers.world(policy);
  const folder = mkdtempSync(join(tmpdir(), 'mislaid-fault-data-'));
  // Each world has a Redis database of its own name: keys of earlier worlds name work that is not there.
  const redisUrl = servers.redis === undefined ? undefined : `${servers.redis.url}/${redisDatabase++ % 16}`;
  const children: Child[] = [];
  const start = (kill: KillPoint): Child => {
    const child = startChild(world, redisUrl, folder, kill);
    children.push(child);
    return child;
  };
  const where: string[] = [];
  try {
    await open(world);
    let proposed = false;
    for (const kill of kills) {
      // Several processes need Redis; there the second takes over at once, and dies at its own first such point.
      const victims = [start(kill), ...(servers.redis === undefined ? [] : [start(kill)])];
      await Promise.all(victims.map((victim) => victim.ready));
      let end = performance.now() + patienceMs;
      while (performance.now() < end && victims.every(lives)) {
        if (!proposed && (await devicesRead(world))) {
          await proposeAndApprove(world);
          proposed = true;
          end = performance.now() + patienceMs;
        }
        await pause(30);
      }
      for (const victim of victims) await killed(victim);
      where.push(victims.map((victim) => victim.struck()).find((struck) => struck !== undefined) ?? 'from outside');
    }
    const last = start({ kind: 'none' });
    if (!(await last.ready)) throw new Error('the last process ended by itself');
    await until(() => devicesRead(world), settleMs, 'reading the phones');
    if (!proposed) await proposeAndApprove(world);
    const end = performance.now() + settleMs;
    while (!(await wipesRest(world)) && performance.now() < end) {
      // Phones and back-offs wait by the lab's clock; a killed worker's lock waits by the real one.
      await advanceLab(world.db, 30_000);
      await world.clock.refresh();
      await pause(400);
    }
    await until(() => quiet(world), settleMs, 'quiet').catch(() => undefined);
    await world.clock.refresh();
    const look = () => untruths(world.db, { incidents: cases.length, now: world.clock.now() });
    let problems = await look();
    const looksEnd = performance.now() + lookAgainMs;
    while (problems.length > 0 && performance.now() < looksEnd) {
      await pause(1_000);
      problems = await look();
    }
    return { kills: where, problems };
  } catch (error) {
    return { kills: where, problems: [error instanceof Error ? error.message : String(error)] };
  } finally {
    for (const child of children) await killed(child);
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

let redisDatabase = 0;
const killsPerWorld = 3;

async function runBackend(
  kind: 'redis' | 'postgres',
  random: () => number,
): Promise<{ passed: number; failed: number }> {
  const policy = parsePolicy(readFileSync(policyFile, 'utf8'), 'policy.example.yaml');
  const servers = await openServers(kind);
  let passed = 0;
  let failed = 0;
  try {
    for (let run = 0; run < count; ) {
      const kills: KillPoint[] = [];
      for (; kills.length < killsPerWorld && run < count; run += 1) kills.push(points(random, run));
      const outcome = await runWorld(servers, policy, kills);
      if (outcome.problems.length === 0) passed += kills.length;
      else failed += kills.length;
      const verdict = outcome.problems.length === 0 ? 'ok' : `FAILED: ${outcome.problems.join('; ')}`;
      console.log(`${kind} ${passed + failed}/${count}: killed ${outcome.kills.join(', ')}: ${verdict}`);
    }
  } finally {
    await servers.close();
  }
  return { passed, failed };
}

const random = seededRandom(values.seed);
let passed = 0;
let failed = 0;
for (const kind of backend === 'both' ? (['redis', 'postgres'] as const) : [backend]) {
  const result = await runBackend(kind, random);
  passed += result.passed;
  failed += result.failed;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
