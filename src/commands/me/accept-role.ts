import { z } from 'zod';
import { isMailboxOf } from '../../directory/holders.ts';
import { acceptGrant, coolsUntil } from '../../incidents/roles/cooling.ts';
import { acceptStoredGrant, coolingOf, storedGrants } from '../../incidents/roles/grants.ts';
import { notifySecurity } from '../../notices/security.ts';
import { choosePerson, PersonArgument, privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';

/** Two admins whose own role is not new let a new role decide before its 24 hours are over. */
export const acceptRoleCommand = defineCommand({
  id: 'accept-role',
  topic: 'me',
  patterns: ['accept (role|roles) [of] <person>'],
  examples: ['accept role Otto'],
  args: z.object({ person: PersonArgument }),
  roles: ['admin'],
  effect: 'change',
  summary: 'Accept a new role of somebody before it has cooled off; two admins must',
  async run(context, { person: name }) {
    const { actor, store, policy } = context;
    const chosen = await choosePerson(context, name, (guid) => ({ command: 'accept-role', args: { person: guid } }));
    if (chosen.kind === 'answer') return chosen.answer;
    const person = chosen.value;
    const { organisation } = actor.person;
    const identities = policy.people
      .filter((entry) => isMailboxOf(entry.mailbox, person))
      .flatMap((entry) => entry.identities);
    const outcome = await store.change(async (change) => {
      const cooling = await coolingOf(
        change.tx,
        { organisation, identity: actor.identity, roles: actor.roles },
        change.now,
      );
      // Locked, so that two admins who accept at once both count.
      await change.tx
        .selectFrom('roleGrant')
        .select('role')
        .where('organisation', '=', organisation)
        .where('identity', 'in', identities.length === 0 ? [''] : identities)
        .forUpdate()
        .execute();
      const grants = (await storedGrants(change.tx, organisation, identities)).filter(
        (grant) => coolsUntil(grant, change.now) !== null,
      );
      if (grants.length === 0) return 'nothing' as const;
      let complete = true;
      for (const grant of grants) {
        const acceptor = { guid: actor.person.guid, roles: actor.roles, cooling };
        const accepted = acceptGrant({ grant, holder: person.guid, acceptor, now: change.now });
        if (accepted.kind === 'refusal') {
          throw refusal(accepted.code, accepted.userMessage);
        }
        await acceptStoredGrant(change.tx, organisation, grant, accepted.acceptedBy);
        complete &&= accepted.complete;
        change.audit({
          action: 'role.accepted',
          subject: `person:${person.guid}`,
          actor: { guid: actor.person.guid, identity: actor.identity },
          data: { role: grant.role, complete: accepted.complete },
        });
      }
      const roles = [...new Set(grants.map((grant) => grant.role))].join(', ');
      await notifySecurity(change, policy, {
        tone: 'warning',
        line: [
          `${actor.person.displayName} accepted the new role of ${person.displayName} (${roles})`,
          complete ? ': it decides from now on' : '; a second admin must too',
        ],
      });
      return complete ? ('complete' as const) : ('one' as const);
    });
    switch (outcome) {
      case 'nothing':
        return privateAnswer(`No role of ${person.displayName} is new: what policy.yaml grants decides already.`);
      case 'complete':
        return privateAnswer(`The role of ${person.displayName} decides from now on.`);
      case 'one':
        return privateAnswer('Noted. A second admin, whose own role is not new, must accept it too.');
    }
  },
});
