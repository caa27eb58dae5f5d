import type { Kysely } from 'kysely';
import type { Organisation } from '../../ground/identifiers.ts';
import type { Database } from '../../store/schema.ts';
import { type App, appOf } from '../app.ts';
import { nearest } from '../overview.ts';

/** Finds an app by its name among what Exchange lists and what the logs show, without counting anything: within a click's time. */
export async function findKnownApp(
  db: Kysely<Database>,
  organisation: Organisation,
  typed: string,
): Promise<{ app: App } | { near: string[] }> {
  const devices = await db
    .selectFrom('mobileDevice')
    .select(['deviceType', 'deviceModel', 'userAgent'])
    .distinct()
    .where('organisation', '=', organisation)
    .where('gone', '=', false)
    .execute();
  const clients = await db
    .selectFrom('logClient')
    .select(['deviceType', 'model as deviceModel', 'userAgent', 'stray'])
    .distinct()
    .where('organisation', '=', organisation)
    .execute();
  const wanted = typed.trim().toLowerCase();
  const apps = new Map<string, App>();
  const byString = new Map<string, App>();
  for (const names of [...devices.map((device) => ({ ...device, stray: '' })), ...clients]) {
    const app = appOf(names);
    apps.set(app.key, app);
    if (Object.values(names).some((name) => name.toLowerCase() === wanted)) byString.set(app.key, app);
  }
  for (const app of apps.values()) if (app.key === wanted || app.name.toLowerCase() === wanted) return { app };
  const [only, ...others] = byString.values();
  if (only !== undefined && others.length === 0) return { app: only };
  return {
    near: nearest(
      [...apps.values()].map(({ name }) => name),
      wanted,
    ),
  };
}
