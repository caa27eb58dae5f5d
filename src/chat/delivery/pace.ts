import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Database } from '../../store/schema.ts';
import { readSetting, storeSetting } from '../../store/settings.ts';

const Stored = z.object({ next: z.number(), turn: z.number().default(0) });

/**
 * Paces posts to one target (GCRA: one second's worth at once, then evenly). The state is stored, because platforms count
 * over all our processes; only the process that holds the target's lock reads and writes it.
 */
export async function openPace(db: Kysely<Database>, target: string, perSecond: number) {
  const key = `pace:${target}`;
  const interval = 1000 / perSecond;
  /** How far ahead of the even rhythm a burst may run. */
  const burst = (Math.max(1, Math.floor(perSecond)) - 1) * interval;
  const stored = Stored.safeParse(await readSetting(db, key)).data ?? { next: 0, turn: 0 };
  /** When the next message would be due in the even rhythm, in milliseconds of the epoch. */
  let { next, turn } = stored;

  return {
    /** From when the next message may go. */
    freeAt: () => new Date(Math.ceil(next - burst)),
    /** How many messages went so far. */
    turn: () => turn,
    /** One message went. */
    count: (now: Date): void => {
      turn += 1;
      // A little late, as a busy machine is, keeps the rhythm: the rate is what the platform counts. After a pause it begins anew.
      const late = now.getTime() - next;
      next = (late < interval ? next : now.getTime()) + interval;
    },
    /** The platform asked us to wait (429). */
    holdUntil: (until: Date): void => {
      next = Math.max(next, until.getTime() + burst);
    },
    save: async (): Promise<void> => {
      if (next !== stored.next) await storeSetting(db, key, { next, turn });
    },
  };
}

export type Pace = Awaited<ReturnType<typeof openPace>>;
