import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Database } from '../../store/schema.ts';
import { readSetting, storeSetting } from '../../store/settings.ts';

/**
 * Paces posts to one target (GCRA: one second's worth at once, then evenly). The state is stored, because platforms count
 * over all our processes; only the process that holds the target's lock reads and writes it.
 */
export type Pace = {
  /** From when the next message may go. */
  freeAt(): Date;
  /** One message went. */
  count(now: Date): void;
  /** The platform asked us to wait (429). */
  holdUntil(until: Date): void;
  save(): Promise<void>;
};

const Stored = z.object({ next: z.number() });

export async function openPace(db: Kysely<Database>, target: string, perSecond: number): Promise<Pace> {
  const key = `pace:${target}`;
  const interval = 1000 / perSecond;
  /** How far ahead of the even rhythm a burst may run. */
  const burst = (Math.max(1, Math.floor(perSecond)) - 1) * interval;
  const stored = Stored.safeParse(await readSetting(db, key));
  /** When the next message would be due in the even rhythm, in milliseconds of the epoch. */
  let next = stored.success ? stored.data.next : 0;
  let changed = false;

  return {
    freeAt: () => new Date(Math.ceil(next - burst)),
    count: (now) => {
      next = Math.max(next, now.getTime()) + interval;
      changed = true;
    },
    holdUntil: (until) => {
      next = Math.max(next, until.getTime() + burst);
      changed = true;
    },
    save: async () => {
      if (!changed) return;
      await storeSetting(db, key, { next });
    },
  };
}
