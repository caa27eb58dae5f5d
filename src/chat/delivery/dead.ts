import { code } from '../../message/text.ts';
import { notify } from '../../notices/notify.ts';
import type { Change } from '../../store/port.ts';
import type { DeliveryRun } from './run.ts';

/** Deliveries that say that another place is dead: when these die as well, the log has to do. */
const prefix = 'dead-place:';

/**
 * Tells people once a day and place that nothing arrives there, with the remedy: in the security channels, and to each admin
 * privately where no other security channel is left.
 */
export async function notifyDead(
  change: Change,
  { policy, target, log }: DeliveryRun,
  dead: { remedy: string; key?: string | undefined },
): Promise<void> {
  log.warn({ target, remedy: dead.remedy }, 'nothing can be delivered there');
  const isNews = dead.key?.startsWith(prefix) !== true;
  const isAdmin = policy.people.some(({ roles, identities }) => roles.includes('admin') && identities.includes(target));
  if (!isNews && isAdmin) return;
  await notify(change, policy, 'dead-place', {
    key: `${target}:${change.now.toISOString().slice(0, 10)}`,
    without: isNews ? [target] : [target, ...policy.channels.security],
    line: ['My messages do not arrive at ', code(target), `. ${dead.remedy}`],
  });
}
