/** The registry of what can wait for an approval: one file per subject, one line here. */
import { MislaidError } from '../../errors.ts';
import type { ApprovalSubject } from '../approvals.ts';
import { appBlockSubject } from './app-block.ts';
import { blockDeviceSubject } from './block-device.ts';
import { removeDeviceSubject } from './remove-device.ts';
import { unlockSubject } from './unlock.ts';
import { webConfigSubject } from './web-config.ts';
import { wipeSubject } from './wipe.ts';

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
