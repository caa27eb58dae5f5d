/** The registry of commands: one file per command, one line here. */

import { appCommand, appsCommand, appsNewCommand, blockedAppsCommand } from './apps/apps.ts';
import { blockAppCommand } from './apps/block-app.ts';
import { blockAppConfigCommand, blockAppLookCommand, blockAppStageCommand } from './apps/block-app-buttons.ts';
import { unblockAppCommand } from './apps/unblock-app.ts';
import type { AnyCommand } from './command.ts';
import { heartbeatCommand } from './direct-push/heartbeat.ts';
import {
  heartbeatAdviceCommand,
  heartbeatExplainCommand,
  heartbeatHistoryCommand,
} from './direct-push/heartbeat-knowledge.ts';
import { labAdvanceCommand, labChangePasswordCommand, labDevicesCommand, labEdgeCommand } from './lab/lab.ts';
import { closeCommand } from './lost-phone/close.ts';
import { confirmReportCommand } from './lost-phone/confirm-report.ts';
import { devicesCommand } from './lost-phone/devices.ts';
import { exposureCommand } from './lost-phone/exposure.ts';
import { foundCommand } from './lost-phone/found.ts';
import { foundItCommand } from './lost-phone/found-it.ts';
import { holdCommand } from './lost-phone/hold.ts';
import { incidentsCommand } from './lost-phone/incidents.ts';
import { keepWaitingCommand } from './lost-phone/keep-waiting.ts';
import { lastSeenCommand } from './lost-phone/last-seen.ts';
import { lostDeviceCommand } from './lost-phone/lost-device.ts';
import { myLostPhoneCommand } from './lost-phone/my-lost-phone.ts';
import { openedByMistakeCommand } from './lost-phone/opened-by-mistake.ts';
import { ownerNoteCommand } from './lost-phone/owner-note.ts';
import { passwordCommand } from './lost-phone/password.ts';
import { releaseHoldCommand } from './lost-phone/release-hold.ts';
import { reportLostCommand } from './lost-phone/report-lost.ts';
import { resetAnywayCommand } from './lost-phone/reset-anyway.ts';
import { restoreCommand } from './lost-phone/restore.ts';
import { statusCommand } from './lost-phone/status.ts';
import { stillHaveCommand } from './lost-phone/still-have.ts';
import { tickCommand } from './lost-phone/tick.ts';
import { undoCommand } from './lost-phone/undo.ts';
import { verifyKeptCommand } from './lost-phone/verify-kept.ts';
import { acceptPolicyCommand } from './me/accept-policy.ts';
import { acceptRoleCommand } from './me/accept-role.ts';
import { auditCommand, auditVerifyCommand } from './me/audit.ts';
import { doctorCommand } from './me/doctor.ts';
import { forgetCommand } from './me/forget.ts';
import { helpCommand } from './me/help.ts';
import { notMeantCommand } from './me/not-meant.ts';
import { whoamiCommand } from './me/whoami.ts';
import { reportsCommand, stopReportCommand } from './reports/reports.ts';
import { reportBlockedAppsCommand, reportHeartbeatCommand } from './reports/schedule-report.ts';
import { approvalsCommand } from './wipes/approvals.ts';
import { approveCommand } from './wipes/approve.ts';
import { approversCommand } from './wipes/approvers.ts';
import { breakGlassCommand } from './wipes/break-glass.ts';
import { blockDeviceCommand, removeDeviceCommand, unblockDeviceCommand } from './wipes/change-device.ts';
import { denyCommand } from './wipes/deny.ts';
import { drillCommand } from './wipes/drill.ts';
import { cancelWipeCommand, giveUpCommand } from './wipes/end-wipe.ts';
import { lockWipesCommand } from './wipes/lock-wipes.ts';
import { reviewCommand } from './wipes/review.ts';
import { unlockWipesCommand } from './wipes/unlock-wipes.ts';
import { wipeCommand } from './wipes/wipe.ts';
import { withdrawCommand } from './wipes/withdraw.ts';

/** In the order in which help tells of them. */
export const commands: readonly AnyCommand[] = [
  lostDeviceCommand,
  reportLostCommand,
  foundItCommand,
  stillHaveCommand,
  devicesCommand,
  lastSeenCommand,
  incidentsCommand,
  statusCommand,
  passwordCommand,
  holdCommand,
  foundCommand,
  verifyKeptCommand,
  keepWaitingCommand,
  resetAnywayCommand,
  releaseHoldCommand,
  tickCommand,
  undoCommand,
  openedByMistakeCommand,
  closeCommand,
  exposureCommand,
  restoreCommand,
  confirmReportCommand,
  myLostPhoneCommand,
  ownerNoteCommand,
  wipeCommand,
  approvalsCommand,
  approversCommand,
  approveCommand,
  denyCommand,
  withdrawCommand,
  cancelWipeCommand,
  giveUpCommand,
  blockDeviceCommand,
  unblockDeviceCommand,
  removeDeviceCommand,
  breakGlassCommand,
  reviewCommand,
  lockWipesCommand,
  unlockWipesCommand,
  drillCommand,
  appsCommand,
  appsNewCommand,
  appCommand,
  blockedAppsCommand,
  blockAppCommand,
  unblockAppCommand,
  blockAppStageCommand,
  blockAppLookCommand,
  blockAppConfigCommand,
  heartbeatCommand,
  heartbeatHistoryCommand,
  heartbeatExplainCommand,
  heartbeatAdviceCommand,
  reportsCommand,
  reportBlockedAppsCommand,
  reportHeartbeatCommand,
  stopReportCommand,
  helpCommand,
  whoamiCommand,
  notMeantCommand,
  auditCommand,
  auditVerifyCommand,
  forgetCommand,
  acceptRoleCommand,
  acceptPolicyCommand,
  doctorCommand,
];

/** Offered only where the organisation is the lab. */
export const labCommands: readonly AnyCommand[] = [
  labDevicesCommand,
  labAdvanceCommand,
  labChangePasswordCommand,
  labEdgeCommand,
];
