/** The registry of jobs: one file per job, one line here. */
import type { z } from 'zod';
import type { AnyBotJob } from '../src/incidents/job.ts';
import { askHoldJob } from './ask-hold.ts';
import { blockDeviceJob } from './block-device.ts';
import { cancelWipeJob } from './cancel-wipe.ts';
import { checkpointAuditJob } from './checkpoint-audit.ts';
import { deliverJob } from './deliver.ts';
import { endApprovalJob } from './end-approval.ts';
import { findOutsideWipesJob } from './find-outside-wipes.ts';
import { forgetPersonJob } from './forget-person.ts';
import { issueWipeJob } from './issue-wipe.ts';
import { lastSeenJob } from './last-seen.ts';
import { listDevicesJob } from './list-devices.ts';
import { lookUpPersonJob } from './look-up-person.ts';
import { pageDecidersJob } from './page-deciders.ts';
import { planBJob } from './plan-b.ts';
import { pruneJob } from './prune.ts';
import { readAppConfigsJob } from './read-app-configs.ts';
import { readDevicesJob } from './read-devices.ts';
import { readHeartbeatJob } from './read-heartbeat.ts';
import { readLogsJob } from './read-logs.ts';
import { reconcileWipeJob } from './reconcile-wipe.ts';
import { refreshDirectoryJob } from './refresh-directory.ts';
import { remindReviewJob } from './remind-review.ts';
import { removeDeviceJob } from './remove-device.ts';
import { runAppStepJob } from './run-app-step.ts';
import { runDoctorJob } from './run-doctor.ts';
import { sendAlarmJob } from './send-alarm.ts';
import { sendReportJob } from './send-report.ts';
import { showAppsJob } from './show-apps.ts';
import { startDrillJob } from './start-drill.ts';
import { streamAuditJob } from './stream-audit.ts';
import { verifyAuditJob } from './verify-audit.ts';
import { watchAppsJob } from './watch-apps.ts';
import { watchHeartbeatJob } from './watch-heartbeat.ts';
import { watchWipeJob } from './watch-wipe.ts';

export const jobs = [
  askHoldJob,
  blockDeviceJob,
  cancelWipeJob,
  checkpointAuditJob,
  deliverJob,
  endApprovalJob,
  pageDecidersJob,
  findOutsideWipesJob,
  forgetPersonJob,
  issueWipeJob,
  lastSeenJob,
  listDevicesJob,
  lookUpPersonJob,
  planBJob,
  pruneJob,
  readAppConfigsJob,
  readDevicesJob,
  readHeartbeatJob,
  readLogsJob,
  reconcileWipeJob,
  refreshDirectoryJob,
  removeDeviceJob,
  remindReviewJob,
  runDoctorJob,
  runAppStepJob,
  sendAlarmJob,
  sendReportJob,
  showAppsJob,
  startDrillJob,
  streamAuditJob,
  verifyAuditJob,
  watchAppsJob,
  watchHeartbeatJob,
  watchWipeJob,
] as const satisfies readonly AnyBotJob[];

type PayloadOf<Job> = Job extends { payload: z.ZodType<infer Payload> } ? Payload : never;
type Payloads = { [Job in (typeof jobs)[number] as Job['name']]: PayloadOf<Job> };

declare module '../src/store/work.ts' {
  interface JobPayloads extends Payloads {}
}
