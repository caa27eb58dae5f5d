import { z } from 'zod';
import { doctorMessage } from '../src/doctor/table.ts';
import { second } from '../src/ground/durations.ts';
import { defineJob } from '../src/incidents/job.ts';

export const runDoctorJob = defineJob({
  name: 'run-doctor',
  does: 'Looks at everything that the bot needs and tells the admin who asked',
  lane: 'exchange',
  payload: z.object({ identity: z.string(), token: z.string() }),
  retryAfter: (failures) => (failures < 2 ? 5 * second : undefined),
  async run({ store, doctor }, { identity, token }) {
    const rows = (await doctor?.()) ?? [];
    await store.change((change) => change.privately(identity, doctorMessage(rows), `doctor:${token}`));
  },
});
