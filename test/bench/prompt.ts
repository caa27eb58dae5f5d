import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type RunningProgram, startProgram } from '../setup/program.ts';
import { type BenchResult, rounded } from './result.ts';

const firstBar = 15;
const laterBar = 6;
const laterStarts = 3;

/**
 * From the start of the process to its first answer on the console (a line that waits in its input), which comes after the
 * prompt: on a bare data folder, where PostgreSQL is made first, and on one that is there.
 */
export async function benchPrompt(): Promise<BenchResult[]> {
  const data = mkdtempSync(join(tmpdir(), 'mislaid-bench-'));
  try {
    const first = await startAndStop(data);
    const later: number[] = [];
    for (let start = 0; start < laterStarts; start += 1) later.push(await startAndStop(data));
    const slowest = Math.max(...later);
    return [
      { name: 'first start', figures: { seconds: rounded(first) }, bar: `under ${firstBar} s`, pass: first < firstBar },
      {
        name: 'later starts',
        figures: { 'slowest seconds': rounded(slowest), 'fastest seconds': rounded(Math.min(...later)) },
        bar: `under ${laterBar} s`,
        pass: slowest < laterBar,
      },
    ];
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

async function startAndStop(data: string): Promise<number> {
  const began = performance.now();
  const bot = startBench(data);
  await answered(bot, 'Chat account');
  const seconds = (performance.now() - began) / 1000;
  const code = await bot.end('SIGTERM');
  if (code !== 0) throw new Error(`the bot ended with ${code}: ${bot.err()}`);
  return seconds;
}

/** The product as compiled beside this program, with a question waiting in its input. */
export function startBench(data: string): RunningProgram {
  const folder = process.cwd();
  const script = fileURLToPath(new URL('../../src/main.js', import.meta.url));
  const program = { folder, script, remove: () => {} };
  const bot = startProgram(program, { data, env: { MISLAID_POLICY: join(folder, 'policy.example.yaml') } });
  bot.say('hana> whoami');
  return bot;
}

/** Until one of these was said. */
export async function answered(bot: RunningProgram, what: string | readonly string[], seconds = 120): Promise<void> {
  const wanted = typeof what === 'string' ? [what] : what;
  const patience = performance.now() + seconds * 1000;
  while (!wanted.some((one) => bot.out().includes(one))) {
    if (performance.now() > patience) throw new Error(`no answer: ${bot.err()}`);
    await pause(5);
  }
}
