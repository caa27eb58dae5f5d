/** One person who ends what others asked for, again and again: each ending is told by name, and that it becomes many is told once. */
import type { Actor } from '../../directory/actor.ts';
import { after, day } from '../../ground/durations.ts';
import { counted } from '../../message/words.ts';
import { notify } from '../../notices/notify.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';

/** From so many requests of others within 24 hours on, security is told. */
const often = 3;

/** Tells security, once a day for each person. Called after the ending is stored. */
export async function noteEndedOften(change: Change, policy: Policy, { person }: Actor): Promise<void> {
  const rows = await change.tx
    .selectFrom('approval')
    .select(['state', 'requestedBy'])
    .where('closedBy', '=', person.guid)
    .where('closedAt', '>', after(change.now, -day))
    .where('requestedBy', '!=', person.guid)
    .where('state', 'in', ['denied', 'withdrawn'])
    .execute();
  if (rows.length < often) return;
  const denied = rows.filter(({ state }) => state === 'denied').length;
  const people = new Set(rows.map(({ requestedBy }) => requestedBy)).size;
  await notify(change, policy, 'requests-ended-often', {
    key: `${person.guid}:${change.now.toISOString().slice(0, 10)}`,
    line: [
      `${person.displayName} has ended ${counted(rows.length, 'request')} of ${counted(people, 'other person', 'other people')} within 24 hours: denied ${denied}, taken back ${rows.length - denied}. Ask whether that was right`,
    ],
  });
}
