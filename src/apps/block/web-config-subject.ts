import type { ApprovalSubject } from '../../incidents/approvals/approvals.ts';
import { stepSubject } from './approval-subject.ts';

/** An edit of a server's web.config waits for an admin other than the one who asked. */
export const webConfigSubject: ApprovalSubject = stepSubject('web-config');
