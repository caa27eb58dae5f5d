import { z } from 'zod';
import { humanOf, isEntryOf } from '../../directory/holders.ts';
import { acceptGrant, coolsUntil } from '../../incidents/roles/cooling.ts';
import { acceptStoredGrant, coolingOf, storedGrants } from '../../incidents/roles/grants.ts';
import { notify } from '../../notices/notify.ts';
import { PersonArgument, privateAnswer } from '../arguments.ts';
import { refusal } from '../refusal.ts';
import { definePersonCommand } from '../targets.ts';

/** Two admins whose own role is not new let a new role decide before its 24 hours are over. */
export const acceptRoleCommand = definePersonCommand({
  id: 'accept-role',
  topic: 'me',
  patterns: ['accept (role|roles) [of] <person>'],
  examples: ['accept role Otto'],
  args: z.object({ person: PersonArgument }),
  roles: ['admin'],
  effect: 'change',
  summary: 'Accept a new role of somebody before it has cooled off; two admins must',
  async run({ actor, store, policy }, _args, person) {
    const { organisation } = actor.person;
    const holder = await humanOf(store.db, policy, person.guid);
    const identities = policy.people.filter((entry) => isEntryOf(entry, person)).flatMap((entry) => entry.identities);
    return store.change(async (change) => {
      const { identity, roles } = actor;
      const cooling = await coolingOf(change.tx, { organisation, identity, roles }, change.now);
      // Locked, so that two admins who accept at once both count.
      await change.tx
        .selectFrom('roleGrant')
        .select('role')
        .where('organisation', '=', organisation)
        .where('identity', 'in', identities.length === 0 ? [''] : identities)
        .forUpdate()
        .execute();
      const stored = await storedGrants(change.tx, organisation, identities);
      const grants = stored.filter((grant) => coolsUntil(grant, change.now) !== null);
      if (grants.length === 0)
        return privateAnswer(`No role of ${person.displayName} is new: what policy.yaml grants decides already.`);
      let complete = true;
      const acceptor = { guid: actor.person.guid, roles, cooling };
      for (const grant of grants) {
        const accepted = acceptGrant({ grant, holder, acceptor, now: change.now });
        if (accepted.kind === 'refusal') throw refusal(accepted.code, accepted.userMessage);
        await acceptStoredGrant(change.tx, organisation, grant, accepted.acceptedBy);
        complete &&= accepted.complete;
        change.audit({
          action: 'role.accepted',
          subject: `person:${person.guid}`,
          actor: { guid: actor.person.guid, identity },
          data: { role: grant.role, complete: accepted.complete },
        });
      }
      const names = [...new Set(grants.map((grant) => grant.role))].join(', ');
      await notify(change, policy, 'role-accepted', {
        line: [
          `${actor.person.displayName} accepted the new role of ${person.displayName} (${names})`,
          complete ? ': it decides from now on' : '; a second admin must too',
        ],
      });
      return privateAnswer(
        complete
          ? `The role of ${person.displayName} decides from now on.`
          : 'Noted. A second admin, whose own role is not new, must accept it too.',
      );
    });
  },
});
