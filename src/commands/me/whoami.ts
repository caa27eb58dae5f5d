import { z } from 'zod';
import { code, person, text } from '../../message/text.ts';
import type { Role } from '../../policy.ts';
import { defineCommand } from '../command.ts';

export const whoamiCommand = defineCommand({
  id: 'whoami',
  topic: 'me',
  patterns: ['whoami', 'who am i'],
  examples: ['whoami'],
  args: z.object({}),
  roles: ['user'],
  effect: 'read',
  anyPlace: true,
  summary: 'Who you are to me, and what you hold',
  async run({ actor, place, organisation }) {
    const { roles, grantedRoles, suspendedBy, identity } = actor;
    const suspended = new Set([...grantedRoles].filter((role) => !roles.has(role)));
    return {
      private: {
        title: 'You',
        tone: 'neutral',
        blocks: [
          {
            kind: 'fields',
            fields: [
              { label: 'Person', value: text(person(actor.person), ` (${actor.person.primarySmtp})`) },
              { label: 'Chat account', value: text(code(identity)) },
              { label: 'You hold', value: text(named(roles)) },
              ...(suspended.size === 0
                ? []
                : [
                    {
                      label: 'Suspended',
                      value: text(
                        `${named(suspended)}, because a device of your own was reported (${suspendedBy.map((number) => `INC-${number}`).join(', ')}), until security or an admin restores you`,
                      ),
                    },
                  ]),
              { label: 'Here', value: text(place === undefined ? 'a private conversation' : code(place)) },
              {
                label: 'Exchange',
                value: text(organisation === 'lab' ? 'the lab: no real phone' : 'the real organisation'),
              },
            ],
          },
        ],
      },
    };
  },
});

function named(roles: ReadonlySet<Role>): string {
  return [...roles].join(', ');
}
