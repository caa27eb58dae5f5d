/** In which order calls get the sessions, without an engine: each session answers when the test says so. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Envelope } from '../../../src/exchange/powershell/answer.ts';
import type { ConnectedSession } from '../../../src/exchange/powershell/open-session.ts';
import { createPool, type PowershellPool } from '../../../src/exchange/powershell/pool.ts';
import { eventually } from '../../setup/eventually.ts';

const answer: Envelope = { nonce: '', ok: true, rows: [], more: 0, error: null, warnings: [], memory: 0 };

/** What the sessions are at now, in the order of sending; each is ended by the test. */
let sent: { label: string; end(): void }[] = [];
let labels = new Map<number, string>();
let pool: PowershellPool;

function openPool(size: number): void {
  sent = [];
  labels = new Map();
  pool = createPool({
    size,
    graceMs: 0,
    log: { info: () => undefined, warn: () => undefined },
    open: async () => {
      const hello = { pid: 1, version: '7.6', edition: 'Core', languageMode: 'FullLanguage' };
      return {
        hello,
        capabilities: {
          version: 'SE',
          accountOnly: true,
          reportsWipes: true,
          cmdlets: {},
          simulation: true,
        },
        modules: [],
        now: new Date(0),
        session: {
          hello,
          openedAt: performance.now(),
          calls: 10,
          memory: 0,
          alive: true,
          gone: new Promise<void>(() => undefined),
          kill: async () => undefined,
          request: (_body, { deadlineMs }) => {
            const label = labels.get(Math.round(deadlineMs / 1_000_000));
            if (label === undefined) return Promise.resolve(answer);
            return new Promise((resolve) => {
              const one = {
                label,
                end: () => {
                  sent.splice(sent.indexOf(one), 1);
                  resolve(answer);
                },
              };
              sent.push(one);
            });
          },
        },
      } satisfies ConnectedSession;
    },
  });
}

/** Its deadline is its name, as far as a session can tell. */
function call(label: string, inBackground = false): void {
  const number = labels.size + 1;
  labels.set(number, label);
  const request = {
    body: { op: 'ping' as const },
    label,
    effect: 'read' as const,
    deadlineMs: number * 1_000_000,
    sent: [],
  };
  void pool.run(inBackground ? { ...request, inBackground } : request).catch(() => undefined);
}

const running = () => sent.map(({ label }) => label);
async function end(label: string): Promise<void> {
  await eventually(() => expect(running()).toContain(label));
  sent.find((one) => one.label === label)?.end();
}

beforeEach(() => openPool(2));
afterEach(() => pool.close());

describe('sessions', () => {
  it('are left in part to what somebody waits for, however much runs in the background', async () => {
    for (let n = 0; n < 200; n += 1) call(`round ${n}`, true);
    await eventually(() => expect(running()).toEqual(['round 0']));

    call('phones of Alice');

    await eventually(() => expect(running()).toEqual(['round 0', 'phones of Alice']));
  });

  it('go to what somebody waits for before what waits in the background', async () => {
    for (let n = 0; n < 5; n += 1) call(`round ${n}`, true);
    await eventually(() => expect(running()).toEqual(['round 0']));
    for (const name of ['Alice', 'Bob', 'Carol']) call(name);
    await eventually(() => expect(running()).toEqual(['round 0', 'Alice']));

    await end('round 0');
    await eventually(() => expect(running()).toEqual(['Alice', 'Bob']));
    await end('Alice');
    await eventually(() => expect(running()).toEqual(['Bob', 'Carol']));
    await end('Bob');
    await eventually(() => expect(running()).toEqual(['Carol', 'round 1']));
  });

  it('serve the background, one at a time, where there is only one', async () => {
    await pool.close();
    openPool(1);
    for (let n = 0; n < 3; n += 1) call(`round ${n}`, true);

    for (let n = 0; n < 3; n += 1) {
      await eventually(() => expect(running()).toEqual([`round ${n}`]));
      await end(`round ${n}`);
    }
  });
});
