/**
 * One warm PowerShell session: a shell, its handshake, and one request at a time. Only a frame with the right nonce is an
 * answer; an exit with code 0, an empty answer or a closed pipe are failures. After any failure the session is of no use
 * any more, because nobody knows what the engine is doing: its whole process tree is killed.
 */
import { setTimeout as after, setImmediate as nextTurn } from 'node:timers/promises';
import type { Ids } from '../../ground/clock.ts';
import { Envelope } from './answer.ts';
import { type RequestBody, requestLiteral } from './request.ts';
import { helloLine, requestLine } from './script.ts';
import { type Shell, type ShellEnd, type ShellOptions, startShell } from './shell.ts';
import { killTree, treeMark } from './tree.ts';

export type Hello = {
  /** The engine's own `$PID`. */
  readonly pid: number;
  /** `7.6.9`, `5.1.19041.4648`. */
  readonly version: string;
  /** `Core`, `Desktop`. */
  readonly edition: string;
  /** `FullLanguage` is needed: base64 cannot be decoded in a constrained language. */
  readonly languageMode: string;
};

export type SessionFault =
  /** The executable is not there, or is not a PowerShell. */
  | 'not-started'
  | 'language-mode'
  /** The process ended. */
  | 'gone'
  | 'deadline'
  | 'aborted'
  /** The engine was ready again, and no frame with our nonce had come. */
  | 'no-frame'
  | 'bad-frame'
  | 'too-large';

export class PowershellSessionError extends Error {
  override readonly name = 'PowershellSessionError';
  readonly fault: SessionFault;
  /** false: the engine never received the request. */
  readonly sent: boolean;

  constructor(fault: SessionFault, message: string, sent: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.fault = fault;
    this.sent = sent;
  }
}

export type RequestOptions = { readonly deadlineMs: number; readonly signal?: AbortSignal };

export type PowershellSession = {
  readonly hello: Hello;
  /** performance.now() of the start. */
  readonly openedAt: number;
  /** Requests answered. */
  readonly calls: number;
  /** Bytes, as of the last answer. */
  readonly memory: number;
  readonly alive: boolean;
  /** Resolves when the process has ended, for whatever reason. */
  readonly gone: Promise<void>;
  /** Throws SessionError, after which the session is dead; ExchangeError when the request is refused unsent. */
  request(body: RequestBody, options: RequestOptions): Promise<Envelope>;
  /** Kills the tree; resolves when the process has ended. */
  kill(): Promise<void>;
};

export type PowershellSessionOptions = ShellOptions & {
  /** Line that defines `$Mislaid` (script.ts `bootLine`). */
  readonly boot: string;
  readonly ids: Ids;
  /** For the handshake. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
};

export async function startSession(options: PowershellSessionOptions): Promise<PowershellSession> {
  const mark = options.ids.token();
  const started = performance.now();
  const shell = start({ ...options, environment: { ...options.environment, [treeMark]: mark } });
  let enginePid: number | undefined;
  let calls = 0;
  let memory = 0;
  let busy = false;
  let dead = false;
  // One listener for the session's life: one a call would keep every call's answer until the end.
  let ended: ShellEnd | undefined;
  let onEnded: (end: ShellEnd) => void = () => undefined;

  async function kill(): Promise<void> {
    dead = true;
    // Where the spawned process has been reaped its number may be someone else's: then only the mark counts.
    const roots = shell.alive ? [shell.pid, enginePid].filter((pid) => pid !== undefined) : [];
    await killTree(roots, mark).catch(() => undefined);
    if (shell.pid !== undefined) await shell.ended;
  }

  async function ask(line: string, nonce: string, { deadlineMs, signal }: RequestOptions): Promise<string> {
    if (signal?.aborted) throw new PowershellSessionError('aborted', 'the call was given up', false, signal.reason);
    const settled = new AbortController();
    let answer: string | undefined;
    try {
      return await new Promise<string>((resolve, reject) => {
        // An answer that has come counts, whatever happens to the engine afterwards.
        const end = (fault: SessionFault, message: string, cause?: unknown) => {
          if (settled.signal.aborted) return;
          if (answer === undefined) return reject(new PowershellSessionError(fault, message, true, cause));
          void kill();
          resolve(answer);
        };
        shell.listen({
          onFrame: (content) => {
            if (content.startsWith(`${nonce} `)) answer ??= content.slice(nonce.length + 1);
          },
          onOverflow: () => end('too-large', 'PowerShell wrote more than 4 MB in one call'),
        });
        onEnded = ({ error, signal: by, code }) => {
          const how = error?.message ?? `with ${by ?? `exit code ${code ?? 'none'}`}`;
          end('gone', `the PowerShell process ended ${how}`, error);
        };
        if (ended !== undefined) onEnded(ended);
        after(deadlineMs, undefined, { signal: settled.signal }).then(
          () => end('deadline', `PowerShell did not answer within ${deadlineMs} ms`),
          () => undefined,
        );
        signal?.addEventListener('abort', () => end('aborted', 'the call was given up', signal.reason), {
          signal: settled.signal,
        });
        // The engine is ready for the next line only now; before, two calls would mix.
        void shell.invoke(line).then(() => {
          if (answer === undefined) end('no-frame', 'PowerShell finished without an answer');
          else resolve(answer);
        });
      });
    } finally {
      settled.abort();
      onEnded = () => undefined;
      shell.listen({ onFrame: () => undefined, onOverflow: () => undefined });
    }
  }

  async function exchange(line: string, nonce: string, options: RequestOptions): Promise<string> {
    if (!shell.alive || dead) throw new PowershellSessionError('gone', 'the PowerShell process has ended', false);
    if (busy) throw new PowershellSessionError('gone', 'the session is busy: one call at a time', false);
    busy = true;
    try {
      return await ask(line, nonce, options);
    } catch (error) {
      void kill();
      throw error;
    } finally {
      busy = false;
    }
  }

  async function request(body: RequestBody, requestOptions: RequestOptions): Promise<Envelope> {
    const nonce = options.ids.token();
    const line = requestLine(body.op, requestLiteral(nonce, body));
    const content = await exchange(line, nonce, requestOptions);
    const envelope = await parseEnvelope(content, nonce);
    if (envelope === undefined) {
      void kill();
      throw new PowershellSessionError('bad-frame', 'the frame of the answer holds no envelope', true);
    }
    calls += 1;
    memory = envelope.memory;
    return envelope;
  }

  void shell.ended.then((end) => {
    ended = end;
    onEnded(end);
    // What the engine had started may outlive it.
    return kill();
  });

  const hello = await shake().catch(async (error: unknown) => {
    await kill();
    throw error;
  });

  async function shake(): Promise<Hello> {
    const nonce = options.ids.token().slice(0, 8);
    const found = await exchange(helloLine(nonce), nonce, options).catch((error: unknown) => {
      throw new PowershellSessionError('not-started', notStarted(options.executable, shell), false, error);
    });
    const [pid, version, edition, languageMode] = found.split(/\s+/);
    if (pid === undefined || version === undefined || edition === undefined || languageMode === undefined) {
      throw new PowershellSessionError('not-started', `${options.executable} is not a PowerShell`, false);
    }
    if (languageMode !== 'FullLanguage') {
      const remedy = 'take the bot out of the AppLocker or WDAC policy that constrains it';
      throw new PowershellSessionError(
        'language-mode',
        `PowerShell runs in ${languageMode}, which cannot decode a request: ${remedy}`,
        false,
      );
    }
    enginePid = Number(pid);
    const booted = options.ids.token();
    await exchange(
      `try { ${options.boot}; '<mislaid ${booted} ready>' } catch { [Console]::Error.WriteLine($_) }`,
      booted,
      options,
    );
    return { pid: enginePid, version, edition, languageMode };
  }

  return {
    hello,
    openedAt: started,
    get calls() {
      return calls;
    },
    get memory() {
      return memory;
    },
    get alive() {
      return shell.alive && !dead;
    },
    gone: shell.ended.then(() => undefined),
    request,
    kill,
  };
}

function start(options: ShellOptions): Shell {
  try {
    return startShell(options);
  } catch (error) {
    throw new PowershellSessionError('not-started', `${options.executable} cannot be started`, false, error);
  }
}

function notStarted(executable: string, shell: Shell): string {
  const complaint = shell.complaint().trim().split('\n')[0] ?? '';
  return `PowerShell (${executable}) did not come up${complaint === '' ? '' : `: ${complaint.slice(0, 300)}`}`;
}

/** A large answer is decoded and parsed in two turns of the event loop: 3 MB take some 20 ms in each. */
async function parseEnvelope(content: string, nonce: string): Promise<Envelope | undefined> {
  const text = Buffer.from(content, 'base64').toString('utf8');
  if (text.length > 500_000) await nextTurn();
  try {
    const parsed = Envelope.safeParse(JSON.parse(text));
    return parsed.success && parsed.data.nonce === nonce ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
