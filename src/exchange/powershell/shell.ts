/**
 * One shell of node-powershell 5.0.1, with what it lacks (measured, see the comments): its argv and environment are
 * fixed, its streams are bounded, its history is emptied, and nothing it does can become an unhandled rejection.
 * Its converters and its template tag are never used: both can be made to run what they quote.
 */
import { ChildProcess } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { PowerShell } from 'node-powershell';
import { MislaidError } from '../../ground/errors.ts';
import { createFrames } from './frames.ts';

/** Characters of one answer, noise included; a whole answer (script.ts' limit in base64) fits. */
export const outputCap = 4_000_000;

export type ShellEnd = { readonly code: number | null; readonly signal: string | null; readonly error?: Error };

export type Shell = {
  /** Process id of what was spawned: the engine itself, or a wrapper around it. Undefined when nothing could be started. */
  readonly pid: number | undefined;
  readonly alive: boolean;
  readonly ended: Promise<ShellEnd>;
  /** Sends one line; resolves when the engine is ready for the next. Never rejects, and never settles once the process has gone. */
  invoke(line: string): Promise<void>;
  /** Receives every frame and, once a call, an output over the cap. */
  listen(listener: ShellListener): void;
  /** The last of what the engine wrote to stderr, for errors of the start. */
  complaint(): string;
};

export type ShellListener = { onFrame(content: string): void; onOverflow(): void };

export type ShellOptions = {
  readonly executable: string;
  readonly environment: Record<string, string>;
};

/**
 * Windows clients forbid all scripts by default, an init script and Online's module among them. For this process only, and only so far
 * that what came from elsewhere must be signed; a group policy has the last word.
 */
export function engineOptions(platform: NodeJS.Platform): Record<string, string | boolean> {
  return {
    '-NoProfile': true,
    '-NonInteractive': true,
    ...(platform === 'win32' ? { '-ExecutionPolicy': 'RemoteSigned' } : {}),
  };
}

class BoundedPowerShell extends PowerShell {
  // NODE_POWERSHELL would win over the executable that was configured.
  protected override setExecutable({ executable }: { executable?: string }): string {
    return executable ?? 'pwsh';
  }
}

export function startShell({ executable, environment }: ShellOptions): Shell {
  const shell = new BoundedPowerShell({
    executable,
    executableOptions: engineOptions(process.platform),
    spawnOptions: { env: environment, windowsHide: true },
    throwOnInvocationError: false,
  });
  // Before anything can happen: an idle shell that dies, or a missing executable, rejects this promise and nobody else holds it.
  const exit: unknown = Reflect.get(shell, 'exitPromise');
  if (exit instanceof Promise) exit.catch(() => undefined);
  const child: unknown = Reflect.get(shell, 'process');
  if (!(child instanceof ChildProcess) || child.stdout === null || child.stderr === null || child.stdin === null) {
    throw new MislaidError({
      code: 'powershell-start',
      message: 'node-powershell holds no process: an unknown version?',
      userMessage: 'PowerShell could not be started.',
    });
  }
  const { stdin, stdout, stderr } = child;
  // A closed pipe is told by `ended`; child-shell listens for the first such error only.
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined);

  let alive = true;
  let invoking = false;
  let over = false;
  let complaint = '';
  let listener: ShellListener = { onFrame: () => undefined, onOverflow: () => undefined };
  const ended = new Promise<ShellEnd>((resolve) => {
    child.once('error', (error) => finish({ code: null, signal: null, error }));
    // `close` comes after the last output has been read; a helper that outlives the engine and holds the pipe would keep it away.
    child.once('close', (code, signal) => finish({ code, signal }));
    child.once('exit', (code, signal) => setTimeout(finish, 250, { code, signal }));
    function finish(end: ShellEnd): void {
      alive = false;
      resolve(end);
    }
  });

  // child-shell collects whatever these two carry; they get what is not a frame, and only during a call.
  const rest = new PassThrough();
  const complaints = new PassThrough();
  shell.streams.stdout = rest;
  shell.streams.stderr = complaints;
  stderr.unpipe();

  const frames = createFrames((content) => listener.onFrame(content));
  let complained = 0;
  stdout.on('data', (chunk: unknown) => {
    const text = frames.push(String(chunk));
    if (over || overflowed(frames.size)) return;
    if (invoking && text !== '') rest.write(text);
  });
  stderr.on('data', (chunk: unknown) => {
    const text = String(chunk);
    complained += text.length;
    complaint = (complaint + text).slice(-2_000);
    if (over || overflowed(complained)) return;
    if (invoking) complaints.write(text);
  });
  stdout.resume();
  stderr.resume();

  function overflowed(size: number): boolean {
    if (size <= outputCap) return false;
    over = true;
    stdout.destroy();
    stderr.destroy();
    listener.onOverflow();
    return true;
  }

  async function invoke(line: string): Promise<void> {
    frames.reset();
    complained = 0;
    invoking = true;
    try {
      await shell.invoke(line);
    } catch {
      // Whatever it is, the process has gone or goes: `ended` tells.
      await ended;
    } finally {
      invoking = false;
      shell.history.length = 0;
    }
    if (!alive) await new Promise(() => undefined);
  }

  return {
    pid: child.pid,
    get alive() {
      return alive && child.exitCode === null && child.signalCode === null;
    },
    ended,
    invoke,
    listen: (next) => {
      listener = next;
    },
    complaint: () => complaint,
  };
}
