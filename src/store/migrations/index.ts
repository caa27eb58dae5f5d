import type { Migration } from 'kysely';
import * as core from './0001-core.ts';
import * as lab from './0002-lab.ts';
import * as activesync from './0003-activesync.ts';
import * as trust from './0004-trust.ts';
import * as apps from './0005-apps.ts';
import * as heartbeat from './0006-heartbeat.ts';
import * as logRollups from './0007-log-rollups.ts';
import * as heartbeatSpans from './0008-heartbeat-spans.ts';
import * as directory from './0009-directory.ts';
import * as logBatches from './0010-log-batches.ts';
import * as logAccounts from './0011-log-accounts.ts';
import * as auditLock from './0012-audit-lock.ts';
import * as words from './0013-words.ts';
import * as absence from './0014-absence.ts';

/** Every migration by name, run in the order of the names; one that was released never changes. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-core': core,
  '0002-lab': lab,
  '0003-activesync': activesync,
  '0004-trust': trust,
  '0005-apps': apps,
  '0006-heartbeat': heartbeat,
  '0007-log-rollups': logRollups,
  '0008-heartbeat-spans': heartbeatSpans,
  '0009-directory': directory,
  '0010-log-batches': logBatches,
  '0011-log-accounts': logAccounts,
  '0012-audit-lock': auditLock,
  '0013-words': words,
  '0014-absence': absence,
};
