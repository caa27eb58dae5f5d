/**
 * Keeps the pool's sessions: so many connected ones, replaced when they die, are of age, or have grown; opened again with
 * back-off while the engine or Exchange is away. What runs on them is pool.ts' matter.
 */
import { hostError } from '../../ground/errors.ts';
import type { ConnectedSession } from './open-session.ts';

/** The log that pool and members write to; no arguments of calls, no answers. */
export type SessionLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
};

export type WarmSession = {
  readonly connected: ConnectedSession;
  busy: boolean;
  /** A replacement is due: served until it stands. */
  stale: boolean;
  /** performance.now() of the last answer. */
  usedAt: number;
};

export type MembersOptions = {
  /** Aborted when the pool closes. */
  readonly open: (signal: AbortSignal) => Promise<ConnectedSession>;
  readonly size: number;
  readonly recycle: { readonly calls: number; readonly ageMs: number; readonly bytes: number };
  readonly backOff: { readonly firstMs: number; readonly mostMs: number };
  /** A session is ready for work. */
  readonly onReady: () => void;
  /** An attempt failed and no session is left or coming. */
  readonly onAway: (error: unknown) => void;
  readonly log: SessionLog;
};

export type WarmSessions = {
  /** Opens what is missing; called again it does nothing more. */
  start(): void;
  /** The longest idle session, marked busy. */
  take(): WarmSession | undefined;
  /** Gives a session back: idle again, or retired when it is dead or of age. */
  release(member: WarmSession): void;
  /** Ends a session and replaces it. */
  discard(member: WarmSession): void;
  idle(): readonly WarmSession[];
  readonly size: number;
  /** The newest session's, also after it has gone; undefined until one was connected. */
  last(): ConnectedSession | undefined;
  close(): Promise<void>;
};

/** A session that ends this soon counts as a failed attempt, or a crashing engine would be started in a tight loop. */
const tooShortMs = 5_000;

export function createWarmSessions(options: MembersOptions): WarmSessions {
  const { recycle, backOff, log } = options;
  const members = new Set<WarmSession>();
  const ending = new Set<Promise<void>>();
  let opening = 0;
  let failures = 0;
  let notBefore = 0;
  let retry: NodeJS.Timeout | undefined;
  let started = false;
  let closed = false;
  let last: ConnectedSession | undefined;
  const closing = new AbortController();

  function maintain(): void {
    if (!started || closed) return;
    const fresh = [...members].filter((member) => !member.stale).length;
    // One over the size for a moment: a stale session serves until its replacement stands.
    const room = Math.min(options.size - fresh, options.size + 1 - members.size) - opening;
    if (room <= 0) return;
    const wait = notBefore - performance.now();
    if (wait > 0) {
      retry ??= setTimeout(() => {
        retry = undefined;
        maintain();
      }, wait);
      return;
    }
    // While attempts fail, one at a time is enough.
    for (let count = failures > 0 ? Math.min(room, opening > 0 ? 0 : 1) : room; count > 0; count -= 1) track(openOne());
  }

  async function openOne(): Promise<void> {
    opening += 1;
    try {
      const connected = await options.open(closing.signal);
      opening -= 1;
      add(connected);
    } catch (error) {
      opening -= 1;
      failed(error);
    }
  }

  function add(connected: ConnectedSession): void {
    if (closed) {
      end(connected);
      return;
    }
    last = connected;
    const member: WarmSession = { connected, busy: false, stale: false, usedAt: performance.now() };
    members.add(member);
    const { pid, version } = connected.hello;
    log.info({ pid, version, exchange: connected.capabilities.version }, 'PowerShell session connected');
    void connected.session.gone.then(() => {
      if (!members.has(member) || member.busy) return;
      members.delete(member);
      lost(member, 'ended by itself');
    });
    if (!connected.session.alive) return;
    failures = 0;
    for (const old of members) if (old.stale && !old.busy && members.size > options.size) retire(old);
    options.onReady();
    maintain();
  }

  function failed(error: unknown): void {
    if (closed) return;
    failures += 1;
    const waitMs = Math.min(backOff.mostMs, backOff.firstMs * 2 ** (failures - 1));
    notBefore = performance.now() + waitMs;
    log.warn({ err: error, failures, waitMs }, 'no PowerShell session could be connected');
    if (members.size === 0 && opening === 0) options.onAway(error);
    maintain();
  }

  function lost(member: WarmSession, how: string): void {
    const livedMs = performance.now() - member.connected.session.openedAt;
    log.warn({ pid: member.connected.hello.pid, livedMs: Math.round(livedMs), how }, 'PowerShell session lost');
    if (livedMs < tooShortMs && member.connected.session.calls <= 1) {
      failed(hostError({ code: 'powershell-lost', message: `A PowerShell session ${how} right after its start.` }));
    } else {
      maintain();
    }
  }

  function retire(member: WarmSession): void {
    members.delete(member);
    log.info({ pid: member.connected.hello.pid, calls: member.connected.session.calls }, 'PowerShell session recycled');
    end(member.connected);
  }

  /** Says goodbye, so that Exchange does not count the session against the account for another quarter of an hour. */
  function end({ session }: ConnectedSession): void {
    const done = (session.alive ? session.request({ op: 'bye' }, { deadlineMs: 5_000 }) : Promise.resolve())
      .catch(() => undefined)
      .then(() => session.kill());
    track(done);
  }

  /** What `close` waits for. */
  function track(done: Promise<void>): void {
    ending.add(done);
    void done.finally(() => ending.delete(done));
  }

  function isDue({ connected: { session } }: WarmSession): boolean {
    const age = performance.now() - session.openedAt;
    return session.calls >= recycle.calls || age >= recycle.ageMs || session.memory >= recycle.bytes;
  }

  return {
    start: () => {
      started = true;
      maintain();
    },
    take: () => {
      const free = [...members].filter((member) => !member.busy && member.connected.session.alive);
      const member = free.toSorted((a, b) => Number(a.stale) - Number(b.stale) || a.usedAt - b.usedAt)[0];
      if (member !== undefined) member.busy = true;
      return member;
    },
    release: (member) => {
      member.busy = false;
      member.usedAt = performance.now();
      if (!member.connected.session.alive) {
        if (members.delete(member)) lost(member, 'died in a call');
        return;
      }
      if (closed || (member.stale && members.size > options.size)) return retire(member);
      if (!member.stale && isDue(member)) {
        member.stale = true;
        maintain();
      }
      options.onReady();
    },
    discard: (member) => {
      if (!members.delete(member)) return;
      track(member.connected.session.kill());
      lost(member, 'was given up');
    },
    idle: () => [...members].filter((member) => !member.busy),
    get size() {
      return members.size;
    },
    last: () => last,
    close: async () => {
      closed = true;
      closing.abort();
      clearTimeout(retry);
      for (const member of members) {
        members.delete(member);
        if (member.busy) track(member.connected.session.kill());
        else end(member.connected);
      }
      while (ending.size > 0) await Promise.allSettled([...ending]);
    },
  };
}
