/** The answers to `apps`, `apps new` and `app <name>`: read what is new, join, draw, say. */
import { barsChart } from '../charts/bars.ts';
import { requestsPerDayAlt, requestsPerDayChart } from '../charts/requests-per-day.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { JobContext } from '../incidents/job.ts';
import type { DraftMessage } from '../message/model.ts';
import { paragraph } from '../message/text.ts';
import { blockedOf } from './blocked.ts';
import { appMessage, appsMessage, newAppsMessage, usageDays } from './cards/apps.ts';
import { blockedMessage } from './cards/blocked.ts';
import { drawn } from './drawn.ts';
import { type Freshness, freshenLogs } from './freshen.ts';
import { networksOf } from './networks.ts';
import { type Dimension, findApp, isForeign, type Use, usesOf } from './overview.ts';
import { loadPhones, type Phone } from './phones.ts';
import { type InventoryState, refreshInventory } from './refresh.ts';
import { requestsPerDay } from './usage.ts';

const day = 86_400_000;
const mostBars = 12;

export type AppsNow = { phones: Phone[]; inventory: InventoryState; freshness: Freshness; now: Date };

/** Everything as it is now: inventory, logs and both together. */
export async function appsNow(context: JobContext, organisation: Organisation): Promise<AppsNow> {
  const inventory = await refreshInventory(context, organisation);
  const freshness = await freshenLogs(context, organisation);
  const now = context.clock.now();
  const since = new Date(now.getTime() - usageDays * day);
  const phones = await loadPhones(context.store.db, { organisation, since });
  return { phones, inventory, freshness, now };
}

export async function showApps(
  context: JobContext,
  found: AppsNow,
  by: Dimension,
  newSince: Date,
  organisation: Organisation,
): Promise<DraftMessage> {
  const uses = usesOf(found.phones, by);
  const oddities = await context.store.db
    .selectFrom('logOddity')
    .select(({ fn }) => ['odd', 'text', fn.sum<string>('requests').as('requests')])
    .where('organisation', '=', organisation)
    .groupBy(['odd', 'text'])
    .orderBy('requests', 'desc')
    .execute();
  const chart =
    uses.length < 2
      ? undefined
      : await drawn(context.log, context.store.db, {
          spec: barsChart(
            uses.slice(0, mostBars).map((use) => ({ label: use.name, value: use.people, tone: toneOf(use) })),
            'people',
          ),
          alt: `People by ${by === 'app' ? 'mail app' : by}: ${uses
            .slice(0, mostBars)
            .map(({ name, people }) => `${name} ${people}`)
            .join(', ')}.`,
          now: found.now,
        });
  return appsMessage({
    ...found,
    uses,
    by,
    newSince,
    oddities: oddities.map((row) => ({ ...row, requests: Number(row.requests) })),
    chart,
  });
}

function toneOf({ app }: Use): 'good' | 'bad' | 'quiet' {
  if (app === undefined) return 'good';
  return app.kind === 'third-party' ? 'bad' : isForeign(app) ? 'quiet' : 'good';
}

export function showNewApps(found: AppsNow, newSince: Date): DraftMessage {
  return newAppsMessage({ ...found, uses: usesOf(found.phones, 'app'), newSince });
}

export async function showApp(context: JobContext, found: AppsNow, typed: string): Promise<DraftMessage> {
  const match = findApp(found.phones, typed);
  if ('near' in match) return unknownApp(typed, match.near);
  const use = usesOf(found.phones, 'app').find((candidate) => candidate.app?.key === match.app.key);
  if (use === undefined) return unknownApp(typed, []);
  const { store, log, policy } = context;
  const since = new Date(found.now.getTime() - (usageDays - 1) * day);
  const clientIds = use.phones.flatMap(({ clients }) => clients.map(({ id }) => id));
  const perDay = await requestsPerDay(store.db, { clientIds, since, until: found.now, timeZone: policy.timeZone });
  const chart = perDay.every(({ letIn, refused }) => letIn + refused === 0)
    ? undefined
    : await drawn(log, store.db, {
        spec: requestsPerDayChart(perDay),
        alt: requestsPerDayAlt(use.name, perDay),
        now: found.now,
      });
  const networks = networksOf(
    use.phones.flatMap(({ usage }) => usage.addresses),
    policy.networks,
  );
  return appMessage({ ...found, use, networks, chart });
}

export function unknownApp(typed: string, near: readonly string[]): DraftMessage {
  const guess = near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`;
  return {
    tone: 'neutral',
    blocks: [paragraph(`No phone here comes with an app called “${typed}”.${guess} Say "apps" for all of them.`)],
  };
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
