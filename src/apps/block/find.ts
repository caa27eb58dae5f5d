import { type Kysely, sql } from 'kysely';
import type { Organisation } from '../../ground/identifiers.ts';
import type { Database } from '../../store/schema.ts';
import { type App, appOf } from '../app.ts';
import { findApp } from '../overview.ts';

/** Finds an app by its name among what Exchange lists and what the logs show, without counting anything: within a click's time. */
export async function findKnownApp(
  db: Kysely<Database>,
  organisation: Organisation,
  typed: string,
): Promise<{ app: App } | { near: string[] }> {
  const clients = await db
    .selectFrom('mobileDevice')
    .select(['deviceType', 'deviceModel', 'userAgent', sql.lit('').as('stray')])
    .where('organisation', '=', organisation)
    .where('gone', '=', false)
    .union(
      db
        .selectFrom('logClient')
        .select(['deviceType', 'model as deviceModel', 'userAgent', 'stray'])
        .where('organisation', '=', organisation)
        .where('anonymous', '=', false),
    )
    .execute();
  const findable = clients.map((client) => ({
    app: appOf(client),
    names: { type: client.deviceType, model: client.deviceModel, agent: client.userAgent, strays: [client.stray] },
  }));
  return findApp(findable, typed);
}
