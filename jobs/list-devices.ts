import { z } from 'zod';
import { personByGuid } from '../src/directory/find.ts';
import { isOnline } from '../src/exchange/stored-capabilities.ts';
import { second } from '../src/ground/durations.ts';
import { devicesMessage } from '../src/incidents/devices/message.ts';
import { readDevices } from '../src/incidents/devices/read-facts.ts';
import { requestsOf } from '../src/incidents/incident/view.ts';
import { defineJob } from '../src/incidents/job.ts';
import { paragraph } from '../src/message/text.ts';

export const listDevicesJob = defineJob({
  name: 'list-devices',
  does: "Reads a person's devices from Exchange and answers privately",
  lane: 'exchange',
  payload: z.object({
    organisation: z.enum(['real', 'lab']),
    person: z.string(),
    identity: z.string(),
    token: z.string(),
  }),
  // An answer that comes much later answers nobody.
  retryAfter: (failures) => (failures < 4 ? 5 * second * failures : undefined),
  async run(context, { organisation, person: guid, identity, token }) {
    const person = await personByGuid(context.store.db, guid);
    if (person === undefined) return;
    const reading = await readDevices({ db: context.store.db, exchange: context.exchange(organisation) }, guid);
    const readAt = context.clock.now();
    const online = isOnline(await context.capabilities(organisation));
    const guids = reading.devices.map((device) => device.guid);
    const requests = await requestsOf(context.store.db, guids);
    const own = [...requests.own.values()].flat();
    const beingAsked = requests.asking;
    await context.store.change((change) =>
      change.privately(
        identity,
        devicesMessage({ person, reading, readAt, online, own, beingAsked }),
        `devices:${token}`,
      ),
    );
  },
  async onGivenUp(context, { identity, token }) {
    await context.store.change((change) =>
      change.privately(
        identity,
        {
          tone: 'danger',
          blocks: [paragraph('Exchange does not answer, so I cannot list the phones. Ask again later.')],
        },
        `devices:${token}`,
      ),
    );
  },
});
