import { z } from 'zod';
import { labPhonesNow } from '../../exchange/lab/operations.ts';
import { text, time } from '../../message/text.ts';
import { defineCommand } from '../command.ts';

export const labDevicesCommand = defineCommand({
  id: 'lab-devices',
  topic: 'lab',
  patterns: ['lab devices'],
  examples: ['lab devices'],
  args: z.object({}),
  roles: ['user'],
  effect: 'read',
  summary: "The lab's phones, with what is special about each",
  async run({ store }) {
    const phones = await labPhonesNow(store.db);
    return {
      private: {
        title: "The lab's phones",
        tone: 'neutral',
        blocks: [
          {
            kind: 'table',
            columns: ['Owner', 'Phone', 'Status', 'Last sync', 'Special'],
            rows: phones.map((phone) => [
              text(phone.owner),
              text(phone.friendlyName === '' ? phone.deviceId : phone.friendlyName),
              text(phone.status),
              phone.lastSuccessSync === null ? text('never') : text(time(phone.lastSuccessSync)),
              text(phone.remarks.join(', ')),
            ]),
          },
        ],
      },
    };
  },
});
