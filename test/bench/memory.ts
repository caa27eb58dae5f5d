import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { answered, startBench } from './prompt.ts';
import { type BenchResult, quantile, rounded } from './result.ts';

const bar = 200;
const samples = 20;

/**
 * Resident memory (VmRSS of Linux) of the bot's own process with the console alone, every second for 20 s after an incident was
 * opened and its phones were read. PostgreSQL's processes are not counted.
 */
export async function benchMemory(): Promise<BenchResult[]> {
  const data = mkdtempSync(join(tmpdir(), 'mislaid-bench-'));
  const bot = startBench(data);
  try {
    bot.say('hana #helpdesk> lost device alice.ng');
    await answered(bot, 'Which phone is lost?');
    const sizes: number[] = [];
    for (let sample = 0; sample < samples; sample += 1) {
      sizes.push(megabytes(bot.pid, 'VmRSS'));
      await pause(1000);
    }
    const most = Math.max(...sizes);
    return [
      {
        name: 'memory with the console alone',
        figures: {
          'median MB': rounded(quantile(sizes, 0.5)),
          'most MB': rounded(most),
          'peak since the start MB': rounded(megabytes(bot.pid, 'VmHWM')),
        },
        bar: `under ${bar} MB`,
        pass: most < bar,
      },
    ];
  } finally {
    await bot.end('SIGTERM');
    rmSync(data, { recursive: true, force: true });
  }
}

/** One line of proc(5) status, in megabytes of a million bytes. */
export function megabytes(pid: number, line: string): number {
  const kibibytes = new RegExp(`^${line}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kibibytes) * 1024) / 1e6;
}
