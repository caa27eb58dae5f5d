/** The last way out of suspension: on the host, by whoever may read the bot's configuration there. */
import type { Person } from '../../directory/person.ts';
import { strong } from '../../message/text.ts';
import { namesInList } from '../../message/words.ts';
import { notify } from '../../notices/notify.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import { replyOnIncident } from '../incident/reply.ts';
import { accountsNotTold } from './rights.ts';
import { endSuspensions } from './suspension.ts';

/**
 * Gives a person everything back, audits it under the operating system's user, and tells everybody: security, helpdesk and approvals
 * channels, the threads of the incidents, and privately everybody of security and every admin. Answers the incidents; none: nothing
 * suspended them.
 */
export async function restoreFromHost(
  change: Change,
  policy: Policy,
  input: { person: Person; processUser: string; reason: string },
): Promise<number[]> {
  const { person, processUser, reason } = input;
  const incidents = await endSuspensions(change, policy, { person, by: null, reason });
  if (incidents.length === 0) return incidents;
  change.audit({
    action: 'roles.restored-on-host',
    subject: `person:${person.guid}`,
    actor: { guid: null, identity: `process:${processUser}` },
    data: { incidents, reason },
  });
  const who = `by the user ${processUser} of the host: ${reason}`;
  for (const incident of incidents) {
    await replyOnIncident(change, incident, 'danger', `${person.displayName} has their roles back`, `, ${who}`);
  }
  const of = namesInList(
    incidents.map((incident) => `INC-${incident}`),
    'and',
  );
  await notify(change, policy, 'roles-restored-on-host', {
    about: [person.guid],
    line: [
      strong(`${person.displayName} has their roles back`),
      `, ${who}. They were suspended by ${of}. Nobody in chat agreed: if you do not know of it, say "lock wipes" and look at the host`,
    ],
    without: await accountsNotTold(change.tx, policy, person.organisation, [person.guid]),
  });
  return incidents;
}
