/**
 * Node is killed while its PowerShell is inside Clear-MobileDevice: the session lives on and ends what it began, or dies with it. The
 * next process, twenty minutes later, must know by reading alone what Exchange was asked.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { guidFrom } from '../../src/exchange/lab/guids.ts';
import { isAlive } from '../../src/store/embedded/processes.ts';
import { fakeExchange } from '../powershell/engine.ts';
import type { Outcome } from './lab-run.ts';
import { cases, converse } from './people.ts';
import { startVictim, type Victim } from './victim.ts';
import { type Servers, untruths } from './world.ts';

const patienceMs = 120_000;
/** Past the deadline of the call and the sixteen minutes after it in which no request is proved. */
const laterMs = 20 * 60_000;

export type PowershellKill = {
  /** Whether the request is stored when Node dies. */
  effect: 'before' | 'after';
  session: 'lives on' | 'dies';
};

/** In the script's words: waits inside the cmdlet, on this side of its effect, until it is let go. */
const hold = (fakeScript: string, effect: PowershellKill['effect']) => `. '${fakeScript}'
function global:Clear-MobileDevice {
  [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
  param([Parameter(Mandatory = $true)]$Identity, [switch]$AccountOnly, [switch]$Cancel, $NotificationEmailAddresses)
  ${effect === 'after' ? 'FakeExchange\\Clear-MobileDevice @PSBoundParameters' : ''}
  [IO.File]::WriteAllText((Join-Path $env:INIT_SCRIPT_FAKE_FOLDER 'inside.txt'), [string]$PID)
  while (-not [IO.File]::Exists((Join-Path $env:INIT_SCRIPT_FAKE_FOLDER 'go-on.txt'))) { [Threading.Thread]::Sleep(20) }
  ${effect === 'before' ? 'FakeExchange\\Clear-MobileDevice @PSBoundParameters' : ''}
}
`;

export async function runOnPowershell(
  servers: Servers,
  { effect, session }: PowershellKill,
  environment: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const kills = [`Node inside Clear-MobileDevice ${effect} its effect, and its PowerShell ${session}`];
  const world = await servers.world('lab');
  const fake = fakeExchange();
  const initScript = join(fake.folder, 'hold.ps1');
  writeFileSync(initScript, hold(join(process.cwd(), 'test/powershell/fake-exchange.ps1'), effect));
  const redisUrl = servers.redisUrl();
  const { HOME = '', PATH = '', DOTNET_ROOT } = process.env;
  const own = {
    HOME,
    PATH,
    ...(DOTNET_ROOT === undefined ? {} : { DOTNET_ROOT }),
    ...environment,
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    POWERSHELL_PATH: execFileSync(process.execPath, ['scripts/powershell.mjs'], { encoding: 'utf8' }).trim(),
    DATABASE_URL: world.url,
    MISLAID_EXCHANGE: 'custom',
    EXCHANGE_INIT_SCRIPT: initScript,
    INIT_SCRIPT_FAKE_FOLDER: fake.folder,
  };
  const victims: Victim[] = [];
  const start = (aheadMs: number): Victim => {
    const victim = startVictim({ environment: own, kill: { kind: 'none' }, cluster: servers.cluster, aheadMs });
    victims.push(victim);
    return victim;
  };
  const [one] = cases;
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(3 * patienceMs)]);
  const conversation = converse(world, [one], signal);
  conversation.catch(() => undefined);
  try {
    const first = start(0);
    const inside = join(fake.folder, 'inside.txt');
    const isInside = () => existsSync(inside) && readFileSync(inside, 'utf8') !== '';
    await until(() => isInside() || !first.lives() || signal.aborted, 'the wipe to be inside its cmdlet');
    if (!first.lives()) throw new Error('the first process ended by itself');
    const pid = Number(readFileSync(inside, 'utf8'));
    await first.kill();
    if (session === 'dies') process.kill(pid, 'SIGKILL');
    writeFileSync(join(fake.folder, 'go-on.txt'), '');
    await until(() => !isAlive(pid), 'the session without its owner to end');
    const requests = fake.ledger().filter(({ cmdlet }) => cmdlet === 'Clear-MobileDevice').length;
    const expected = session === 'lives on' || effect === 'after' ? 1 : 0;
    const problems = requests === expected ? [] : [`Exchange has ${requests} requests, not ${expected}`];

    const last = start(laterMs);
    if (!(await last.ready)) throw new Error('the last process ended by itself');
    await conversation;
    const look = async () => {
      const requests = fake.ledger().filter(({ cmdlet }) => cmdlet === 'Clear-MobileDevice').length;
      const [wipe] = await world.db.selectFrom('wipe').select(['deviceGuid', 'state']).execute();
      const acknowledged = phoneAcknowledged(fake.folder, wipe?.deviceGuid ?? '');
      return untruths(world.db, {
        incidents: 1,
        now: new Date(Date.now() + laterMs),
        truth: new Map([[wipe?.deviceGuid ?? guidFrom('none'), { requests, acknowledged }]]),
      });
    };
    let found = await look();
    const end = performance.now() + patienceMs;
    while (found.length > 0 && performance.now() < end) {
      await pause(500);
      found = await look();
    }
    return { kills, problems: [...problems, ...found] };
  } catch (error) {
    return { kills, problems: [error instanceof Error ? error.message : String(error)] };
  } finally {
    over.abort();
    for (const victim of victims) await victim.kill();
    await world.close();
    fake.remove();
  }
}

const FakeState = z.object({
  devices: z.array(
    z.object({ Guid: z.string(), WipeAck: z.number().nullish(), AccountWipeAck: z.number().nullish() }).loose(),
  ),
});

function phoneAcknowledged(folder: string, guid: string): boolean {
  const { devices } = FakeState.parse(JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')));
  const device = devices.find((one) => one.Guid.toLowerCase() === guid);
  return (device?.WipeAck ?? device?.AccountWipeAck ?? null) !== null;
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`waited for ${what} in vain`);
    await pause(50);
  }
}
