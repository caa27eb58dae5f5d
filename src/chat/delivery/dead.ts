import type { DraftMessage } from '../../message/model.ts';
import { code, text } from '../../message/text.ts';
import type { Change } from '../../store/port.ts';
import type { DeliveryRun } from './run.ts';

/** Deliveries that say that another place is dead: when these die as well, the log has to do. */
const prefix = 'dead:';

/**
 * Tells people once a day and place that nothing arrives there, with the remedy: in the security channels, and to each admin
 * privately where no other security channel is left.
 */
export async function notifyDead(
  change: Change,
  { policy, target, log }: DeliveryRun,
  dead: { remedy: string; key?: string },
): Promise<void> {
  log.warn({ target, remedy: dead.remedy }, 'nothing can be delivered there');
  const isNews = dead.key?.startsWith(prefix) !== true;
  const channels = policy.channels.security.filter((place) => place !== target);
  const key = `${prefix}${target}:${change.now.toISOString().slice(0, 10)}`;
  const draft: DraftMessage = {
    tone: 'warning',
    blocks: [{ kind: 'text', text: text('My messages do not arrive at ', code(target), `. ${dead.remedy}`) }],
  };
  if (isNews && channels.length > 0) {
    await change.notice(channels, draft, key);
    return;
  }
  const admins = policy.people.filter(({ roles }) => roles.includes('admin')).flatMap(({ identities }) => identities);
  if (!isNews && admins.includes(target)) return;
  for (const identity of admins.filter((admin) => admin !== target)) await change.privately(identity, draft, key);
}
