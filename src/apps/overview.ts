/** Phones counted by app, or by one of the names they give themselves. Pure. */
import { distance } from 'fastest-levenshtein';
import { groupedBy } from '../ground/grouped.ts';
import { earliest, latest } from '../ground/instants.ts';
import type { App } from './app.ts';
import type { Phone } from './phones.ts';

export const dimensions = ['app', 'type', 'model', 'agent', 'os'] as const;
export type Dimension = (typeof dimensions)[number];

export type Use = {
  /** What the group is called: an app's name, a device type … */
  name: string;
  /** Set when the group is an app. */
  app: App | undefined;
  people: number;
  phones: readonly Phone[];
  requests: number;
  firstSeen: Date | null;
  lastSeen: Date | null;
};

/** Groups, the one with most people first. A phone whose owner is not known counts as one person of its own. */
export function usesOf(phones: readonly Phone[], by: Dimension): Use[] {
  const nameOf = ({ app, names }: Phone) => (by === 'app' ? app.name : names[by] || 'not known');
  const groups = groupedBy(phones, (phone) => (by === 'app' ? phone.app.key : nameOf(phone)));
  return [...groups.values()]
    .map((group) => ({
      name: nameOf(group[0]),
      app: by === 'app' ? group[0].app : undefined,
      phones: group,
      people: new Set(group.map(ownerKey)).size,
      requests: group.reduce((sum, { usage }) => sum + usage.requests, 0),
      firstSeen: earliest(group.map(({ firstSeen }) => firstSeen)),
      lastSeen: latest(group.map(({ lastSeen }) => lastSeen)),
    }))
    .sort((one, other) => other.people - one.people || (one.name < other.name ? -1 : 1));
}

function ownerKey({ owner, account }: Phone): string {
  return owner?.guid ?? `account ${account}`;
}

/** Each owner once, by name; accounts that name nobody as they were logged. */
export function peopleOf(phones: readonly Phone[]): { guid: string | undefined; name: string; phones: Phone[] }[] {
  return [...groupedBy(phones, ownerKey).values()]
    .map((group) => {
      const [{ owner, account }] = group;
      return { guid: owner?.guid, name: owner?.name ?? (account || 'an account that is not known'), phones: group };
    })
    .sort((one, other) => byName.compare(one.name, other.name));
}

/** Made once: `localeCompare` makes one for each two names. */
const byName = new Intl.Collator('en');

/** A third-party or unknown app: what security asks about. */
export function isForeign({ app }: { app: Pick<App, 'kind'> | undefined }): boolean {
  return app?.kind === 'third-party' || app?.kind === 'unknown';
}

/** What of a client an app can be found by. */
export type Findable = { app: App; names: Pick<Phone['names'], 'type' | 'model' | 'agent' | 'strays'> };

/** Finds one app by what was typed: its name, or a device type or model that only one app's phones have. */
export function findApp(clients: readonly Findable[], typed: string): { app: App } | { near: string[] } {
  const wanted = typed.trim().toLowerCase();
  const apps = clients.map(({ app }) => app);
  const named = apps.find(({ key, name }) => key === wanted || name.toLowerCase() === wanted);
  if (named !== undefined) return { app: named };
  const byString = clients.filter(({ names: { type, model, agent, strays } }) =>
    [type, model, agent, ...strays].some((name) => name.toLowerCase() === wanted),
  );
  const [only, ...others] = new Map(byString.map(({ app }) => [app.key, app])).values();
  if (only !== undefined && others.length === 0) return { app: only };
  return { near: nearest([...new Set(apps.map(({ name }) => name))], wanted) };
}

/** Names close to what was typed, at most three. */
export function nearest(names: readonly string[], wanted: string): string[] {
  return names
    .map((name) => ({ name, away: name.toLowerCase().startsWith(wanted) ? 0 : distance(name.toLowerCase(), wanted) }))
    .filter(({ away }) => away <= 3)
    .sort((one, other) => one.away - other.away)
    .slice(0, 3)
    .map(({ name }) => name);
}
