import { type RawBuilder, sql } from 'kysely';

/** For `doUpdateSet`: these columns as they are in the row that was to be inserted. */
export function excluded<const C extends string>(...columns: readonly C[]): Record<C, RawBuilder<never>> {
  const references = columns.map((column) => [column, sql.ref<never>(`excluded.${column}`)] as const);
  return Object.fromEntries(references) as Record<C, RawBuilder<never>>;
}
