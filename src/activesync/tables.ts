/** Tables of the log reader's roll-ups (migration 0003). */
export type ActiveSyncTables = Record<never, never>;
