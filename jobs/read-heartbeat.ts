import { z } from 'zod';
import { second } from '../src/ground/durations.ts';
import { readNow, showHeartbeat } from '../src/heartbeat/show.ts';
import { defineJob } from '../src/incidents/job.ts';
import type { DraftMessage } from '../src/message/model.ts';
import { paragraph } from '../src/message/text.ts';

export const readHeartbeatJob = defineJob({
  name: 'read-heartbeat',
  does: 'Reads the heartbeats of every server now and answers the person who asked',
  lane: 'logs',
  payload: z.object({
    organisation: z.enum(['real', 'lab']),
    server: z.string().optional(),
    identity: z.string(),
    token: z.string(),
  }),
  // An answer that comes much later answers nobody.
  retryAfter: (failures) => (failures < 4 ? 5 * second * failures : undefined),
  async run(context, { organisation, server, identity, token }) {
    const { store, log } = context;
    const found = await readNow(context, organisation);
    const message = await showHeartbeat({ db: store.db, log, organisation, server, ...found });
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
