import { z } from 'zod';
import { setDeviceBlocked } from '../src/incidents/devices/device-changes.ts';
import { defineJob } from '../src/incidents/job.ts';

export const blockDeviceJob = defineJob({
  name: 'block-device',
  does: 'Blocks or unblocks one device and reads it back',
  lane: 'exchange',
  payload: z.object({
    incident: z.number().int(),
    device: z.number().int(),
    by: z.string(),
    approval: z.number().int().nullable(),
    blocked: z.boolean(),
  }),
  run: (context, payload) => setDeviceBlocked(context, payload, payload.blocked),
});
