import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { chartBlock } from '../charts/image.ts';
import type { ChartSpec } from '../charts/render.ts';
import type { Block } from '../message/model.ts';
import type { Database } from '../store/schema.ts';

/** A chart, or nothing: an answer is never held up by a picture, whose numbers stand in its text as well. */
export async function drawn(
  log: Logger,
  db: Kysely<Database>,
  input: { spec: ChartSpec; alt: string; now: Date },
): Promise<Block<never> | undefined> {
  try {
    return await chartBlock(db, input);
  } catch (error) {
    log.warn({ err: error }, 'a chart was left out');
    return undefined;
  }
}
