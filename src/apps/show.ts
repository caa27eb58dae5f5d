/** The answers to `apps`, `apps new` and `app <name>`: read what is new, join, render. */
import { barsChart } from '../charts/bars.ts';
import { after, day } from '../ground/durations.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { JobContext } from '../incidents/job.ts';
import type { DraftMessage } from '../message/model.ts';
import { remark } from '../message/text.ts';
import { findKnownApp } from './block/find.ts';
import { loadBlocked } from './blocked.ts';
import { appMessage, appsMessage, newAppsMessage } from './cards/apps.ts';
import { blockedMessage } from './cards/blocked.ts';
import { countTypes, countUses, listNewPhones, type UseCount } from './counts.ts';
import { type Freshness, freshenLogs } from './freshen.ts';
import { type InventoryState, refreshInventory, storedInventory } from './inventory.ts';
import { networksOf } from './networks.ts';
import { optionalChart, requestsChart } from './optional-chart.ts';
import { type Dimension, isForeign, usesOf } from './overview.ts';
import { arePhonesFew, loadPhonesOf, summedAt, sumPhones, usageDays } from './phone-sums.ts';

const mostBars = 12;

export type AppsNow = {
  organisation: Organisation;
  /** When the phones were added up, where that is not now. */
  summed: Date | undefined;
  inventory: InventoryState;
  freshness: Freshness;
  now: Date;
};

/**
 * Everything as it is now: inventory, logs, and every phone of both added up. A large organisation's are as the last round of the watch
 * read them: nobody waits until Exchange has listed tens of thousands of phones.
 */
export async function appsNow(context: JobContext, organisation: Organisation): Promise<AppsNow> {
  const { db } = context.store;
  const known = await summedAt(db, organisation);
  const now = context.clock.now();
  if (known !== undefined && !(await arePhonesFew(db, organisation))) {
    const inventory = await storedInventory(db, organisation);
    return {
      organisation,
      inventory,
      freshness: await freshenLogs(context, organisation, { read: false }),
      now,
      summed: known,
    };
  }
  const inventory = await refreshInventory(context, organisation);
  const freshness = await freshenLogs(context, organisation);
  await sumPhones(db, organisation, context.clock.now());
  return { organisation, inventory, freshness, now: context.clock.now(), summed: undefined };
}

export async function showApps(
  { store, log }: JobContext,
  found: AppsNow,
  by: Dimension,
  newSince: Date,
): Promise<DraftMessage> {
  const uses = await countUses(store.db, found.organisation, by);
  const oddities = await store.db
    .selectFrom('logOddity')
    .select(({ fn }) => ['odd', 'text', fn.sum<number>('requests').as('requests')])
    .where('organisation', '=', found.organisation)
    .groupBy(['odd', 'text'])
    .orderBy('requests', 'desc')
    .execute();
  const unreadEdges = await store.db
    .selectFrom('logOddity')
    .select(({ fn }) => ['server', fn.sum<number>('requests').as('requests')])
    .where((is) => is.and({ organisation: found.organisation, kind: 'edge', odd: 'unreadable-line' }))
    .groupBy('server')
    .orderBy('server')
    .execute();
  const bars = uses.slice(0, mostBars).map((use) => ({ label: use.name, value: use.people, tone: toneOf(use) }));
  const alt = `People by ${by === 'app' ? 'mail app' : by}: ${bars.map(({ label, value }) => `${label} ${value}`).join(', ')}.`;
  const chart =
    uses.length < 2
      ? undefined
      : await optionalChart(log, store.db, { spec: barsChart(bars, 'people'), alt, now: found.now });
  return appsMessage({
    ...found,
    uses,
    types: await countTypes(store.db, found.organisation),
    by,
    newSince,
    oddities: oddities.map((row) => ({ ...row, requests: Number(row.requests) })),
    unreadEdges: unreadEdges.map((row) => ({ ...row, requests: Number(row.requests) })),
    chart,
  });
}

function toneOf(use: UseCount): 'good' | 'bad' | 'quiet' {
  if (use.app?.kind === 'third-party') return 'bad';
  return isForeign(use) ? 'quiet' : 'good';
}

export async function showNewApps({ store }: JobContext, found: AppsNow, newSince: Date): Promise<DraftMessage> {
  const uses = await countUses(store.db, found.organisation, 'app');
  const phones = await listNewPhones(store.db, found.organisation, newSince);
  return newAppsMessage({ ...found, uses, phones, newSince });
}

export async function showApp(context: JobContext, found: AppsNow, typed: string): Promise<DraftMessage> {
  const { db } = context.store;
  const { organisation } = found;
  const match = await findKnownApp(db, organisation, typed);
  if ('near' in match) return unknownApp(typed, match.near);
  const lookBack = after(found.now, -usageDays * day);
  const [use] = usesOf(await loadPhonesOf(db, { organisation, since: lookBack, app: match.app.key }), 'app');
  if (use === undefined) return unknownApp(typed, []);
  const { phones, name } = use;
  const since = after(found.now, -(usageDays - 1) * day);
  return appMessage({
    ...found,
    use,
    networks: networksOf(
      phones.flatMap(({ usage }) => usage.addresses),
      context.policy.networks,
    ),
    chart: await requestsChart(context, { phones, whose: name, since, now: found.now }),
  });
}

export function unknownApp(typed: string, near: readonly string[]): DraftMessage {
  return remark(
    'neutral',
    `No phone here comes with an app called “${typed}”.${didYouMean(near)} Say "apps" for all of them.`,
  );
}

/** Empty where nothing comes near. */
export function didYouMean(near: readonly string[]): string {
  return near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`;
}

/** The answer to `blocked apps`, and the summary of a report. */
export async function showBlocked(
  context: JobContext,
  organisation: Organisation,
  { names }: { names: boolean },
): Promise<DraftMessage> {
  const found = await appsNow(context, organisation);
  const rules = await context.store.db
    .selectFrom('accessRule')
    .selectAll()
    .where('organisation', '=', organisation)
    .where('goneAt', 'is', null)
    .execute();
  return blockedMessage({ ...found, blocked: await loadBlocked(context.store.db, organisation, rules), names });
}
