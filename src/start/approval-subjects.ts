/** The registry of what can wait for an approval: one file per subject, one line here. */

import { appBlockSubject } from '../apps/block/approval-subject.ts';
import { webConfigSubject } from '../apps/block/web-config-subject.ts';
import { MislaidError } from '../ground/errors.ts';
import type { ApprovalSubject } from '../incidents/approvals/approvals.ts';
import { unlockSubject } from '../incidents/brake/unlock-subject.ts';
import { blockDeviceSubject } from '../incidents/devices/block-subject.ts';
import { removeDeviceSubject } from '../incidents/devices/remove-subject.ts';
import { wipeSubject } from '../incidents/wipe/approval-subject.ts';

export const approvalSubjects: readonly ApprovalSubject[] = [
  wipeSubject,
  removeDeviceSubject,
  blockDeviceSubject,
  unlockSubject,
  appBlockSubject,
  webConfigSubject,
];

/** Throws MislaidError `unknown-subject` for a row of a newer version. */
export function approvalSubjectFor(kind: string): ApprovalSubject {
  const subject = approvalSubjects.find((candidate) => candidate.kind === kind);
  if (subject !== undefined) return subject;
  throw new MislaidError({
    code: 'unknown-subject',
    message: `approvals of kind ${kind} are not known to this version`,
  });
}
