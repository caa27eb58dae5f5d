/** Work: what a transaction wants a job to do afterwards; it commits or vanishes with the facts. */

/**
 * `wipes` calls Clear- and Remove-MobileDevice, one at a time; `exchange` reads and changes what somebody waits for, `rounds` what
 * nobody does (what is wished for later, and what comes again by itself), behind it in Exchange's sessions; `logs` reads files;
 * `deliveries` talks to chat (only processes with adapters take it); `alarms` talks to mail servers
 * and webhooks, which may hang; `upkeep` sweeps and keeps clocks.
 */
export type Lane = 'wipes' | 'exchange' | 'rounds' | 'logs' | 'deliveries' | 'alarms' | 'upkeep';

/** Each job's payload by the job's name. Filled in by the registry of jobs, so that the store knows their names and no job. */
// biome-ignore lint/suspicious/noEmptyInterface: jobs/index.ts extends it.
export interface JobPayloads {}

export type JobName = keyof JobPayloads & string;
