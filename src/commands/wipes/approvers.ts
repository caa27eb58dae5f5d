import { z } from 'zod';
import { holdersOfRight } from '../../incidents/roles/rights.ts';
import { namesInList } from '../../message/words.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const approversCommand = defineCommand({
  id: 'approvers',
  topic: 'wipes',
  patterns: ['approvers', 'who (can|may) approve'],
  examples: ['approvers', 'who can approve'],
  args: z.object({}),
  roles: ['helpdesk', 'approver', 'security', 'admin'],
  effect: 'read',
  intents: [
    {
      title: 'Show who may approve',
      needs: [
        ['who', 'which'],
        ['approve', 'approvers', 'assent'],
      ],
      likes: ['may', 'approvers'],
      never: ['number', 'audit', 'person', 'decided'],
      about: 'nothing',
    },
  ],
  summary: 'Who may approve a wipe now',
  details: 'Whoever asked for a wipe, and whose phone it is, cannot approve it.',
  async run({ store, policy, organisation, clock }) {
    const people = await holdersOfRight(store.db, policy, organisation, 'decide', clock.now());
    const names = people.map(({ displayName }) => displayName);
    if (names.length === 0) return privateAnswer('Nobody may approve wipes now. Call an admin.');
    return privateAnswer(
      `${namesInList(names, 'and')} may approve wipes now: not one that they asked for, nor of their own phone.`,
    );
  },
});
