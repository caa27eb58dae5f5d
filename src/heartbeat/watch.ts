/** Looks again and again: keeps the look, tells what is new in it, and that something is over. */
import { z } from 'zod';
import { freshenLogs } from '../apps/freshen.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { JobContext } from '../incidents/job.ts';
import type { DraftMessage } from '../message/model.ts';
import { button, buttons, list, note, paragraph, strong, text, time } from '../message/text.ts';
import type { Policy } from '../policy.ts';
import type { Change } from '../store/port.ts';
import { type AlertStep, alertSteps, type StandingAlert } from './alerts.ts';
import { keepLook, pruneLooks } from './looks.ts';
import { takeLook } from './take-look.ts';

const Detail = z.object({ before: z.record(z.string(), z.string()).optional() });
const Cause = z.enum(['event-1040', 'average-near', 'values-changed']);

export async function watchHeartbeat(context: JobContext, organisation: Organisation): Promise<void> {
  const { store, clock, policy } = context;
  const servers = context.servers(organisation);
  if (servers.list().length === 0) return;
  await freshenLogs(context, organisation);
  const now = clock.now();
  const look = await takeLook({ db: store.db, servers, policy, organisation, now });
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: policy.timeZone }).format(now);
  await store.change(async (change) => {
    const previous = await keepLook(change.tx, organisation, look);
    const standing = await standingAlerts(change, organisation);
    for (const step of alertSteps({ previous, look, standing, now, today })) {
      await take(change, policy, organisation, step, today);
    }
  });
  await pruneLooks(store.db, now);
}

async function standingAlerts({ tx }: Change, organisation: Organisation): Promise<StandingAlert[]> {
  // Two processes may look at the same time; the second one sees what the first one told.
  const rows = await tx
    .selectFrom('heartbeatAlert')
    .selectAll()
    .where('organisation', '=', organisation)
    .forUpdate()
    .execute();
  return rows.map(({ server, cause, since, toldOn, detail }) => {
    const { before } = Detail.parse(detail);
    return { server, cause: Cause.parse(cause), since, toldOn, ...(before === undefined ? {} : { before }) };
  });
}

async function take(
  change: Change,
  policy: Policy,
  organisation: Organisation,
  step: AlertStep,
  today: string,
): Promise<void> {
  const places = [...new Set([...policy.channels.security, ...policy.channels.mailOperations])];
  const { server, cause } = step.kind === 'raise' ? step.alert : step;
  if (step.kind === 'raise') {
    const { since, toldOn, before } = step.alert;
    const detail = JSON.stringify(before === undefined ? {} : { before });
    await change.tx
      .insertInto('heartbeatAlert')
      .values({ organisation, server, cause, since, toldOn, detail })
      .onConflict((conflict) => conflict.columns(['organisation', 'server', 'cause']).doUpdateSet({ toldOn, detail }))
      .execute();
  } else {
    await change.tx
      .deleteFrom('heartbeatAlert')
      .where('organisation', '=', organisation)
      .where('server', '=', server)
      .where('cause', '=', cause)
      .execute();
  }
  if (step.kind === 'forget') return;
  const once = step.kind === 'raise' && cause !== 'values-changed' ? today : change.now.toISOString();
  await change.notice(places, alertMessage(step), `heartbeat:${organisation}:${server}:${cause}:${step.kind}:${once}`);
}

export function alertMessage(step: Exclude<AlertStep, { kind: 'forget' }>): DraftMessage {
  const [first = '', ...rest] = step.lines;
  const since = step.kind === 'raise' ? step.alert.since : step.since;
  const server = step.kind === 'raise' ? step.alert.server : step.server;
  return {
    title: step.title,
    tone: step.kind === 'raise' ? step.tone : 'success',
    blocks: [
      paragraph(strong(first)),
      ...(rest.length === 0 ? [] : [list(...rest.map((line) => text(line)))]),
      note(step.kind === 'raise' ? 'Since ' : 'It had begun ', time(since), '.'),
      buttons(button(`Show ${server}`, 'heartbeat', { server }, { epoch: since.toISOString() })),
    ],
  };
}
