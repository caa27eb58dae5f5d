import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Order } from './child.ts';

/** A process that has loaded the libraries, and is a bot once it was told to go. */
export type Bot = {
  /** Loads the bot's own files already; what is saved later, it does not see. */
  load(): void;
  go(): void;
  /** It said that it is ready. */
  readonly ready: Promise<void>;
  /** Its exit code; by a signal, 1. */
  readonly ended: Promise<number>;
  print(text: string): void;
  /** In order, as far as that takes no longer than this: what a killed bot leaves undone, the next one goes on with. */
  stop(patienceMs: number): Promise<void>;
};

export function openBot(input: { top: string; args: readonly string[]; env: NodeJS.ProcessEnv }): Bot {
  const { top, args, env } = input;
  const child: ChildProcess = spawn(
    process.execPath,
    ['--enable-source-maps', join(top, '.dev/scripts/dev/child.js'), ...args],
    { cwd: top, env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] },
  );
  const ended = new Promise<number>((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
  const ready = new Promise<void>((resolve) => {
    child.on('message', (message) => {
      if (message === 'ready') resolve();
    });
  });

  function tell(order: Order): void {
    // One that is just ending hears nothing any more.
    if (child.connected) child.send(order, () => {});
  }

  return {
    load: () => tell({ kind: 'load' }),
    go: () => tell({ kind: 'go' }),
    ready,
    ended,
    print: (text) => tell({ kind: 'print', text }),
    stop: async (patienceMs) => {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => kill(child), patienceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function kill(child: ChildProcess): void {
  child.kill('SIGKILL');
  // It had no time to give the terminal back as it was.
  if (process.stdin.isTTY) spawnSync('stty', ['sane'], { stdio: 'inherit' });
}
