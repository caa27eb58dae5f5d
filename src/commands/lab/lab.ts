import { z } from 'zod';
import { advanceLab } from '../../exchange/lab/clock.ts';
import { changeLabPassword, labEdges, labPhonesNow, setLabEdge } from '../../exchange/lab/operations.ts';
import { day, hour, minute, second } from '../../ground/durations.ts';
import { text, time } from '../../message/text.ts';
import { PersonArgument, privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';
import { definePersonCommand } from '../targets.ts';

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

const units = { s: second, m: minute, h: hour, d: day } as const;
/** The lab catches up a week of contacts at most. */
const mostMs = 7 * day;

const Span = z
  .string()
  .trim()
  .regex(/^\d{1,5} ?(s|m|min|h|d)$/i, 'Say how far, as in 20m, 2h or 1d.')
  .transform((span) => Number.parseInt(span, 10) * units[unitOf(span)])
  .refine((ms) => ms <= mostMs, 'A week at most at a time.');

function unitOf(span: string): keyof typeof units {
  const unit = /[smhd]/i.exec(span)?.[0].toLowerCase();
  return unit === 'h' || unit === 'd' || unit === 's' ? unit : 'm';
}

export const labAdvanceCommand = defineCommand({
  id: 'lab-advance',
  topic: 'lab',
  patterns: ['lab advance <span...>'],
  examples: ['lab advance 20m', 'lab advance 4h'],
  args: z.object({ span: Span }),
  roles: ['user'],
  effect: 'change',
  summary: "Move the lab's clock forward, for every process",
  async run({ store }, { span }) {
    await advanceLab(store.db, span);
    return privateAnswer(`The lab's clock is ${Math.round(span / minute)} minutes further. Its phones catch up.`);
  },
});

export const labChangePasswordCommand = definePersonCommand({
  id: 'lab-change-password',
  topic: 'lab',
  patterns: ['lab change-password <person>', 'lab change password [of] <person>'],
  examples: ['lab change-password alice.ng'],
  args: z.object({ person: PersonArgument }),
  roles: ['user'],
  effect: 'change',
  summary: 'Change a lab password, so that none of the phones can log in any more',
  async run({ store, clock }, _args, person) {
    await changeLabPassword(store.db, clock, person.guid);
    return privateAnswer(`${person.displayName}'s password is changed. Their phones get 401 now and hear of no wipe.`);
  },
});

export const labEdgeCommand = defineCommand({
  id: 'lab-edge',
  topic: 'lab',
  patterns: ['lab edge <name> <seconds>'],
  examples: ['lab edge LB1 300', 'lab edge LB1 3600'],
  args: z.object({
    name: z.string().trim().min(1).max(50),
    seconds: z.coerce.number('Say the seconds, as in 300.').int().min(10).max(86_400),
  }),
  roles: ['user'],
  effect: 'change',
  summary: 'Set after how many seconds a lab edge closes idle connections',
  async run({ store }, { name, seconds }) {
    const edges = await labEdges(store.db);
    const edge = edges.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
    if (edge === undefined) {
      throw refusal(
        'no-such-edge',
        `The lab has no edge of that name. It has ${edges.map((one) => one.name).join(', ')}.`,
      );
    }
    await setLabEdge(store.db, edge.name, seconds);
    return privateAnswer(
      `${edge.name} closes idle connections after ${seconds} s from now on (before: ${edge.idleSeconds} s).`,
    );
  },
});
