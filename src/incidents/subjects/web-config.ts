import type { ApprovalSubject } from '../approvals.ts';
import { stepSubject } from './app-block.ts';

/** An edit of a server's web.config waits for an admin other than the one who asked. */
export const webConfigSubject: ApprovalSubject = stepSubject('web-config');
