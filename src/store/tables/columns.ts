/** Kinds of columns that tables of every room have. */
import type { ColumnType, JSONColumnType } from 'kysely';

/** Written once, then only read. */
export type Fixed<T> = ColumnType<T, T, never>;
export type Json<T extends object> = JSONColumnType<T>;
export type NullableJson<T extends object> = ColumnType<T | null, string | null, string | null>;
