import { z } from 'zod';
import { reviewDueAt } from '../src/incidents/break-glass/rules.ts';
import { record } from '../src/incidents/incident/timeline.ts';
import { namesOf } from '../src/incidents/incident/view.ts';
import { defineJob } from '../src/incidents/job.ts';
import { strong } from '../src/message/text.ts';
import { notify } from '../src/notices/notify.ts';

export const remindReviewJob = defineJob({
  name: 'remind-review',
  does: 'Reminds security each day of a break-glass that nobody else has reviewed',
  lane: 'upkeep',
  payload: z.object({ review: z.number().int() }),
  async run({ store, policy }, { review: id }) {
    await store.change(async (change) => {
      const review = await change.tx
        .selectFrom('wipeReview')
        .selectAll()
        .where('id', '=', id)
        .forUpdate()
        .executeTakeFirst();
      if (review === undefined || review.closedAt !== null) return;
      if (change.now < review.dueAt) return;
      const times = review.remindedTimes + 1;
      // Each day's reminder is one step, however often this job runs.
      const next = reviewDueAt(change.now);
      await change.tx.updateTable('wipeReview').set({ remindedTimes: times }).where('id', '=', id).execute();
      await record(change, {
        incident: review.incidentNumber,
        kind: 'break-glass.review-due',
        by: null,
        data: { wipe: review.wipeId, times },
      });
      const names = await namesOf(change.tx, [review.actorGuid]);
      await notify(change, policy, 'review-due', {
        incident: review.incidentNumber,
        line: [
          strong(times === 1 ? 'a review is due' : `a review is due for ${times} days`),
          `: ${names.get(review.actorGuid) ?? 'somebody'} broke the glass. Somebody else says "review INC-${review.incidentNumber} because …"`,
        ],
        key: `${id}:${times}`,
      });
      await change.enqueue('remind-review', { review: id }, { key: `${id}-${times}`, dueAt: next });
    });
  },
});
