import { z } from 'zod';
import { freshenLogs } from '../src/apps/freshen.ts';
import { keepLook } from '../src/heartbeat/looks.ts';
import { showHeartbeat } from '../src/heartbeat/show.ts';
import { takeLook } from '../src/heartbeat/take-look.ts';
import type { DraftMessage } from '../src/message/model.ts';
import { paragraph } from '../src/message/text.ts';
import { defineJob } from '../src/queue/job.ts';

export const readHeartbeat = defineJob({
  name: 'read-heartbeat',
  does: 'Looks at the heartbeats of every server now and answers who asked',
  lane: 'logs',
  payload: z.object({
    organisation: z.enum(['real', 'lab']),
    server: z.string().optional(),
    identity: z.string(),
    token: z.string(),
  }),
  // An answer that comes much later answers nobody.
  retryAfter: (failures) => (failures < 4 ? 5_000 * failures : undefined),
  async run(context, { organisation, server, identity, token }) {
    const { store, clock, policy } = context;
    const fresh = await freshenLogs(context, organisation);
    const servers = context.servers(organisation);
    const look = await takeLook({ db: store.db, servers, policy, organisation, now: clock.now() });
    await keepLook(store.db, organisation, look);
    const message = await showHeartbeat({
      db: store.db,
      log: context.log,
      look,
      organisation,
      ...(server === undefined ? {} : { server }),
      ...(fresh.stillReading ? { stillReading: true } : {}),
    });
    await store.change((change) => change.privately(identity, message, `heartbeat:${token}`));
  },
  async onGivenUp({ store }, { identity, token }) {
    const message: DraftMessage = {
      tone: 'danger',
      blocks: [paragraph('I could not look at the servers now. Ask again later, or say "heartbeat history".')],
    };
    await store.change((change) => change.privately(identity, message, `heartbeat:${token}`));
  },
});
