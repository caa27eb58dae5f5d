import { freshenLogs } from '../apps/freshen.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { JobContext } from '../incidents/job.ts';
import type { DraftMessage } from '../message/model.ts';
import type { Look } from './look.ts';
import { keepLook } from './looks.ts';
import { showHeartbeat } from './show.ts';
import { takeLook } from './take-look.ts';

/** Reads what is new in the logs, looks, and keeps the look. `stillReading`: the first reading of the logs goes on. */
export async function lookNow(
  context: JobContext,
  organisation: Organisation,
): Promise<{ look: Look; stillReading: boolean }> {
  const { store, clock, policy } = context;
  const { stillReading } = await freshenLogs(context, organisation);
  const servers = context.servers(organisation);
  const look = await takeLook({ db: store.db, servers, policy, organisation, now: clock.now() });
  await keepLook(store.db, organisation, look);
  return { look, stillReading };
}

/** The report as a channel may read it, nobody named. */
export async function heartbeatSummary(context: JobContext, organisation: Organisation): Promise<DraftMessage> {
  const seen = await lookNow(context, organisation);
  return showHeartbeat({ db: context.store.db, log: context.log, organisation, personal: false, ...seen });
}
