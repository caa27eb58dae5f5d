/** Long work in pieces, with a turn of the event loop after each, so that what people wait for is not held up. */
import { setImmediate as turn } from 'node:timers/promises';

/** What `work` makes of each item, in their order; `atOnce` items between two turns. */
export async function inTurns<T, R>(items: readonly T[], atOnce: number, work: (item: T) => R): Promise<R[]> {
  const made: R[] = [];
  for (let at = 0; at < items.length; at += atOnce) {
    if (at > 0) await turn();
    for (const item of items.slice(at, at + atOnce)) made.push(work(item));
  }
  return made;
}
