/** The registry of commands: one file per command, one line here. */

import { app } from './apps/app.ts';
import { apps } from './apps/apps.ts';
import { appsNew } from './apps/apps-new.ts';
import { blockApp } from './apps/block-app.ts';
import { blockAppConfig } from './apps/block-app-config.ts';
import { blockAppLook } from './apps/block-app-look.ts';
import { blockAppStage } from './apps/block-app-stage.ts';
import { blockedApps } from './apps/blocked-apps.ts';
import { unblockApp } from './apps/unblock-app.ts';
import type { AnyCommand } from './command.ts';
import { heartbeat } from './direct-push/heartbeat.ts';
import { heartbeatAdvice } from './direct-push/heartbeat-advice.ts';
import { heartbeatExplain } from './direct-push/heartbeat-explain.ts';
import { heartbeatHistory } from './direct-push/heartbeat-history.ts';
import { labAdvance } from './lab/lab-advance.ts';
import { labChangePassword } from './lab/lab-change-password.ts';
import { labDevices } from './lab/lab-devices.ts';
import { labEdge } from './lab/lab-edge.ts';
import { close } from './lost-phone/close.ts';
import { devices } from './lost-phone/devices.ts';
import { found } from './lost-phone/found.ts';
import { foundIt } from './lost-phone/found-it.ts';
import { hold } from './lost-phone/hold.ts';
import { incidents } from './lost-phone/incidents.ts';
import { keepWaiting } from './lost-phone/keep-waiting.ts';
import { lastSeen } from './lost-phone/last-seen.ts';
import { lostDevice } from './lost-phone/lost-device.ts';
import { myLostPhone } from './lost-phone/my-lost-phone.ts';
import { releaseHold } from './lost-phone/release-hold.ts';
import { reportLost } from './lost-phone/report-lost.ts';
import { resetAnyway } from './lost-phone/reset-anyway.ts';
import { restore } from './lost-phone/restore.ts';
import { status } from './lost-phone/status.ts';
import { stillHave } from './lost-phone/still-have.ts';
import { tick } from './lost-phone/tick.ts';
import { verifyKept } from './lost-phone/verify-kept.ts';
import { acceptRole } from './me/accept-role.ts';
import { audit } from './me/audit.ts';
import { auditVerify } from './me/audit-verify.ts';
import { doctor } from './me/doctor.ts';
import { help } from './me/help.ts';
import { whoami } from './me/whoami.ts';
import { reportBlockedApps } from './reports/report-blocked-apps.ts';
import { reportHeartbeat } from './reports/report-heartbeat.ts';
import { reports } from './reports/reports.ts';
import { stopReport } from './reports/stop-report.ts';
import { approvals } from './wipes/approvals.ts';
import { approve } from './wipes/approve.ts';
import { blockDevice } from './wipes/block-device.ts';
import { breakGlass } from './wipes/break-glass.ts';
import { cancelWipe } from './wipes/cancel-wipe.ts';
import { deny } from './wipes/deny.ts';
import { drill } from './wipes/drill.ts';
import { giveUp } from './wipes/give-up.ts';
import { lockWipes } from './wipes/lock-wipes.ts';
import { removeDevice } from './wipes/remove-device.ts';
import { review } from './wipes/review.ts';
import { unblockDevice } from './wipes/unblock-device.ts';
import { unlockWipes } from './wipes/unlock-wipes.ts';
import { wipe } from './wipes/wipe.ts';
import { withdraw } from './wipes/withdraw.ts';

/** In the order in which help tells of them. */
export const commands: readonly AnyCommand[] = [
  lostDevice,
  reportLost,
  foundIt,
  stillHave,
  devices,
  lastSeen,
  incidents,
  status,
  hold,
  found,
  verifyKept,
  keepWaiting,
  resetAnyway,
  releaseHold,
  tick,
  close,
  restore,
  myLostPhone,
  wipe,
  approvals,
  approve,
  deny,
  withdraw,
  cancelWipe,
  giveUp,
  blockDevice,
  unblockDevice,
  removeDevice,
  breakGlass,
  review,
  lockWipes,
  unlockWipes,
  drill,
  apps,
  appsNew,
  app,
  blockedApps,
  blockApp,
  unblockApp,
  blockAppStage,
  blockAppLook,
  blockAppConfig,
  heartbeat,
  heartbeatHistory,
  heartbeatExplain,
  heartbeatAdvice,
  reports,
  reportBlockedApps,
  reportHeartbeat,
  stopReport,
  help,
  whoami,
  audit,
  auditVerify,
  acceptRole,
  doctor,
];

/** Offered only where the organisation is the lab. */
export const labCommands: readonly AnyCommand[] = [labDevices, labAdvance, labChangePassword, labEdge];
