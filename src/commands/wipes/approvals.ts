import { z } from 'zod';
import { describeWaiting } from '../../incidents/approvals/waiting.ts';
import type { Block, Intent } from '../../message/model.ts';
import { button, buttons, note } from '../../message/text.ts';
import { longestLabel, shortened } from '../../message/words.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

const mostListed = 20;

export const approvalsCommand = defineCommand({
  id: 'approvals',
  topic: 'wipes',
  patterns: ['approvals', 'what waits'],
  examples: ['approvals'],
  args: z.object({}),
  roles: ['helpdesk', 'approver', 'security', 'admin'],
  effect: 'read',
  intents: [
    {
      title: 'Show what waits for a decision',
      needs: ['waiting', ['question', 'which', 'may', 'approve', 'self', 'number']],
      likes: ['question', 'which'],
      never: ['approvers', 'who', 'giveUp', 'wait', 'person', 'app'],
      about: 'nothing',
    },
  ],
  summary: 'What waits for a decision',
  async run({ store, approvals: waiting }) {
    const rows = await store.db
      .selectFrom('approval')
      .selectAll()
      .where('state', '=', 'waiting')
      .orderBy('expiresAt')
      .limit(mostListed + 1)
      .execute();
    if (rows.length === 0) return privateAnswer('Nothing waits for a decision.');
    const blocks: Block<Intent>[] = [];
    for (const { approval, what, line } of await describeWaiting(waiting, store.db, rows.slice(0, mostListed))) {
      blocks.push(
        { kind: 'text', text: line },
        buttons(
          // It shows the whole of it; a line is not what somebody decides on.
          button(shortened(`Show: ${what}`, longestLabel), 'approve', { approval: approval.id }),
          button('Deny…', 'deny', { approval: approval.id }),
        ),
      );
    }
    if (rows.length > mostListed) blocks.push(note('… and more, which expire later: "approve INC-…" shows them.'));
    return { private: { title: 'Waiting for a decision', tone: 'neutral', blocks } };
  },
});
