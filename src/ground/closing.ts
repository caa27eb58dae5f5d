/**
 * What opens must close: the opener registers the release on the next line; releases run last in, first out,
 * once, also when a start failed half-way. Pattern: graphile/worker `withReleasers`.
 */
import { internalError } from './errors.ts';

export type Closing = {
  /**
   * Registers a release; `name` appears in the log when it fails. After `close` began it releases at once and throws
   * MislaidError `closing`, so that a start which a signal overtook opens nothing more.
   */
  add(name: string, release: () => unknown): void;
  /** Runs every release once, newest first; a release that fails does not stop the others. Waits for those that came late, too. */
  close(): Promise<void>;
};

export function createClosing(onError: (name: string, error: unknown) => void): Closing {
  const releases: { name: string; release: () => unknown }[] = [];
  let closed: Promise<void> | undefined;

  async function run(): Promise<void> {
    for (let next = releases.pop(); next !== undefined; next = releases.pop()) {
      try {
        await next.release();
      } catch (error) {
        onError(next.name, error);
      }
    }
  }

  return {
    add: (name, release) => {
      releases.push({ name, release });
      if (closed === undefined) return;
      closed = closed.then(run);
      throw internalError({ code: 'closing', message: `Mislaid is stopping: ${name} was opened too late.` });
    },
    close: () => {
      closed ??= run();
      return closed;
    },
  };
}
