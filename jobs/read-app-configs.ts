import { z } from 'zod';
import { denyStringsOf } from '../src/apps/block/preview.ts';
import { loadBlock } from '../src/apps/block/store.ts';
import { configsMessage } from '../src/apps/block/web-config.ts';
import { second } from '../src/ground/durations.ts';
import { defineJob } from '../src/incidents/job.ts';

export const readAppConfigsJob = defineJob({
  name: 'read-app-configs',
  does: 'Reads the web.config files of every server and answers where an app could be denied, and where not and why',
  lane: 'logs',
  payload: z.object({ block: z.number().int(), identity: z.string(), token: z.string() }),
  retryAfter: (failures) => (failures < 3 ? 5 * second : undefined),
  async run({ store, servers, clock }, { block: id, identity, token }) {
    const { block } = await loadBlock(store.db, id);
    const choice = await denyStringsOf(store.db, block, clock.now());
    const message = await configsMessage(servers(block.organisation), block, choice);
    await store.change((change) => change.privately(identity, message, `app-configs:${token}`));
  },
});
