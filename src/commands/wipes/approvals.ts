import { z } from 'zod';
import { drillsAmong, incidentName } from '../../incidents/drill/drill.ts';
import { namesOf } from '../../incidents/incident/view.ts';
import type { Block, Intent } from '../../message/model.ts';
import { button, buttons, paragraph, strong, time } from '../../message/text.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const approvalsCommand = defineCommand({
  id: 'approvals',
  topic: 'wipes',
  patterns: ['approvals', 'what waits'],
  examples: ['approvals'],
  args: z.object({}),
  roles: ['helpdesk', 'approver', 'security', 'admin'],
  effect: 'read',
  summary: 'What waits for a decision',
  async run({ store, policy, approvals: waiting, clock }) {
    const rows = await store.db
      .selectFrom('approval')
      .selectAll()
      .where('state', '=', 'waiting')
      .orderBy('expiresAt')
      .limit(20)
      .execute();
    if (rows.length === 0) return privateAnswer('Nothing waits for a decision.');
    const names = await namesOf(
      store.db,
      rows.map((row) => row.requestedBy),
    );
    const drills = await drillsAmong(
      store.db,
      rows.map((row) => row.incidentNumber),
    );
    const blocks: Block<Intent>[] = [];
    for (const approval of rows) {
      const { title } = await waiting.describe({
        db: store.db,
        approval,
        now: clock.now(),
        policy,
      });
      blocks.push(
        paragraph(
          strong(
            approval.incidentNumber === null
              ? title
              : `${incidentName(approval.incidentNumber, drills.has(approval.incidentNumber))} · ${title}`,
          ),
          ` — asked by ${names.get(approval.requestedBy) ?? 'somebody'}, expires `,
          time(approval.expiresAt),
        ),
        buttons(
          button('Approve', 'approve', { approval: approval.id }, { style: 'primary' }),
          button('Deny…', 'deny', { approval: approval.id }),
        ),
      );
    }
    return { private: { title: 'Waiting for a decision', tone: 'neutral', blocks } };
  },
});
