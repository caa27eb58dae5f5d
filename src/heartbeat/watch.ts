/** Every quarter of an hour: stores a reading, and notifies of what is new in it and of what is over. */
import { z } from 'zod';
import { freshenLogs } from '../apps/freshen.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { JobContext } from '../incidents/job.ts';
import { notify } from '../notices/notify.ts';
import type { Policy } from '../policy.ts';
import type { Change } from '../store/port.ts';
import { type AlertStep, alertCauses, alertMessage, alertSteps, type OpenAlert } from './alerts.ts';
import { readHeartbeats } from './read-heartbeats.ts';
import { pruneReadings, storeReading } from './readings.ts';

const Detail = z.object({ before: z.record(z.string(), z.string()).optional() });
const Cause = z.enum(alertCauses);

export async function watchHeartbeat(context: JobContext, organisation: Organisation): Promise<void> {
  const { store, clock, policy } = context;
  const servers = context.servers(organisation);
  if (servers.list().length === 0) return;
  await freshenLogs(context, organisation);
  const now = clock.now();
  const reading = await readHeartbeats({ db: store.db, servers, policy, organisation, now });
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: policy.timeZone }).format(now);
  await store.change(async (change) => {
    const previous = await storeReading(change.tx, organisation, reading);
    const open = await openAlerts(change, organisation);
    for (const step of alertSteps({ previous, reading, open, now, today })) {
      await apply(change, policy, organisation, step, today);
    }
  });
  await pruneReadings(store.db, now);
}

async function openAlerts({ tx }: Change, organisation: Organisation): Promise<OpenAlert[]> {
  // Two processes may read at the same time; the second one sees what the first one posted.
  const rows = await tx
    .selectFrom('heartbeatAlert')
    .selectAll()
    .where('organisation', '=', organisation)
    .forUpdate()
    .execute();
  return rows.map(({ cause, detail, ...row }) => ({ ...row, cause: Cause.parse(cause), ...Detail.parse(detail) }));
}

async function apply(
  change: Change,
  policy: Policy,
  organisation: Organisation,
  step: AlertStep,
  today: string,
): Promise<void> {
  const { server, cause, since, kind } = step;
  if (kind === 'raise') {
    const row = { notifiedOn: today, detail: JSON.stringify({ before: step.before }) };
    await change.tx
      .insertInto('heartbeatAlert')
      .values({ organisation, server, cause, since, ...row })
      .onConflict((conflict) => conflict.columns(['organisation', 'server', 'cause']).doUpdateSet(row))
      .execute();
  } else {
    await change.tx
      .deleteFrom('heartbeatAlert')
      .where((is) => is.and({ organisation, server, cause }))
      .execute();
  }
  if (kind === 'forget') return;
  const once = kind === 'raise' && cause !== 'values-changed' ? today : change.now.toISOString();
  await notify(change, policy, kind === 'raise' ? 'heartbeat-alert' : 'heartbeat-over', {
    key: `${organisation}:${server}:${cause}:${once}`,
    message: alertMessage(step),
  });
}
