/** The answers to `apps`, `apps new` and `app <name>`: read what is new, join, render. */
import { barsChart } from '../charts/bars.ts';
import { after, day } from '../ground/durations.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { JobContext } from '../incidents/job.ts';
import type { DraftMessage } from '../message/model.ts';
import { remark } from '../message/text.ts';
import { blockedOf } from './blocked.ts';
import { appMessage, appsMessage, newAppsMessage, usageDays } from './cards/apps.ts';
import { blockedMessage } from './cards/blocked.ts';
import { type Freshness, freshenLogs } from './freshen.ts';
import { type InventoryState, refreshInventory } from './inventory.ts';
import { networksOf } from './networks.ts';
import { optionalChart, requestsChart } from './optional-chart.ts';
import { type Dimension, findApp, isForeign, type Use, usesOf } from './overview.ts';
import { loadPhones, type Phone } from './phones.ts';

const mostBars = 12;

export type AppsNow = {
  organisation: Organisation;
  phones: Phone[];
  inventory: InventoryState;
  freshness: Freshness;
  now: Date;
};

/** Everything as it is now: inventory, logs and both together. */
export async function appsNow(context: JobContext, organisation: Organisation): Promise<AppsNow> {
  const inventory = await refreshInventory(context, organisation);
  const freshness = await freshenLogs(context, organisation);
  const now = context.clock.now();
  const phones = await loadPhones(context.store.db, { organisation, since: after(now, -usageDays * day) });
  return { organisation, phones, inventory, freshness, now };
}

export async function showApps(
  { store, log }: JobContext,
  found: AppsNow,
  by: Dimension,
  newSince: Date,
): Promise<DraftMessage> {
  const uses = usesOf(found.phones, by);
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
    by,
    newSince,
    oddities: oddities.map((row) => ({ ...row, requests: Number(row.requests) })),
    unreadEdges: unreadEdges.map((row) => ({ ...row, requests: Number(row.requests) })),
    chart,
  });
}

function toneOf(use: Use): 'good' | 'bad' | 'quiet' {
  if (use.app?.kind === 'third-party') return 'bad';
  return isForeign(use) ? 'quiet' : 'good';
}

export function showNewApps(found: AppsNow, newSince: Date): DraftMessage {
  return newAppsMessage({ ...found, uses: usesOf(found.phones, 'app'), newSince });
}

export async function showApp(context: JobContext, found: AppsNow, typed: string): Promise<DraftMessage> {
  const match = findApp(found.phones, typed);
  if ('near' in match) return unknownApp(typed, match.near);
  const use = usesOf(found.phones, 'app').find(({ app }) => app?.key === match.app.key);
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
  return blockedMessage({ ...found, blocked: blockedOf(rules, found.phones), names });
}
