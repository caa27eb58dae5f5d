/** The registry of jobs: one file per job, one line here. */
import type { z } from 'zod';
import type { AnyJob } from '../src/incidents/job.ts';
import { askHold } from './ask-hold.ts';
import { blockDevice } from './block-device.ts';
import { cancelWipe } from './cancel-wipe.ts';
import { checkpointAudit } from './checkpoint-audit.ts';
import { deliver } from './deliver.ts';
import { endApprovalJob } from './end-approval.ts';
import { findOutsideWipes } from './find-outside-wipes.ts';
import { issueWipe } from './issue-wipe.ts';
import { lastSeen } from './last-seen.ts';
import { listDevices } from './list-devices.ts';
import { lookUpPerson } from './look-up-person.ts';
import { planB } from './plan-b.ts';
import { readAppConfigs } from './read-app-configs.ts';
import { readDevices } from './read-devices.ts';
import { readHeartbeat } from './read-heartbeat.ts';
import { readLogs } from './read-logs.ts';
import { reconcileWipe } from './reconcile-wipe.ts';
import { refreshDirectory } from './refresh-directory.ts';
import { remindReview } from './remind-review.ts';
import { removeDevice } from './remove-device.ts';
import { runAppStep } from './run-app-step.ts';
import { runDoctor } from './run-doctor.ts';
import { sendReport } from './send-report.ts';
import { showAppsJob } from './show-apps.ts';
import { startDrill } from './start-drill.ts';
import { verifyAuditJob } from './verify-audit.ts';
import { watchApps } from './watch-apps.ts';
import { watchHeartbeat } from './watch-heartbeat.ts';
import { watchWipe } from './watch-wipe.ts';

export const jobs = [
  askHold,
  blockDevice,
  cancelWipe,
  checkpointAudit,
  deliver,
  endApprovalJob,
  findOutsideWipes,
  issueWipe,
  lastSeen,
  listDevices,
  lookUpPerson,
  planB,
  readAppConfigs,
  readDevices,
  readHeartbeat,
  readLogs,
  reconcileWipe,
  refreshDirectory,
  removeDevice,
  remindReview,
  runDoctor,
  runAppStep,
  sendReport,
  showAppsJob,
  startDrill,
  verifyAuditJob,
  watchApps,
  watchHeartbeat,
  watchWipe,
] as const satisfies readonly AnyJob[];

type PayloadOf<Job> = Job extends { payload: z.ZodType<infer Payload> } ? Payload : never;
type Payloads = { [Job in (typeof jobs)[number] as Job['name']]: PayloadOf<Job> };

declare module '../src/store/work.ts' {
  interface JobPayloads extends Payloads {}
}
