/** What higher floors register with lower ones, one line each: what can wait for an approval, evidence on a device, cards. */
import { appBlockSubject, webConfigSubject } from '../apps/block/approval-subject.ts';
import { appBlockProjection } from '../apps/block/card.ts';
import { logEvidence } from '../apps/evidence.ts';
import { homeProjection } from '../chat/home-projection.ts';
import { heartbeatEvidence } from '../heartbeat/evidence.ts';
import { Approvals } from '../incidents/approvals/approvals.ts';
import { approvalProjection } from '../incidents/approvals/card.ts';
import type { ApprovalSubject } from '../incidents/approvals/subject.ts';
import { unlockSubject } from '../incidents/brake/unlock-subject.ts';
import { blockDeviceSubject } from '../incidents/devices/block-subject.ts';
import type { EvidenceProvider } from '../incidents/devices/evidence.ts';
import { removeDeviceSubject } from '../incidents/devices/remove-subject.ts';
import { incidentProjection } from '../incidents/incident/card.ts';
import { forgetSubject } from '../incidents/retention/forget-subject.ts';
import { wipeSubject } from '../incidents/wipe/approval-subject.ts';
import type { ApprovalKind } from '../policy.ts';
import type { Projection } from '../store/projection.ts';

/** One for each kind that policy knows, and so may ask step-up for. */
const subjects: { readonly [Kind in ApprovalKind]: ApprovalSubject<Kind> } = {
  wipe: wipeSubject,
  'remove-device': removeDeviceSubject,
  'block-device': blockDeviceSubject,
  unlock: unlockSubject,
  forget: forgetSubject,
  'app-block': appBlockSubject,
  'web-config': webConfigSubject,
};

export const approvalSubjects: readonly ApprovalSubject[] = Object.values(subjects);

export const approvals = new Approvals(approvalSubjects);

export const evidenceProviders: readonly EvidenceProvider[] = [logEvidence, heartbeatEvidence];

export const projections: readonly Projection[] = [
  incidentProjection(evidenceProviders),
  approvalProjection(approvals),
  appBlockProjection,
  homeProjection(approvals),
];
