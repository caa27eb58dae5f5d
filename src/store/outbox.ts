import { sql, type Transaction } from 'kysely';
import type { Identity, Place } from '../ground/addresses.ts';
import type { Ids } from '../ground/clock.ts';
import { after, second } from '../ground/durations.ts';
import type { DraftMessage } from '../message/model.ts';
import type { Change, EnqueueOptions, Subject } from './port.ts';
import type { Database } from './schema.ts';
import type { Lane } from './work.ts';

/** The outbox of one change: its rows commit or vanish with the facts. */
export type ChangeOutbox = Pick<
  Change,
  'card' | 'personalCard' | 'refresh' | 'reply' | 'notice' | 'privately' | 'home'
> & {
  work(job: string, payload: unknown, options?: EnqueueOptions): Promise<void>;
  /** Writes what waits for the end of the change, and answers which of its work is due now or within a second. */
  flush(): Promise<{ id: number; dueAt: Date }[]>;
};

/** The job that delivers to one place or one identity; its key is that target. */
const deliverJob = 'deliver';

export function createChangeOutbox(input: {
  tx: Transaction<Database>;
  now: Date;
  ids: Ids;
  laneOf: (job: string) => Lane;
}): ChangeOutbox {
  const { tx, now, ids, laneOf } = input;
  const soon = new Map<number, Date>();
  const soonBefore = after(now, second).getTime();
  const targets = new Set<Place | Identity>();
  const stale = new Set<Subject>();

  type Wish = { job: string; lane: Lane; payload: unknown; options?: EnqueueOptions | undefined };

  async function upsertWork(wishes: readonly Wish[]): Promise<void> {
    const rows = await tx
      .insertInto('work')
      .values(
        wishes.map(({ job, lane, payload, options = {} }) => ({
          job,
          key: options.key ?? null,
          payload: JSON.stringify(payload),
          lane: lane === 'exchange' && options.dueAt !== undefined && options.dueAt > now ? 'rounds' : lane,
          dueAt: options.dueAt ?? now,
          createdAt: now,
        })),
      )
      .onConflict((conflict) =>
        conflict
          .columns(['job', 'key'])
          .where('state', '=', sql.lit('waiting'))
          .where('key', 'is not', null)
          .doUpdateSet({
            // The last wish knows best what to do; the earliest wish says when.
            payload: (eb) => eb.ref('excluded.payload'),
            dueAt: sql<Date>`least(work.due_at, excluded.due_at)`,
            revision: sql<number>`work.revision + 1`,
            // Somebody waits for it now. One that is on its way already runs again when it ends.
            lane: sql<Lane>`case when excluded.lane = 'rounds' or work.enqueued_at is not null then work.lane else excluded.lane end`,
          }),
      )
      .returning(['id', 'dueAt'])
      .execute();
    for (const { id, dueAt } of rows) if (dueAt.getTime() <= soonBefore) soon.set(id, dueAt);
  }

  async function addCard(subject: Subject, place: Place | Identity, personal: boolean): Promise<void> {
    await tx
      .insertInto('card')
      .values({ subject, place, personal, postKey: ids.token(), dueAt: now, createdAt: now })
      .onConflict((conflict) => conflict.columns(['subject', 'place']).doUpdateSet(again(now)))
      .execute();
    targets.add(place);
  }

  async function addDelivery(row: {
    kind: 'reply' | 'private' | 'notice' | 'home';
    target: Place | Identity;
    cardId?: number;
    draft?: DraftMessage;
    key: string;
  }): Promise<void> {
    const personal = row.kind === 'private' || row.kind === 'home';
    await tx
      .insertInto('delivery')
      .values({
        kind: row.kind,
        cardId: row.cardId ?? null,
        place: personal ? null : row.target,
        identity: personal ? row.target : null,
        draft: row.draft === undefined ? null : JSON.stringify(row.draft),
        key: row.key,
        dueAt: now,
        createdAt: now,
      })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute();
    targets.add(row.target);
  }

  const keyFor = (target: string, key: string | undefined) => (key === undefined ? ids.token() : `${key}@${target}`);

  return {
    work: (job, payload, options) => upsertWork([{ job, lane: laneOf(job), payload, options }]),
    card: async (subject, places) => {
      for (const place of inOrder(places)) await addCard(subject, place, false);
    },
    personalCard: async (subject, identities) => {
      for (const identity of inOrder(identities)) await addCard(subject, identity, true);
    },
    refresh: async (subject) => {
      stale.add(subject);
    },
    reply: async (subject, draft, options = {}) => {
      let cards = tx.selectFrom('card').select(['id', 'place']).where('subject', '=', subject).orderBy('id');
      if (options.place !== undefined) cards = cards.where('place', '=', options.place);
      for (const { id, place } of await cards.execute()) {
        await addDelivery({ kind: 'reply', target: place, cardId: id, draft, key: ids.token() });
      }
    },
    notice: async (places, draft, key) => {
      for (const place of inOrder(places))
        await addDelivery({ kind: 'notice', target: place, draft, key: keyFor(place, key) });
    },
    privately: (identity, draft, key) =>
      addDelivery({ kind: 'private', target: identity, draft, key: keyFor(identity, key) }),
    home: (identity) => addDelivery({ kind: 'home', target: identity, key: ids.token() }),
    flush: async () => {
      if (stale.size > 0) {
        const cards = tx.updateTable('card').set(again(now)).where('subject', 'in', inOrder(stale));
        for (const { place } of await cards.returning('place').execute()) targets.add(place);
      }
      // At the end and in one order, so that changes which write to the same places do not block each other crosswise. All at once:
      // from here to the commit others who write to one of these places wait.
      if (targets.size > 0) {
        await upsertWork(
          inOrder(targets).map((target) => ({
            job: deliverJob,
            lane: 'deliveries',
            payload: { target },
            options: { key: target },
          })),
        );
      }
      return [...soon].map(([id, dueAt]) => ({ id, dueAt }));
    },
  };
}

/** One more state to show; a card that already waits keeps its due time, which the platform may have put off. */
function again(now: Date) {
  return {
    wanted: sql<number>`card.wanted + 1`,
    dueAt: sql<Date>`case when card.wanted > card.shown then card.due_at else ${now}::timestamptz end`,
  };
}

function inOrder<Name extends string>(names: Iterable<Name>): Name[] {
  return [...new Set(names)].sort();
}
