import { type Kysely, sql } from 'kysely';
import type { Clock } from '../../ground/clock.ts';
import type { Database } from '../../store/schema.ts';
import type { BatchOrigin } from './batch-origin.ts';

type ReadProgress = BatchOrigin & {
  filesTotal: number;
  filesDone: number;
  bytesTotal: number;
  bytesDone: number;
};

export type Progress = {
  readonly bytesDone: number;
  /** Bytes of each file that are to be read. */
  begin(files: readonly number[]): Promise<void>;
  add(bytes: number): Promise<void>;
  fileDone(): Promise<void>;
  end(problem: string | null): Promise<void>;
};

/** Shorter readings are over before anybody could ask: only their end is written. */
const worthTelling = 8 << 20;

/** Keeps `log_reading`: how far one server's reading is, for whoever asks, in whatever process. */
export function createProgress(db: Kysely<Database>, origin: BatchOrigin, clock: Clock): Progress {
  const state: ReadProgress = { ...origin, filesTotal: 0, filesDone: 0, bytesTotal: 0, bytesDone: 0 };
  let startedAt = clock.now();

  async function write(finishedAt: Date | null, problem: string | null): Promise<void> {
    const row = { ...state, startedAt, updatedAt: clock.now(), finishedAt, problem };
    const { organisation: _o, server: _s, kind: _k, ...changes } = row;
    // Nothing rests on it, so nobody waits for the disk.
    await db
      .with('quick', (cte) => cte.selectNoFrom(sql`set_config('synchronous_commit', 'off', true)`.as('set')))
      .insertInto('logReading')
      .values(row)
      .onConflict((conflict) => conflict.columns(['organisation', 'server', 'kind']).doUpdateSet(changes))
      .returning(({ selectFrom }) => selectFrom('quick').select('set').as('set'))
      .execute();
  }

  return {
    get bytesDone() {
      return state.bytesDone;
    },
    begin: async (files) => {
      startedAt = clock.now();
      state.filesTotal = files.length;
      state.bytesTotal = files.reduce((sum, bytes) => sum + bytes, 0);
      if (state.bytesTotal >= worthTelling) await write(null, null);
    },
    add: async (bytes) => {
      if (bytes === 0) return;
      state.bytesDone += bytes;
      if (state.bytesTotal >= worthTelling) await write(null, null);
    },
    fileDone: async () => {
      state.filesDone += 1;
    },
    end: (problem) => write(clock.now(), problem),
  };
}
