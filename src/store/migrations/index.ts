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
import * as heartbeatWords from './0015-heartbeat-words.ts';
import * as laterTruth from './0016-later-truth.ts';
import * as suspension from './0017-suspension.ts';
import * as auditCommitments from './0018-audit-commitments.ts';
import * as stepUp from './0019-step-up.ts';
import * as brakeOrder from './0020-brake-order.ts';
import * as history from './0021-history.ts';
import * as personForms from './0022-person-forms.ts';
import * as approvalAsked from './0024-approval-asked.ts';
import * as logAnonymous from './0025-log-anonymous.ts';
import * as logFilesOnce from './0026-log-files-once.ts';
import * as approvalClosedBy from './0027-approval-closed-by.ts';
import * as appPhones from './0028-app-phones.ts';
import * as logSeries from './0029-log-series.ts';
import * as restored from './0036-restored.ts';
import * as watched from './0042-watched.ts';

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
  '0015-heartbeat-words': heartbeatWords,
  '0016-later-truth': laterTruth,
  '0017-suspension': suspension,
  '0018-audit-commitments': auditCommitments,
  '0019-step-up': stepUp,
  '0020-brake-order': brakeOrder,
  '0021-history': history,
  '0022-person-forms': personForms,
  '0024-approval-asked': approvalAsked,
  '0025-log-anonymous': logAnonymous,
  '0026-log-files-once': logFilesOnce,
  '0027-approval-closed-by': approvalClosedBy,
  '0028-app-phones': appPhones,
  '0029-log-series': logSeries,
  '0036-restored': restored,
  '0042-watched': watched,
};
