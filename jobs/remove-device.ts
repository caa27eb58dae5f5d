import { z } from 'zod';
import { removeDevicePartnership } from '../src/incidents/devices/device-changes.ts';
import { defineJob } from '../src/incidents/job.ts';

export const removeDeviceJob = defineJob({
  name: 'remove-device',
  does: 'Removes a partnership from Exchange and reads it back',
  lane: 'wipes',
  payload: z.object({
    incident: z.number().int(),
    device: z.number().int(),
    by: z.string(),
    approval: z.number().int().nullable(),
  }),
  run: (context, payload) => removeDevicePartnership(context, payload),
});
