import type { Logger } from 'pino';
import { stopPostmaster } from './postmaster.ts';
import { isAlive } from './processes.ts';

const watchEveryMs = 500;
/** A server that dies more often than this within ten minutes is left down: restarting it would only hide why. */
const restartsAllowed = 5;
const restartWindowMs = 10 * 60_000;
/** On a full disk a start is tried this seldom, for as long as it takes: somebody frees space, and nobody starts Mislaid again. */
const fullAgainMs = 10_000;

/** Starts the server again when it dies; answers the function that stops watching and stops the server. */
export function watch(input: {
  pid: number;
  start: () => Promise<number>;
  /** Whether the disk has no room left: what dies of that comes back when there is room, however often it died. */
  isFull: () => boolean;
  log: Pick<Logger, 'warn' | 'error'>;
}): () => Promise<void> {
  const { start, isFull, log } = input;
  let pid = input.pid;
  let stopping = false;
  let restarts: number[] = [];
  let restarting: Promise<void> | undefined;
  let fullUntil = 0;
  let saidFull = false;
  const timer = setInterval(() => {
    if (stopping || restarting !== undefined || isAlive(pid)) return;
    if (Date.now() < fullUntil && isFull()) return;
    restarting = restart().finally(() => {
      restarting = undefined;
    });
  }, watchEveryMs);
  timer.unref();

  async function restart(): Promise<void> {
    if (isFull()) return await restartWithoutRoom();
    restarts = [...restarts.filter((at) => at > Date.now() - restartWindowMs), Date.now()];
    if (restarts.length > restartsAllowed) {
      clearInterval(timer);
      log.error(
        { pid },
        `the database died ${restarts.length} times in ten minutes and stays down; look at its log and start Mislaid again`,
      );
      return;
    }
    log.error({ pid }, 'the database died; starting it again');
    try {
      await startAgain();
    } catch (error) {
      log.error({ err: error }, 'the database could not be started again');
    }
  }

  /** Deaths on a full disk are not counted: each try costs little, and the mend is known. */
  async function restartWithoutRoom(): Promise<void> {
    fullUntil = Date.now() + fullAgainMs;
    if (!saidFull) log.error({ pid }, 'the database died and its disk is full; it is started again when there is room');
    saidFull = true;
    // It may live in what is left; if not, that was said.
    await startAgain().catch(() => undefined);
  }

  async function startAgain(): Promise<void> {
    pid = await start();
    saidFull = false;
    log.warn({ pid }, 'the database runs again');
  }

  return async () => {
    stopping = true;
    clearInterval(timer);
    await restarting;
    await stopPostmaster(pid);
  };
}
