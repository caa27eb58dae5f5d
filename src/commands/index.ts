/** The registry of commands: one file per command, one line here. */

import { acceptRole } from './accept-role.ts';
import { app } from './app.ts';
import { approvals } from './approvals.ts';
import { approve } from './approve.ts';
import { apps } from './apps.ts';
import { appsNew } from './apps-new.ts';
import { audit } from './audit.ts';
import { auditVerify } from './audit-verify.ts';
import { blockApp } from './block-app.ts';
import { blockAppConfig } from './block-app-config.ts';
import { blockAppLook } from './block-app-look.ts';
import { blockAppStage } from './block-app-stage.ts';
import { blockDevice } from './block-device.ts';
import { blockedApps } from './blocked-apps.ts';
import { breakGlass } from './break-glass.ts';
import { cancelWipe } from './cancel-wipe.ts';
import { close } from './close.ts';
import type { AnyCommand } from './command.ts';
import { deny } from './deny.ts';
import { devices } from './devices.ts';
import { doctor } from './doctor.ts';
import { drill } from './drill.ts';
import { found } from './found.ts';
import { foundIt } from './found-it.ts';
import { giveUp } from './give-up.ts';
import { heartbeat } from './heartbeat.ts';
import { heartbeatAdvice } from './heartbeat-advice.ts';
import { heartbeatExplain } from './heartbeat-explain.ts';
import { heartbeatHistory } from './heartbeat-history.ts';
import { help } from './help.ts';
import { hold } from './hold.ts';
import { incidents } from './incidents.ts';
import { keepWaiting } from './keep-waiting.ts';
import { labAdvance } from './lab-advance.ts';
import { labChangePassword } from './lab-change-password.ts';
import { labDevices } from './lab-devices.ts';
import { labEdge } from './lab-edge.ts';
import { lastSeen } from './last-seen.ts';
import { lockWipes } from './lock-wipes.ts';
import { lostDevice } from './lost-device.ts';
import { myLostPhone } from './my-lost-phone.ts';
import { releaseHold } from './release-hold.ts';
import { removeDevice } from './remove-device.ts';
import { reportBlockedApps } from './report-blocked-apps.ts';
import { reportHeartbeat } from './report-heartbeat.ts';
import { reportLost } from './report-lost.ts';
import { reports } from './reports.ts';
import { resetAnyway } from './reset-anyway.ts';
import { restore } from './restore.ts';
import { review } from './review.ts';
import { status } from './status.ts';
import { stillHave } from './still-have.ts';
import { stopReport } from './stop-report.ts';
import { tick } from './tick.ts';
import { unblockApp } from './unblock-app.ts';
import { unblockDevice } from './unblock-device.ts';
import { unlockWipes } from './unlock-wipes.ts';
import { verifyKept } from './verify-kept.ts';
import { whoami } from './whoami.ts';
import { wipe } from './wipe.ts';
import { withdraw } from './withdraw.ts';

export const commands: readonly AnyCommand[] = [
  lostDevice,
  reportLost,
  devices,
  lastSeen,
  apps,
  appsNew,
  app,
  blockedApps,
  blockApp,
  blockAppStage,
  blockAppLook,
  blockAppConfig,
  unblockApp,
  reportBlockedApps,
  reports,
  stopReport,
  wipe,
  approve,
  deny,
  withdraw,
  breakGlass,
  review,
  lockWipes,
  unlockWipes,
  cancelWipe,
  giveUp,
  found,
  foundIt,
  stillHave,
  myLostPhone,
  verifyKept,
  blockDevice,
  unblockDevice,
  removeDevice,
  status,
  incidents,
  approvals,
  hold,
  resetAnyway,
  releaseHold,
  keepWaiting,
  tick,
  close,
  restore,
  acceptRole,
  drill,
  heartbeat,
  heartbeatHistory,
  heartbeatExplain,
  heartbeatAdvice,
  reportHeartbeat,
  audit,
  auditVerify,
  doctor,
  whoami,
  help,
];

/** Offered only where the organisation is the lab. */
export const labCommands: readonly AnyCommand[] = [labDevices, labAdvance, labChangePassword, labEdge];
