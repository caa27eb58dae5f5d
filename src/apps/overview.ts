/** Phones counted by app, or by one of the names they give themselves. Pure. */
import { distance } from 'fastest-levenshtein';
import type { App } from './app.ts';
import type { Phone } from './phones.ts';

export const dimensions = ['app', 'type', 'model', 'agent', 'os'] as const;
export type Dimension = (typeof dimensions)[number];

export type Use = {
  /** What the group is called: an app's name, a device type … */
  name: string;
  /** Set when the group is an app. */
  app?: App;
  people: number;
  phones: readonly Phone[];
  requests: number;
  firstSeen: Date | null;
  lastSeen: Date | null;
};

/** Groups, the one with most people first. A phone whose owner is not known counts as one person of its own. */
export function usesOf(phones: readonly Phone[], by: Dimension): Use[] {
  const groups = new Map<string, { name: string; app?: App; phones: Phone[] }>();
  for (const phone of phones) {
    const name = by === 'app' ? phone.app.name : phone.names[by] || 'not known';
    const key = by === 'app' ? phone.app.key : name;
    const group = groups.get(key) ?? { name, ...(by === 'app' ? { app: phone.app } : {}), phones: [] };
    groups.set(key, group);
    group.phones.push(phone);
  }
  return [...groups.values()]
    .map((group) => ({
      ...group,
      people: peopleOf(group.phones).length,
      requests: group.phones.reduce((sum, { usage }) => sum + usage.requests, 0),
      firstSeen: earliest(group.phones.map(({ firstSeen }) => firstSeen)),
      lastSeen: newest(group.phones.map(({ lastSeen }) => lastSeen)),
    }))
    .sort((one, other) => other.people - one.people || (one.name < other.name ? -1 : 1));
}

/** Each owner once, by name; accounts that name nobody as they were logged. */
export function peopleOf(phones: readonly Phone[]): { guid?: string; name: string; phones: Phone[] }[] {
  const people = new Map<string, { guid?: string; name: string; phones: Phone[] }>();
  for (const phone of phones) {
    const key = phone.owner?.guid ?? `account ${phone.account}`;
    const person = people.get(key) ?? {
      ...(phone.owner === null ? {} : { guid: phone.owner.guid }),
      name: phone.owner?.name ?? (phone.account || 'an account that is not known'),
      phones: [],
    };
    people.set(key, person);
    person.phones.push(phone);
  }
  return [...people.values()].sort((one, other) => one.name.localeCompare(other.name, 'en'));
}

/** A third-party or unknown app: what security asks about. */
export function isForeign(app: App): boolean {
  return app.kind === 'third-party' || app.kind === 'unknown';
}

/** Finds one app by what was typed: its name, or a device type or model that only one app's phones have. */
export function findApp(phones: readonly Phone[], typed: string): { app: App } | { near: string[] } {
  const wanted = typed.trim().toLowerCase();
  const apps = new Map(phones.map(({ app }) => [app.key, app]));
  for (const app of apps.values()) if (app.key === wanted || app.name.toLowerCase() === wanted) return { app };
  const byName = phones.filter(({ names }) =>
    [names.type, names.model, names.agent, ...names.strays].some((name) => name.toLowerCase() === wanted),
  );
  const found = [...new Map(byName.map(({ app }) => [app.key, app])).values()];
  if (found.length === 1 && found[0] !== undefined) return { app: found[0] };
  return {
    near: nearest(
      [...apps.values()].map(({ name }) => name),
      wanted,
    ),
  };
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

function earliest(dates: readonly (Date | null)[]): Date | null {
  return dates.reduce((first, at) => (first === null || (at !== null && at < first) ? at : first), null);
}

function newest(dates: readonly (Date | null)[]): Date | null {
  return dates.reduce((last, at) => (last === null || (at !== null && at > last) ? at : last), null);
}
