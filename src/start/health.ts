import type { Registry } from 'prom-client';
import type { Exchange } from '../exchange/port.ts';
import { createAdminApp, listen } from '../http/server.ts';
import type { Queues } from '../queue/queues.ts';
import type { ProcessParts } from './parts.ts';

type HealthParts = Pick<ProcessParts, 'config' | 'db' | 'closing'> & {
  registry: Registry;
  queues: Queues;
  /** The Exchange that commands are about. */
  exchange: Exchange;
};

/** Opens health and metrics; answers their port. Only the store decides readiness: queue and Exchange are shown. */
export async function openHealth({ config, registry, db, queues, exchange, closing }: HealthParts): Promise<number> {
  const app = createAdminApp({
    registry,
    checks: [
      {
        name: 'store',
        required: true,
        check: async () => {
          await db.selectFrom('setting').select('key').limit(1).execute();
          return { ok: true, found: 'answers' };
        },
      },
      { name: 'queue', required: false, check: async () => awayOr(queues.awaySince()) },
      {
        name: 'exchange',
        required: false,
        check: async () => ({ ok: true, found: (await exchange.capabilities()).version }),
      },
    ],
  });
  const admin = await listen(app, config.ADMIN_HOST, config.ADMIN_PORT);
  closing.add('health and metrics', () => admin.stop());
  return admin.port;
}

function awayOr(since: Date | undefined): { ok: boolean; found: string } {
  return since === undefined
    ? { ok: true, found: 'answers' }
    : { ok: false, found: `away since ${since.toISOString()}` };
}
