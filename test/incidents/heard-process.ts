/** Two whole bots in processes of their own, and people who speak to the one and the other by turns. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Incoming, Receipt } from '../../src/chat/port.ts';
import type { Answer } from '../../src/message/model.ts';
import { type FakeAdapter, fakeAdapter } from '../fakes/adapter.ts';

const root = join(import.meta.dirname, '../..');
const Line = z.object({ id: z.number(), receipt: z.record(z.string(), z.unknown()) });

export type HeardProcess = { say(incoming: Incoming): Promise<Receipt>; errors(): string; stop(): Promise<void> };

/** Starts trust-process.ts as one that does everything and listens. */
export async function startHeard(input: {
  script: string;
  policy: string;
  databaseUrl: string;
  redisUrl: string;
}): Promise<HeardProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'mislaid-heard-'));
  const policyFile = join(folder, 'policy.yaml');
  writeFileSync(policyFile, input.policy);
  const child: ChildProcess = spawn(process.execPath, [input.script, 'all', 'none', policyFile], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: input.databaseUrl,
      REDIS_URL: input.redisUrl,
      MISLAID_ROLE: 'all',
      MISLAID_DATA: folder,
      MISLAID_EXCHANGE: 'lab',
      LAB_SPEED: '60',
      ADMIN_PORT: '0',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const waiting = new Map<number, (receipt: Receipt) => void>();
  let said = 0;
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`the bot ended:\n${errors}`)));
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'ready') return resolve();
      const { id, receipt } = Line.parse(JSON.parse(line));
      waiting.get(id)?.(receiptOf(receipt));
      waiting.delete(id);
    });
  });
  return {
    errors: () => errors,
    say: (incoming) =>
      new Promise((resolve) => {
        said += 1;
        waiting.set(said, resolve);
        child.stdin?.write(`${JSON.stringify({ id: said, incoming })}\n`);
      }),
    stop: async () => {
      const gone = once(child, 'exit');
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      else return;
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What the process wrote of its receipt, in which the answer has come already. */
function receiptOf(written: Record<string, unknown>): Receipt {
  const { kind, answer, userMessage } = written;
  if (kind === 'stored') return { kind, answer: Promise.resolve(answer as Answer) };
  return kind === 'duplicate' ? { kind } : { kind: 'not-stored', userMessage: String(userMessage) };
}

/** A chat in which one sentence goes to the first process and the next to the other. */
export function byTurns(processes: readonly [HeardProcess, HeardProcess]): FakeAdapter {
  let turn = 0;
  return {
    ...fakeAdapter(),
    say: (incoming) => {
      turn += 1;
      return processes[turn % 2 === 0 ? 0 : 1].say(incoming);
    },
  };
}
