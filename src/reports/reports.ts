/** Summaries on a schedule: every due time is stored, and the sweep decides what is due. */
import type { Kysely, Selectable } from 'kysely';
import { showBlocked } from '../apps/show.ts';
import type { Actor } from '../directory/actor.ts';
import type { Organisation } from '../ground/identifiers.ts';
import { heartbeatSummary } from '../heartbeat/show.ts';
import type { JobContext } from '../incidents/job.ts';
import type { Policy } from '../policy.ts';
import type { Change } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import type { AppReportTable } from '../store/tables/apps.ts';
import { nextTime, type Schedule } from './schedule.ts';

export type AppReport = Selectable<AppReportTable>;

export async function scheduleReport(
  change: Change,
  policy: Policy,
  input: { organisation: Organisation; place: string; schedule: Schedule; by: Actor; what: AppReport['what'] },
): Promise<AppReport> {
  const { organisation, place, schedule, by, what } = input;
  const { timeZone } = policy;
  const report = await change.tx
    .insertInto('appReport')
    .values({
      organisation,
      what,
      place,
      cron: schedule.cron,
      timeZone,
      words: schedule.words,
      requestedBy: by.person.guid,
      requestedAt: change.now,
      nextAt: nextTime(schedule.cron, timeZone, change.now),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await change.enqueue('send-report', { report: report.id }, { key: String(report.id), dueAt: report.nextAt });
  change.audit({
    action: 'report.scheduled',
    subject: `report:${report.id}`,
    actor: { guid: by.person.guid, identity: by.identity },
    data: { what: report.what, cron: report.cron },
  });
  return report;
}

export async function runningReports(db: Kysely<Database>, organisation: Organisation): Promise<AppReport[]> {
  return db
    .selectFrom('appReport')
    .selectAll()
    .where('organisation', '=', organisation)
    .where('stoppedAt', 'is', null)
    .orderBy('id')
    .execute();
}

/** false: there is no such report that runs. */
export async function stopReport(change: Change, organisation: Organisation, id: number, by: Actor): Promise<boolean> {
  const stopped = await change.tx
    .updateTable('appReport')
    .set({ stoppedAt: change.now })
    .where('id', '=', id)
    .where('organisation', '=', organisation)
    .where('stoppedAt', 'is', null)
    .executeTakeFirst();
  if (stopped.numUpdatedRows === 0n) return false;
  change.audit({
    action: 'report.stopped',
    subject: `report:${id}`,
    actor: { guid: by.person.guid, identity: by.identity },
    data: {},
  });
  return true;
}

/** Posts what is due and stores the next time. A run that comes twice posts once: the due time is the post's key. */
export async function sendReport(context: JobContext, id: number): Promise<void> {
  const { store, clock } = context;
  const report = await store.db.selectFrom('appReport').selectAll().where('id', '=', id).executeTakeFirst();
  if (report === undefined || report.stoppedAt !== null) return;
  if (report.nextAt > clock.now()) {
    await store.change((change) => again(change, report.nextAt));
    return;
  }
  const message =
    report.what === 'heartbeat'
      ? await heartbeatSummary(context, report.organisation)
      : await showBlocked(context, report.organisation, { names: false });
  await store.change(async (change) => {
    // However long the bot was away, what was missed is posted once.
    const nextAt = nextTime(report.cron, report.timeZone, change.now);
    const moved = await change.tx
      .updateTable('appReport')
      .set({ nextAt })
      .where('id', '=', id)
      .where('nextAt', '=', report.nextAt)
      .where('stoppedAt', 'is', null)
      .executeTakeFirst();
    if (moved.numUpdatedRows === 0n) return;
    await change.notice([report.place], message, `report:${id}:${report.nextAt.toISOString()}`);
    await again(change, nextAt);
  });

  async function again(change: Change, dueAt: Date): Promise<void> {
    await change.enqueue('send-report', { report: id }, { key: String(id), dueAt });
  }
}
