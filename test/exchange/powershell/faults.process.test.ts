/** Whatever happens to a session: every call settles, nothing that changes something runs twice, the event loop stays free. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clearMobileDevice } from '../../../src/exchange/cmdlets/clear-mobile-device.ts';
import { getCasMailbox } from '../../../src/exchange/cmdlets/get-cas-mailbox.ts';
import { getMailbox } from '../../../src/exchange/cmdlets/get-mailbox.ts';
import { getMobileDeviceStatistics } from '../../../src/exchange/cmdlets/get-mobile-device-statistics.ts';
import { setCasMailbox } from '../../../src/exchange/cmdlets/set-cas-mailbox.ts';
import { guidFrom } from '../../../src/exchange/lab/guids.ts';
import { labMailboxGuid } from '../../../src/exchange/lab/seed.ts';
import type { CallOptions, Exchange } from '../../../src/exchange/port.ts';
import { createPowershellTransport, type PowershellTransport } from '../../../src/exchange/powershell/transport.ts';
import { createExchange } from '../../../src/exchange/run.ts';
import { countingIds, engine, fakeExchange, hasEngine, patient } from '../../powershell/engine.ts';
import { eventually } from '../../setup/eventually.ts';
import { sampled } from '../../setup/runs.ts';
import { watchLoop } from './loop.ts';

const alice = labMailboxGuid('alice.ng');
const phone = guidFrom('contoso phone 2 partnership');

type World = {
  fake: ReturnType<typeof fakeExchange>;
  transport: PowershellTransport;
  exchange: Exchange;
  /** Engines that were connected, in order. */
  pids: number[];
  close(): Promise<void>;
};

function openWorld(
  options: { size?: number; calls?: number; executable?: string; throttle?: { firstMs: number; mostMs: number } } = {},
): World {
  const fake = fakeExchange();
  const pids: number[] = [];
  const transport = createPowershellTransport({
    ...patient,
    engine: options.executable ?? engine,
    connection: fake.connection,
    environment: fake.environment,
    ids: countingIds(),
    size: options.size ?? 2,
    recycle: { calls: options.calls ?? 500, ageMs: 3_600_000, bytes: 2_000_000_000 },
    backOff: { firstMs: 50, mostMs: 400 },
    throttle: options.throttle ?? { firstMs: 200, mostMs: 800 },
    graceMs: 500,
    log: {
      info: (fields, message) => {
        if (message.includes('connected') && 'pid' in fields && typeof fields.pid === 'number') pids.push(fields.pid);
      },
      warn: () => undefined,
    },
  });
  return {
    fake,
    transport,
    exchange: createExchange({ organisation: 'real', transport }),
    pids,
    close: async () => {
      await transport.close();
      fake.remove();
    },
  };
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // One that the pool gave up may end at this very moment.
  }
}

/** Throws until the file is there and written. */
function pidIn(path: string): number {
  const pid = Number(readFileSync(path, 'utf8'));
  expect(pid).toBeGreaterThan(0);
  return pid;
}

describe.runIf(hasEngine)('faults of sessions', () => {
  let world: World;

  beforeAll(async () => {
    world = openWorld();
    await world.exchange.capabilities();
  });
  afterAll(() => world?.close());

  const read = (exchange: Exchange = world.exchange) => exchange.run(getMailbox, { Identity: alice });
  const wipe = (options: CallOptions = { deadlineMs: 120_000 }) =>
    world.exchange.run(clearMobileDevice, { Identity: phone }, options);
  const wipes = () => world.fake.ledger().filter((line) => line.cmdlet === 'Clear-MobileDevice').length;

  it.each(
    sampled(2, [
      ['before', 'crash', 0],
      ['inside', 'crash', 1],
      ['after', 'crash', 1],
      ['before', 'exit', 0],
      ['after', 'half-frame', 1],
      ['before', 'exit-zero', 0],
      ['after', 'exit-zero', 1],
    ] as const),
  )(
    'a wipe whose session ends %s it (%s) is asked for %i times, and reported as unknown',
    async (when, what, times) => {
      const before = wipes();
      world.fake.faults({ cmdlet: 'Clear-MobileDevice', when, what, times: 1 });
      // Whether the end of the process or of its last line is seen first is a race; what counts is that nothing is known.
      const code = expect.stringMatching(/^exchange-(away|bad-answer)$/);
      await expect(wipe()).rejects.toMatchObject({ code, reached: 'perhaps' });
      // Reconciling: reads go on at once, on another session.
      const [device] = await world.exchange.run(getMobileDeviceStatistics, { Identity: phone });
      expect(wipes() - before).toBe(times);
      expect(device?.wipeRequestTime !== null || before + times === 0).toBe(true);
    },
  );

  it('kills a hanging engine with everything that it started', async () => {
    const before = wipes();
    world.fake.faults({ cmdlet: 'Clear-MobileDevice', when: 'before', what: 'hang-with-child', times: 1 });
    const giveUp = new AbortController();
    const call = wipe({ signal: giveUp.signal });
    const child = await eventually(() => pidIn(join(world.fake.folder, 'child.pid')));
    expect(isRunning(child)).toBe(true);
    giveUp.abort();
    await expect(call).rejects.toMatchObject({ code: 'exchange-timeout', reached: 'perhaps' });
    await eventually(() => expect(isRunning(child)).toBe(false));
    expect(await read()).toHaveLength(1);
    expect(wipes()).toBe(before);
  });

  it('reports a wipe as unknown whose deadline passes while the engine has it, and kills that engine', async () => {
    const other = openWorld({ size: 1 });
    try {
      other.fake.faults({ cmdlet: 'Clear-MobileDevice', when: 'before', what: 'hang', times: 1 });
      // The session is idle then, so that the wipe is sent at once.
      await other.exchange.capabilities();
      const wipeOfOther = other.exchange.run(clearMobileDevice, { Identity: phone }, { deadlineMs: 2_000 });
      await expect(wipeOfOther).rejects.toMatchObject({ code: 'exchange-timeout', reached: 'perhaps' });
      const [engineOfOther = 0] = other.pids;
      await eventually(() => expect(isRunning(engineOfOther)).toBe(false));
      expect(other.fake.ledger()).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('gives up a call when it is told to', async () => {
    world.fake.faults({ cmdlet: 'Get-Mailbox', when: 'before', what: 'hang', times: 1 });
    const giveUp = new AbortController();
    const call = world.exchange.run(getMailbox, { Identity: alice }, { signal: giveUp.signal });
    await eventually(() =>
      expect(readFileSync(join(world.fake.folder, 'faults.json'), 'utf8')).toMatch(/"times":\s*0/),
    );
    giveUp.abort();
    await expect(call).rejects.toMatchObject({ code: 'exchange-timeout', reached: 'no' });
  });

  it.each(sampled(2, ['disconnect', 'exit-zero', 'half-frame', 'crash']))(
    'a read whose session fails (%s) runs once more',
    async (what) => {
      world.fake.faults({ cmdlet: 'Get-Mailbox', when: 'before', what, times: 1 });
      expect(await read()).toHaveLength(1);
    },
  );

  it('a read that fails twice is not tried a third time', async () => {
    world.fake.faults({ cmdlet: 'Get-Mailbox', when: 'before', what: 'crash', times: 2 });
    await expect(read()).rejects.toMatchObject({ code: 'exchange-away', reached: 'no' });
  });

  it('a lost connection is told by its type, and a change is not repeated', async () => {
    world.fake.faults({ cmdlet: 'Set-CASMailbox', when: 'after', what: 'disconnect', times: 1 });
    const before = world.fake.ledger().length;
    const change = { Identity: alice, ActiveSyncBlockedDeviceIDs: { Add: ['LOST0001'] } };
    await expect(world.exchange.run(setCasMailbox, change)).rejects.toMatchObject({
      code: 'exchange-away',
      reached: 'perhaps',
    });
    const [row] = await world.exchange.run(getCasMailbox, { Identity: alice });
    expect(row?.blockedDeviceIds).toContain('LOST0001');
    expect(world.fake.ledger()).toHaveLength(before + 1);
  });

  it('waits out throttling for reads', async () => {
    world.fake.faults({ cmdlet: '*', when: 'before', what: 'throttle', times: 2 });
    const started = performance.now();
    expect(await read()).toHaveLength(1);
    expect(performance.now() - started).toBeGreaterThan(400);
  });

  it.each([
    ['throttle-rest', 2_000],
    ['throttle-plain', 200],
  ])('waits out throttling in the form of Online (%s), so long as it is asked to', async (what, waitMs) => {
    world.fake.faults({ cmdlet: '*', when: 'before', what, times: 1 });
    const started = performance.now();
    expect(await read()).toHaveLength(1);
    expect(performance.now() - started).toBeGreaterThanOrEqual(waitMs);
  });

  it('tells throttling for a wipe', async () => {
    // So long that it still holds when it is looked at.
    const other = openWorld({ size: 1, throttle: { firstMs: 600_000, mostMs: 600_000 } });
    try {
      other.fake.faults({ cmdlet: 'Clear-MobileDevice', when: 'before', what: 'throttle', times: 1 });
      const call = other.exchange.run(clearMobileDevice, { Identity: phone }, { deadlineMs: 120_000 });
      await expect(call).rejects.toMatchObject({ code: 'exchange-throttled', reached: 'perhaps' });
      expect(other.transport.pool.stats().throttledMs).toBeGreaterThan(0);
      expect(other.fake.ledger()).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('does not take garbage for an answer', async () => {
    world.fake.faults({ cmdlet: 'Get-Mailbox', when: 'before', what: 'garbage', times: 1 });
    expect(await read()).toMatchObject([{ guid: alice }]);
  });

  it.each(
    sampled(3, [
      ['flood', 'Get-Mailbox'],
      ['flood-errors', 'Get-Mailbox'],
      ['large-row', 'Get-Mailbox'],
    ] as const),
  )('ends 20 MB of output (%s) with a clear error, without holding up the event loop', async (what, cmdlet) => {
    world.fake.faults({ cmdlet, when: 'before', what, times: 2 });
    const loop = watchLoop();
    await expect(read()).rejects.toMatchObject({
      code: 'exchange-bad-answer',
      message: expect.stringMatching(/4 MB|limit is/),
    });
    // Reading it in one piece holds the loop for seconds; the benchmark measures the rest, which depends on the machine.
    expect(loop.stop()).toBeLessThan(500);
    expect(await read()).toHaveLength(1);
  });

  it('settles every call when all sessions are killed at once, and comes back', async () => {
    const calls = Array.from({ length: 12 }, () =>
      read().then(
        () => 'rows',
        (error: { code: string }) => error.code,
      ),
    );
    await eventually(() => expect(world.transport.pool.stats().waiting).toBeLessThan(12));
    for (const pid of world.pids) if (isRunning(pid)) kill(pid);
    const outcomes = await Promise.all(calls);
    expect(outcomes.every((outcome) => outcome === 'rows' || outcome === 'exchange-away')).toBe(true);
    expect(await read()).toHaveLength(1);
  });

  it('replaces an idle session that was killed', async () => {
    await eventually(() => expect(world.transport.pool.stats().sessions).toBe(2));
    const known = world.pids.length;
    const idle = world.pids.findLast(isRunning);
    if (idle !== undefined) kill(idle);
    await eventually(() => expect(world.pids.length).toBeGreaterThan(known));
    expect(await read()).toHaveLength(1);
  });

  it('replaces a session whose probe says that the connection is dead', async () => {
    const other = openWorld({ size: 1 });
    try {
      await read(other.exchange);
      await other.transport.pool.probe();
      expect(other.pids).toHaveLength(1);
      // The engine lives on, and its connection does not.
      other.fake.faults({ cmdlet: 'Get-Mailbox', when: 'after', what: 'disconnect-quietly', times: 1 });
      await read(other.exchange);
      await other.transport.pool.probe();
      await eventually(() => expect(other.pids).toHaveLength(2));
      expect(await read(other.exchange)).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  it('recycles a session after so many calls, without a pause', async () => {
    const other = openWorld({ size: 1, calls: 4 });
    try {
      for (let call = 0; call < 12; call += 1) expect(await read(other.exchange)).toHaveLength(1);
      await eventually(() => expect(other.pids.length).toBeGreaterThan(1));
      await eventually(() => expect(other.pids.filter(isRunning)).toHaveLength(1));
    } finally {
      await other.close();
    }
  });

  it('settles what waits when it closes, and leaves no engine behind', async () => {
    const other = openWorld({ size: 1 });
    await other.exchange.capabilities();
    other.fake.faults({ cmdlet: 'Get-Mailbox', when: 'before', what: 'hang', times: 1 });
    const calls = [read(other.exchange), read(other.exchange), read(other.exchange)].map((call) =>
      call.then(
        () => 'rows',
        (error: { code: string }) => error.code,
      ),
    );
    await eventually(() => expect(other.transport.pool.stats().waiting).toBe(2));
    await other.close();
    expect(await Promise.all(calls)).toEqual(['exchange-away', 'exchange-away', 'exchange-away']);
    expect(other.pids.filter(isRunning)).toEqual([]);
    await expect(read(other.exchange)).rejects.toMatchObject({ code: 'exchange-away', reached: 'no' });
  });

  it('leaves no engine behind that was still connecting when it closed', async () => {
    const fake = fakeExchange();
    const initScript = join(fake.folder, 'slow.ps1');
    writeFileSync(
      initScript,
      "[IO.File]::WriteAllText($PSScriptRoot + '/engine.pid', [string]$PID); Start-Sleep -Seconds 600",
    );
    const transport = createPowershellTransport({
      ...patient,
      engine,
      connection: { kind: 'custom', initScript },
      environment: fake.environment,
      ids: countingIds(),
      size: 1,
      log: { info: () => undefined, warn: () => undefined },
    });
    transport.warm();
    const pid = await eventually(() => pidIn(join(fake.folder, 'engine.pid')));
    expect(isRunning(pid)).toBe(true);
    await transport.close();
    expect(isRunning(pid)).toBe(false);
    fake.remove();
  });

  it('does not send a wipe that waited too long for a session', async () => {
    const other = openWorld({ size: 1 });
    try {
      await other.exchange.capabilities();
      other.fake.faults({ cmdlet: 'Get-Mailbox', when: 'before', what: 'hang', times: 1 });
      const hanging = other.exchange.run(getMailbox, { Identity: alice }, { deadlineMs: 4_000 }).catch(() => 'gone');
      const late = other.exchange.run(clearMobileDevice, { Identity: phone }, { deadlineMs: 1_000 });
      await expect(late).rejects.toMatchObject({ code: 'exchange-timeout', reached: 'no' });
      expect(await hanging).toBe('gone');
      expect(other.fake.ledger()).toEqual([]);
    } finally {
      await other.close();
    }
  });
});

describe('no engine', () => {
  it('says so for every call, and lets nothing unhandled escape', async () => {
    const other = openWorld({ executable: '/nowhere/pwsh' });
    try {
      const calls = await Promise.allSettled(
        Array.from({ length: 5 }, () => other.exchange.run(getMailbox, { Identity: alice })),
      );
      for (const call of calls) {
        expect(call).toMatchObject({ status: 'rejected', reason: { code: 'exchange-away', reached: 'no' } });
      }
    } finally {
      await other.close();
    }
  });

  it('is told from a program that is no PowerShell', async () => {
    const other = openWorld({ executable: '/bin/true' });
    try {
      await expect(other.exchange.run(getMailbox, { Identity: alice })).rejects.toMatchObject({
        code: 'exchange-away',
        message: expect.stringContaining('did not come up'),
      });
    } finally {
      await other.close();
    }
  });
});
