/**
 * `npm run faults -- --count n [--backend redis|postgres|both] [--seed text] [--only kind] [--loud]`: kills processes of the bot
 * with SIGKILL before, inside and after Clear-MobileDevice, around commits (any, and those of reception, approval, delivery and
 * checkpoint), while they start and make the tables; kills PostgreSQL under them; lets them stand still over a deadline; and kills Node
 * while its PowerShell is inside the cmdlet. Then it is looked whether all is true. Ends with `N passed, N failed`; one kill is one run, and
 * one that was not reached failed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { seededRandom } from '../../src/exchange/lab/random.ts';
import { type Outcome, runOnLab } from './lab-run.ts';
import { type PowershellKill, runOnPowershell } from './powershell-run.ts';
import type { KillPoint } from './process.ts';
import { openServers, type Servers } from './world.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '16' },
    backend: { type: 'string', default: 'both' },
    seed: { type: 'string', default: 'faults' },
    only: { type: 'string' },
    loud: { type: 'boolean', default: false },
  },
});
const count = z.coerce.number().int().min(1).max(10_000).parse(values.count);
const backends = z.enum(['redis', 'postgres', 'both']).parse(values.backend);
const random = seededRandom(values.seed);
const whole = (most: number) => 1 + Math.floor(random() * most);
const oneOf = <Value>(list: readonly [Value, ...Value[]]): Value => list[whole(list.length) - 1] ?? list[0];

type Run =
  | { name: string; kind: 'lab' | 'empty'; kills: KillPoint[] }
  | { name: string; kind: 'powershell'; kills: [PowershellKill] };

const moment = () => oneOf(['before', 'on its way', 'after'] as const);
const clear = (when: 'before' | 'inside' | 'after'): KillPoint => ({ kind: 'clear', moment: when, nth: 1 });
const commit = (when: 'before' | 'on its way' | 'after'): KillPoint => ({
  kind: 'commit',
  moment: when,
  nth: whole(25),
});
const commitOf = (of: string, most: number): KillPoint => ({ kind: 'commit', moment: moment(), of, nth: whole(most) });

/** Worlds in turn, so that some two dozen kills see each kind. */
const runs: readonly (() => Run)[] = [
  () => ({ name: 'clear', kind: 'lab', kills: [clear('before'), clear('inside'), clear('after')] }),
  () => ({ name: 'stand-still', kind: 'lab', kills: [commit('before'), commit('after'), { kind: 'stand-still' }] }),
  () => ({
    name: 'postgres',
    kind: 'lab',
    kills: [commit('on its way'), { kind: 'commit', moment: moment(), nth: whole(60), strikes: 'postgres' }],
  }),
  () => ({
    name: 'start',
    kind: 'empty',
    // The first makes the tables, the second fills them with what is there at a start.
    kills: [{ kind: 'query', nth: whole(60) }, { kind: 'query', nth: whole(120) }, commitOf('inbox', 2)],
  }),
  () => ({
    name: 'approval',
    kind: 'lab',
    kills: [commitOf('approval', 2), commitOf('delivery', 4), commitOf('audit-checkpoint', 1)],
  }),
  () => ({
    name: 'lives-on',
    kind: 'powershell',
    kills: [{ effect: oneOf(['before', 'after']), session: 'lives on' }],
  }),
  () => ({ name: 'dies', kind: 'powershell', kills: [{ effect: oneOf(['before', 'after']), session: 'dies' }] }),
];
const wanted = runs.filter((run) => values.only === undefined || run().name === values.only);
if (wanted.length === 0) throw new Error(`--only is one of ${runs.map((run) => run().name).join(', ')}`);

async function strike(servers: Servers, run: Run): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'mislaid-fault-data-'));
  const environment = {
    MISLAID_DATA: folder,
    MISLAID_POLICY: join(process.cwd(), 'policy.example.yaml'),
    LOG_LEVEL: values.loud === true ? 'warn' : 'fatal',
  };
  try {
    if (run.kind === 'powershell') return await runOnPowershell(servers, run.kills[0], environment);
    return await runOnLab({ servers, kind: run.kind, kills: run.kills, environment });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

let next = 0;
let passed = 0;
let failed = 0;
for (const backend of backends === 'both' ? (['redis', 'postgres'] as const) : [backends]) {
  const servers = await openServers(backend);
  try {
    for (let done = 0; done < count; ) {
      const run = (wanted[next++ % wanted.length] ?? runs[0])?.();
      if (run === undefined) break;
      if (run.kind !== 'powershell') run.kills.splice(count - done);
      done += run.kills.length;
      const { kills, problems } = await strike(servers, run);
      if (problems.length === 0) passed += run.kills.length;
      else failed += run.kills.length;
      const verdict = problems.length === 0 ? 'ok' : `FAILED: ${problems.join('; ')}`;
      console.log(`${backend} ${done}/${count}: ${run.name}: killed ${kills.join(', ')}: ${verdict}`);
    }
  } finally {
    await servers.close();
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
