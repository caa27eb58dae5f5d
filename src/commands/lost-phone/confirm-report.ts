import { z } from 'zod';
import { requireCurrentRole } from '../../incidents/roles/current-roles.ts';
import { confirmSuspension } from '../../incidents/roles/suspension.ts';
import { IncidentArgument, privateAnswer } from '../arguments.ts';
import { defineIncidentCommand } from '../targets.ts';

/** One reporter's second report of somebody with rights takes nothing from them before somebody else says that it is right. */
export const confirmReportCommand = defineIncidentCommand({
  id: 'confirm-report',
  topic: 'lost-phone',
  patterns: ['confirm report <incident>'],
  examples: ['confirm report INC-104'],
  args: z.object({ incident: IncidentArgument }),
  roles: ['security', 'admin'],
  effect: 'change',
  ownersMay: true,
  summary: 'Say that a report that waits for a word is right: its owner loses every role until they are restored',
  async run({ actor, store, policy }, { incident }, { owner }) {
    await store.change(async (change) => {
      await requireCurrentRole(change.tx, actor, ['security', 'admin'], change.now);
      await confirmSuspension(change, policy, { owner, incident, by: actor });
    });
    return privateAnswer(
      `${owner.displayName} holds only what every user holds now, until somebody says "restore ${owner.displayName} because …".`,
    );
  },
});
