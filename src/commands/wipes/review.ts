import { z } from 'zod';
import { incidentSubject, record } from '../../incidents/incident/timeline.ts';
import { requireCurrentRole } from '../../incidents/roles/current-roles.ts';
import { paragraph, strong } from '../../message/text.ts';
import { notifySecurity } from '../../notices/security.ts';
import { IncidentArgument, incidentFor, privateAnswer, ReasonArgument } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';

export const reviewCommand = defineCommand({
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
    await incidentFor(context, incident);
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
      for (const row of others) {
        await change.tx
          .updateTable('wipeReview')
          .set({ closedAt: change.now, closedBy: actor.person.guid, finding })
          .where('id', '=', row.id)
          .execute();
        await record(change, {
          incident,
          kind: 'break-glass.reviewed',
          by: actor,
          data: { wipe: row.wipeId, finding, usedBy: row.actorGuid },
        });
      }
      await change.reply(incidentSubject(incident), {
        tone: 'neutral',
        blocks: [paragraph(strong(`Break-glass reviewed by ${actor.person.displayName}:`), ` ${finding}`)],
      });
      await notifySecurity(change, policy, {
        incident,
        line: [`break-glass reviewed by ${actor.person.displayName}: ${finding}`],
      });
    });
    return privateAnswer(`Noted. The review of INC-${incident} is closed.`);
  },
});
