import { z } from 'zod';
import { dimensions } from '../src/apps/overview.ts';
import { appsNow, showApp, showApps, showBlocked, showNewApps } from '../src/apps/show.ts';
import { day, second } from '../src/ground/durations.ts';
import { defineJob, type JobContext } from '../src/incidents/job.ts';
import type { DraftMessage } from '../src/message/model.ts';
import { remark } from '../src/message/text.ts';
import type { Change } from '../src/store/port.ts';

const Payload = z.object({
  organisation: z.enum(['real', 'lab']),
  view: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('apps'), by: z.enum(dimensions) }),
    z.object({ kind: z.literal('new') }),
    z.object({ kind: z.literal('blocked') }),
    z.object({ kind: z.literal('app'), app: z.string() }),
  ]),
  person: z.string(),
  identity: z.string(),
  token: z.string(),
});
type Payload = z.infer<typeof Payload>;

export const showAppsJob = defineJob({
  name: 'show-apps',
  does: 'Reads devices and logs and answers which apps are used, by whom, and what is new',
  lane: 'exchange',
  payload: Payload,
  retryAfter: (failures) => (failures < 4 ? 5 * second * failures : undefined),
  async run(context, payload) {
    const message = await answer(context, payload);
    await context.store.change(async (change) => {
      await change.privately(payload.identity, message, `apps:${payload.token}`);
      if (payload.view.kind === 'apps' || payload.view.kind === 'new') await remember(change, payload);
    });
  },
  async onGivenUp({ store }, { identity, token }) {
    const message = remark('danger', 'I could not read devices and logs now. Ask again later.');
    await store.change((change) => change.privately(identity, message, `apps:${token}`));
  },
});

async function answer(context: JobContext, { organisation, view, person }: Payload): Promise<DraftMessage> {
  if (view.kind === 'blocked') return showBlocked(context, organisation, { names: true });
  const found = await appsNow(context, organisation);
  if (view.kind === 'app') return showApp(context, found, view.app);
  const look = await context.store.db
    .selectFrom('appLook')
    .select('lookedAt')
    .where('organisation', '=', organisation)
    .where('personGuid', '=', person)
    .executeTakeFirst();
  const newSince = look?.lookedAt ?? new Date(found.now.getTime() - 7 * day);
  return view.kind === 'new' ? showNewApps(context, found, newSince) : showApps(context, found, view.by, newSince);
}

async function remember({ tx, now }: Change, { organisation, person }: Payload): Promise<void> {
  await tx
    .insertInto('appLook')
    .values({ organisation, personGuid: person, lookedAt: now })
    .onConflict((conflict) => conflict.columns(['organisation', 'personGuid']).doUpdateSet({ lookedAt: now }))
    .execute();
}
