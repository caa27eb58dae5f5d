import type { Kysely } from 'kysely';
import { canonicalHash } from '../ground/canonical.ts';
import type { Block } from '../message/model.ts';
import type { Database } from '../store/schema.ts';
import { type ChartSpec, renderChart } from './render.ts';

/**
 * Renders a chart, stores its PNG and answers the block with it. The same chart is rendered and stored once. `alt`
 * says what it shows, with the numbers that matter: some readers see nothing else. Throws MislaidError `chart-not-drawn`.
 */
export async function chartBlock(
  db: Kysely<Database>,
  input: { spec: ChartSpec; alt: string; now: Date },
): Promise<Block<never>> {
  const { spec, alt, now } = input;
  const id = `chart-${canonicalHash({ spec, alt }).slice(0, 32)}`;
  const known = await db.selectFrom('image').select(['width', 'height']).where('id', '=', id).executeTakeFirst();
  if (known !== undefined) return { kind: 'image', id, alt, ...known };
  const { png, width, height } = await renderChart(spec);
  await db
    .insertInto('image')
    .values({ id, png, width, height, alt, createdAt: now })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  return { kind: 'image', id, alt, width, height };
}
