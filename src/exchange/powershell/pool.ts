/**
 * The queue before the sessions: one call a session, in order, and every call settles. What nobody waits for goes behind all else, and
 * leaves one of several sessions free. A deadline covers waiting and working; a `change` or `destroy` that has not been sent by half of it
 * is not sent any more. A `read` whose session fails runs once more on another one; whatever can change something never runs twice: the
 * caller reconciles.
 */
import { type Capabilities, type Effect, ExchangeError, type ExchangeErrorCode, type Reached } from '../port.ts';
import { CmdletFailure, LostRow, type RowPages } from '../transport.ts';
import { type Envelope, errorOf, LostAnswer, reachedBy, userMessageOf } from './answer.ts';
import type { ConnectedSession } from './open-session.ts';
import type { RequestBody } from './request.ts';
import { PowershellSessionError, type RequestOptions } from './session.ts';
import { createWarmSessions, type SessionLog, type WarmSession } from './warm-sessions.ts';

export type PoolOptions = {
  readonly open: (signal: AbortSignal) => Promise<ConnectedSession>;
  /** Warm sessions. Exchange Online bears 3 in parallel, on-prem 18 per account. */
  readonly size: number;
  readonly log: SessionLog;
  /** Default: 2,000 calls, 30 minutes, 600 MB. A young engine is slower: its code is compiled as it runs. */
  readonly recycle?: { readonly calls: number; readonly ageMs: number; readonly bytes: number };
  /** Between attempts to connect; default 1 s doubling to 60 s. */
  readonly backOff?: { readonly firstMs: number; readonly mostMs: number };
  /** After "busy"; default 5 s doubling to 120 s. */
  readonly throttle?: { readonly firstMs: number; readonly mostMs: number };
  /** Idle sessions are asked whether their connection stands; default every 60 s. */
  readonly probeMs?: number;
  /** How long `close` waits for calls that run; default 10 s. */
  readonly graceMs?: number;
};

export type PoolRequest = {
  readonly body: RequestBody;
  /** For messages: the cmdlet's name. */
  readonly label: string;
  readonly effect: Effect;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  readonly inBackground?: true;
  /** Texts of the request, taken out of Exchange's messages. */
  readonly sent: readonly string[];
  /** Takes the rows as they come; without it they are answered. */
  readonly pages?: RowPages;
};

export type PowershellPool = {
  /** Connects the sessions ahead of the first call. */
  warm(): void;
  /** Throws ExchangeError, or CmdletFailure with Exchange's own answer. */
  run(request: PoolRequest): Promise<readonly unknown[]>;
  capabilities(): Promise<Capabilities>;
  /** The newest connected session, for doctor; connects if there is none. */
  connected(): Promise<ConnectedSession>;
  /** Asks every idle session whether its connection stands, and replaces those where it does not. */
  probe(): Promise<void>;
  /** Calls that wait, and sessions that stand. */
  stats(): { readonly waiting: number; readonly sessions: number; readonly throttledMs: number };
  close(): Promise<void>;
};

/** Characters of all pages of one answer: some 50,000 mailboxes. */
const wholeAnswerLimit = 64_000_000;

type Task = PoolRequest & {
  readonly enqueuedAt: number;
  readonly resolve: (rows: readonly unknown[]) => void;
  readonly reject: (error: Error) => void;
  attempts: number;
  settled: boolean;
  running: boolean;
};

export function createPool(options: PoolOptions): PowershellPool {
  const throttle = options.throttle ?? { firstMs: 5_000, mostMs: 120_000 };
  const queue: Task[] = [];
  const running = new Set<Promise<void>>();
  /** How many calls in the background run: one session is left to what somebody waits for. */
  let inBackground = 0;
  let closing = false;
  let throttles = 0;
  let quietUntil = 0;
  let wake: NodeJS.Timeout | undefined;

  const members = createWarmSessions({
    open: options.open,
    size: options.size,
    recycle: options.recycle ?? { calls: 2_000, ageMs: 30 * 60_000, bytes: 600_000_000 },
    backOff: options.backOff ?? { firstMs: 1_000, mostMs: 60_000 },
    onReady: dispatch,
    onAway: (error) => {
      for (const task of queue.splice(0)) task.reject(away(task, error));
    },
    log: options.log,
  });
  const prober = setInterval(() => void probe(), options.probeMs ?? 60_000);
  prober.unref();

  function run(request: PoolRequest): Promise<readonly unknown[]> {
    return new Promise((resolvePlain, rejectPlain) => {
      const settle = () => {
        task.settled = true;
        clearTimeout(timer);
        request.signal?.removeEventListener('abort', giveUp);
        const at = queue.indexOf(task);
        if (at >= 0) queue.splice(at, 1);
      };
      const task: Task = {
        ...request,
        enqueuedAt: performance.now(),
        attempts: 0,
        settled: false,
        running: false,
        resolve: (rows) => {
          settle();
          resolvePlain(rows);
        },
        reject: (error) => {
          settle();
          rejectPlain(error);
        },
      };
      // Before it is sent the pool keeps the time, afterwards the session does.
      const waitMs = request.effect === 'read' ? request.deadlineMs : request.deadlineMs / 2;
      const timer = setTimeout(() => {
        if (!task.running) task.reject(notSent(task, 'no session became free in time'));
      }, waitMs);
      const giveUp = () => {
        if (!task.running) task.reject(notSent(task, 'it was given up'));
      };
      request.signal?.addEventListener('abort', giveUp);
      if (closing) return task.reject(away(task, new Error('the pool is closed')));
      if (request.signal?.aborted) return giveUp();
      queue.push(task);
      members.start();
      dispatch();
    });
  }

  function dispatch(): void {
    if (closing || queue.length === 0) return;
    const quiet = quietUntil - performance.now();
    if (quiet > 0) {
      wake ??= setTimeout(() => {
        wake = undefined;
        dispatch();
      }, quiet);
      return;
    }
    while (queue.length > 0) {
      const task = nextTask();
      const member = task === undefined ? undefined : members.take();
      if (task === undefined || member === undefined) return;
      queue.splice(queue.indexOf(task), 1);
      if (task.inBackground) inBackground += 1;
      const work = runOn(member, task).finally(() => {
        if (task.inBackground) inBackground -= 1;
        running.delete(work);
        dispatch();
      });
      running.add(work);
    }
  }

  function nextTask(): Task | undefined {
    const mayRun = inBackground < Math.max(1, options.size - 1);
    return queue.find((task) => task.inBackground !== true) ?? (mayRun ? queue[0] : undefined);
  }

  async function runOn(member: WarmSession, task: Task): Promise<void> {
    task.running = true;
    task.attempts += 1;
    const requestOptions: RequestOptions = {
      deadlineMs: Math.max(1, Math.round(task.enqueuedAt + task.deadlineMs - performance.now())),
      ...(task.signal === undefined ? {} : { signal: task.signal }),
    };
    let failure: Error;
    try {
      const rows = await allRows(member, task, requestOptions);
      throttles = 0;
      members.release(member);
      return task.resolve(rows);
    } catch (error) {
      failure = meant(error, task);
    }
    const code = failure instanceof ExchangeError ? failure.code : undefined;
    const patient = code === 'exchange-throttled' || task.attempts < 2;
    const wanted = !closing && !(task.signal?.aborted ?? false);
    const again = task.effect === 'read' && patient && wanted && retried(code);
    // What is not sent again may be told at once; releasing can start the next call.
    if (again) {
      task.running = false;
      queue.unshift(task);
    } else {
      task.reject(failure);
    }
    if (failure instanceof ExchangeError && code === 'exchange-throttled') beQuiet(failure.retryAfterMs ?? 0);
    if (code === 'exchange-away' || !member.connected.session.alive) members.discard(member);
    else members.release(member);
    dispatch();
  }

  async function allRows(member: WarmSession, task: Task, requestOptions: RequestOptions): Promise<readonly unknown[]> {
    const { session } = member.connected;
    const started = performance.now();
    const answered = (envelope: Envelope): Envelope => {
      if (envelope.error !== null) throw errorOf(envelope.error, task.label, task.effect, task.sent);
      return envelope;
    };
    const rows: unknown[] = [];
    const lostOr = (row: unknown): unknown => {
      const lost = LostAnswer.safeParse(row);
      if (!lost.success) return row;
      const failure = errorOf(lost.data.MislaidLost, task.label, task.effect, task.sent);
      if (failure instanceof ExchangeError) throw failure;
      return new LostRow(failure);
    };
    const pages = task.pages ?? { begin: () => {}, take: async (page: readonly unknown[]) => void rows.push(...page) };
    pages.begin();
    let envelope = answered(await session.request(task.body, requestOptions));
    await pages.take(envelope.rows.map(lostOr));
    let size = 0;
    while (envelope.more > 0) {
      const deadlineMs = Math.max(1, Math.round(started + requestOptions.deadlineMs - performance.now()));
      envelope = answered(await session.request({ op: 'more' }, { ...requestOptions, deadlineMs }));
      await pages.take(envelope.rows.map(lostOr));
      size += JSON.stringify(envelope.rows[0] ?? '').length * envelope.rows.length;
      if (size > wholeAnswerLimit) {
        throw errorFrom(task, 'exchange-bad-answer', `more than ${wholeAnswerLimit} characters of rows`);
      }
    }
    return rows;
  }

  /** Waits out what Exchange asked to wait, at least so long as it said: all calls, because the budget is the account's. */
  function beQuiet(askedMs: number): void {
    throttles += 1;
    const waitMs = Math.max(askedMs, Math.min(throttle.mostMs, throttle.firstMs * 2 ** (throttles - 1)));
    quietUntil = performance.now() + waitMs;
    options.log.warn({ waitMs }, 'Exchange is throttling the account');
    for (const task of [...queue]) {
      const left = task.enqueuedAt + task.deadlineMs - performance.now();
      if (left < waitMs)
        task.reject(errorFrom(task, 'exchange-throttled', 'Exchange asks to wait longer than the call may', 'no'));
    }
  }

  async function probe(): Promise<void> {
    const idle = members.idle().length;
    const probes = Array.from({ length: idle }, async () => {
      const member = members.take();
      if (member === undefined) return;
      const sound = await member.connected.session
        .request({ op: 'ping' }, { deadlineMs: 30_000 })
        .then((answer) => answer.ok && answer.rows[0] === true)
        .catch(() => false);
      if (sound) members.release(member);
      else members.discard(member);
    });
    await Promise.all(probes);
  }

  async function connected(): Promise<ConnectedSession> {
    const known = members.last();
    if (known !== undefined) return known;
    await run({ body: { op: 'ping' }, label: 'connecting', effect: 'read', deadlineMs: 180_000, sent: [] });
    return members.last() ?? Promise.reject(new Error('a session answered that is not there'));
  }

  async function close(): Promise<void> {
    closing = true;
    clearInterval(prober);
    clearTimeout(wake);
    for (const task of queue.splice(0)) task.reject(away(task, new Error('the pool is closing')));
    const grace = new AbortController();
    await Promise.race([
      Promise.allSettled([...running]),
      new Promise((resolve) => {
        const timer = setTimeout(resolve, options.graceMs ?? 10_000);
        grace.signal.addEventListener('abort', () => clearTimeout(timer));
      }),
    ]);
    grace.abort();
    await members.close();
  }

  return {
    warm: () => members.start(),
    run,
    capabilities: async () => (await connected()).capabilities,
    connected,
    probe,
    stats: () => ({
      waiting: queue.length,
      sessions: members.size,
      throttledMs: Math.max(0, Math.round(quietUntil - performance.now())),
    }),
    close,
  };
}

/** A read is repeated where another session, or a little patience, can help. */
function retried(code: ExchangeErrorCode | undefined): boolean {
  return code === 'exchange-away' || code === 'exchange-bad-answer' || code === 'exchange-throttled';
}

function meant(error: unknown, task: Task): Error {
  if (error instanceof ExchangeError || error instanceof CmdletFailure) return error;
  if (!(error instanceof PowershellSessionError))
    return errorFrom(task, 'exchange-bad-answer', String(error), undefined, error);
  const reached = error.sent ? reachedBy(task.effect) : 'no';
  switch (error.fault) {
    case 'deadline':
    case 'aborted':
      return errorFrom(task, 'exchange-timeout', error.message, reached, error);
    case 'not-started':
    case 'language-mode':
    case 'gone':
      return errorFrom(task, 'exchange-away', error.message, reached, error);
    case 'no-frame':
    case 'bad-frame':
    case 'too-large':
      return errorFrom(task, 'exchange-bad-answer', error.message, reached, error);
  }
}

function away(task: PoolRequest, cause: unknown): ExchangeError {
  const why = cause instanceof Error ? cause.message : 'there is no session';
  return errorFrom(task, 'exchange-away', why, 'no', cause);
}

function notSent(task: PoolRequest, why: string): ExchangeError {
  return errorFrom(task, 'exchange-timeout', `not sent: ${why}`, 'no');
}

function errorFrom(
  task: PoolRequest,
  code: ExchangeErrorCode,
  why: string,
  reached: Reached = reachedBy(task.effect),
  cause?: unknown,
): ExchangeError {
  return new ExchangeError({
    code,
    reached,
    message: `${task.label}: ${why}`,
    userMessage: userMessageOf(code, task.label),
    ...(cause === undefined ? {} : { cause }),
  });
}
