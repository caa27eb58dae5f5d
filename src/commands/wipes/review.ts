import { z } from 'zod';
import { replyOnIncident } from '../../incidents/incident/reply.ts';
import { record } from '../../incidents/incident/timeline.ts';
import { requireCurrentRole } from '../../incidents/roles/current-roles.ts';
import { notify } from '../../notices/notify.ts';
import { IncidentArgument, privateAnswer, ReasonArgument } from '../arguments.ts';
import { refusal } from '../refusal.ts';
import { defineIncidentCommand } from '../targets.ts';

export const reviewCommand = defineIncidentCommand({
  id: 'review',
  topic: 'wipes',
  patterns: ['review <incident> because <finding...>'],
  examples: ['review INC-104 because the call was real and nobody else could be reached'],
  args: z.object({ incident: IncidentArgument, finding: ReasonArgument }),
  roles: ['approver', 'security', 'admin'],
  effect: 'change',
  summary: 'Review a wipe for which somebody else broke the glass',
  async run(context, { incident, finding }) {
    const { actor, store, policy, clock } = context;
    await requireCurrentRole(store.db, actor, ['approver', 'security', 'admin'], clock.now());
    await store.change(async (change) => {
      const open = await change.tx
        .selectFrom('wipeReview')
        .selectAll()
        .where('incidentNumber', '=', incident)
        .where('closedAt', 'is', null)
        .orderBy('id')
        .forUpdate()
        .execute();
      if (open.length === 0) {
        throw refusal('nothing-to-review', `Nothing on INC-${incident} waits for a review.`);
      }
      const others = open.filter((row) => row.actorGuid !== actor.person.guid);
      if (others.length === 0) {
        throw refusal('review-own', 'You broke the glass yourself, so somebody else must review it.');
      }
      for (const { id, wipeId, actorGuid } of others) {
        await change.tx
          .updateTable('wipeReview')
          .set({ closedAt: change.now, closedBy: actor.person.guid, finding })
          .where('id', '=', id)
          .execute();
        const data = { wipe: wipeId, finding, usedBy: actorGuid };
        await record(change, { incident, kind: 'break-glass.reviewed', by: actor, data });
      }
      const headline = `Break-glass reviewed by ${actor.person.displayName}:`;
      await replyOnIncident(change, incident, 'neutral', headline, ` ${finding}`);
      await notify(change, policy, 'break-glass-reviewed', {
        incident,
        line: [`break-glass reviewed by ${actor.person.displayName}: ${finding}`],
      });
    });
    return privateAnswer(`Noted. The review of INC-${incident} is closed.`);
  },
});
