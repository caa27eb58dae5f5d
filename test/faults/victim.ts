/** Processes of the bot (process.ts) as whoever kills them sees them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { FaultProcess } from './process.ts';

const script = fileURLToPath(new URL('./process.js', import.meta.url));

export type Victim = {
  readonly process: ChildProcess;
  /** false: it ended before it worked. */
  readonly ready: Promise<boolean>;
  /** Where it was struck. */
  struck(): string | undefined;
  lives(): boolean;
  kill(): Promise<void>;
};

export function startVictim(input: FaultProcess): Victim {
  const child = spawn(process.execPath, [script, JSON.stringify(input)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  const ready = new Promise<boolean>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (out.includes('ready\n')) resolve(true);
    });
    child.once('exit', () => resolve(false));
  });
  /** It is gone, and all that it said was heard. */
  const closed = new Promise<true>((resolve) => child.once('close', () => resolve(true)));
  return {
    process: child,
    ready,
    struck: () => /struck (.*)\n/.exec(out)?.[1],
    lives: () => child.exitCode === null && child.signalCode === null,
    kill: async () => {
      child.kill('SIGKILL');
      await Promise.race([closed, pause(10_000, undefined, { ref: false })]);
    },
  };
}
