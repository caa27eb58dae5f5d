/** The lab's own tables (migration 0002): nothing but src/exchange/lab and src/servers/lab reads them. */
export type LabTables = Record<never, never>;
